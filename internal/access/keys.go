package access

import "strings"

// conditionKeys are the condition keys that requests are given here, as far as
// they have a value for them. After "/…" the key goes on with that of a tag.
// docs/identities.md and docs/s3.md list the same.
var conditionKeys = []string{
	"aws:CurrentTime", "aws:Ec2InstanceSourcePrivateIPv4", "aws:Ec2InstanceSourceVpc", "aws:EpochTime", "aws:FederatedProvider",
	"aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:PrincipalAccount", "aws:PrincipalArn",
	"aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:PrincipalTag/…",
	"aws:PrincipalType", "aws:Referer", "aws:RequestTag/…", "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceTag/…",
	"aws:SecureTransport", "aws:SourceAccount", "aws:SourceArn", "aws:SourceIdentity", "aws:SourceIp", "aws:SourceOrgID",
	"aws:SourceOwner", "aws:SourceVpc", "aws:SourceVpce", "aws:TagKeys", "aws:TokenIssueTime", "aws:UserAgent",
	"aws:ViaAWSService", "aws:VpcSourceIp", "aws:VpceAccount", "aws:userid", "aws:username",

	"autoscaling:ResourceTag/…", "ecs:ResourceTag/…", "elasticloadbalancing:ResourceTag/…",

	"ec2:CreateAction", "ec2:InstanceType", "ec2:MetadataHttpTokens", "ec2:ResourceTag/…", "ec2:RoleDelivery",
	"ec2:SourceInstanceARN", "ec2:Tenancy",

	"iam:AWSServiceName", "iam:PassedToService", "iam:PermissionsBoundary", "iam:PolicyARN", "iam:ResourceTag/…",

	"s3:ResourceAccount", "s3:TlsVersion", "s3:VersionId", "s3:authType", "s3:delimiter", "s3:if-match", "s3:if-none-match",
	"s3:locationconstraint", "s3:max-keys", "s3:object-lock-legal-hold", "s3:object-lock-mode", "s3:prefix", "s3:signatureAge",
	"s3:signatureversion", "s3:x-amz-acl", "s3:x-amz-content-sha256", "s3:x-amz-copy-source", "s3:x-amz-grant-full-control",
	"s3:x-amz-grant-read", "s3:x-amz-grant-read-acp", "s3:x-amz-grant-write", "s3:x-amz-grant-write-acp",
	"s3:x-amz-metadata-directive", "s3:x-amz-object-ownership", "s3:x-amz-server-side-encryption",
	"s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-server-side-encryption-customer-algorithm",
	"s3:x-amz-storage-class", "s3:x-amz-website-redirect-location",

	"saml:aud", "saml:doc", "saml:iss", "saml:namequalifier", "saml:sub", "saml:sub_type",

	"sns:Endpoint", "sns:Protocol",

	"sts:ExternalId", "sts:RoleSessionName", "sts:SourceIdentity", "sts:TransitiveTagKeys",
}

// KnownKey reports whether requests are ever given a condition key: a condition on
// another asks for what nobody has. The case of the key is of no matter. Claims of
// an identity provider's tokens are under its host name.
func KnownKey(key string) bool {
	key = strings.ToLower(key)
	if vendor, _, _ := strings.Cut(key, ":"); strings.Contains(vendor, ".") {
		return true
	}
	for _, known := range conditionKeys {
		prefix, tags := strings.CutSuffix(strings.ToLower(known), "…")
		if key == prefix && !tags || tags && strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}
