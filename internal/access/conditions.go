package access

import (
	"iter"
	"strings"
)

// requestKeys are the condition keys of services' own that say what stands in a
// request, by the member that they are the value of ("Actions, resources, and
// condition keys" in the Service Authorization Reference).
var requestKeys = map[string]map[string]string{
	"ec2": { // what RunInstances asks for
		"ec2:instancetype":       "InstanceType",
		"ec2:metadatahttptokens": "MetadataOptions.HttpTokens",
		"ec2:tenancy":            "Placement.Tenancy",
	},
	"iam": {
		"iam:awsservicename": "AWSServiceName",
		"iam:policyarn":      "PolicyArn",
	},
	"sns": {
		"sns:endpoint": "Endpoint",
		"sns:protocol": "Protocol",
	},
	"s3": {
		"s3:delimiter":                                       "Delimiter",
		"s3:if-match":                                        "IfMatch",
		"s3:if-none-match":                                   "IfNoneMatch",
		"s3:locationconstraint":                              "CreateBucketConfiguration.LocationConstraint",
		"s3:max-keys":                                        "MaxKeys",
		"s3:object-lock-legal-hold":                          "ObjectLockLegalHoldStatus",
		"s3:object-lock-mode":                                "ObjectLockMode",
		"s3:prefix":                                          "Prefix",
		"s3:versionid":                                       "VersionId",
		"s3:x-amz-acl":                                       "ACL",
		"s3:x-amz-copy-source":                               "CopySource",
		"s3:x-amz-grant-full-control":                        "GrantFullControl",
		"s3:x-amz-grant-read":                                "GrantRead",
		"s3:x-amz-grant-read-acp":                            "GrantReadACP",
		"s3:x-amz-grant-write":                               "GrantWrite",
		"s3:x-amz-grant-write-acp":                           "GrantWriteACP",
		"s3:x-amz-metadata-directive":                        "MetadataDirective",
		"s3:x-amz-object-ownership":                          "ObjectOwnership",
		"s3:x-amz-server-side-encryption":                    "ServerSideEncryption",
		"s3:x-amz-server-side-encryption-aws-kms-key-id":     "SSEKMSKeyId",
		"s3:x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
		"s3:x-amz-storage-class":                             "StorageClass",
		"s3:x-amz-website-redirect-location":                 "WebsiteRedirectLocation",
	},
}

// connectionKeys are those that say how a request came. Whoever reads it sets
// them.
var connectionKeys = map[string]bool{
	"s3:authtype": true, "s3:signatureage": true, "s3:signatureversion": true, "s3:resourceaccount": true,
	"s3:x-amz-content-sha256": true, "s3:tlsversion": true,
}

// passedTo are the services that get a role which is passed, by the service that
// it is passed with: the values of iam:PassedToService.
var passedTo = map[string]string{
	"autoscaling": "ec2.amazonaws.com",
	"cloudtrail":  "cloudtrail.amazonaws.com",
	"ec2":         "ec2.amazonaws.com",
	"ecs":         "ecs-tasks.amazonaws.com",
	"events":      "events.amazonaws.com",
	"iam":         "ec2.amazonaws.com", // in an instance profile
	"lambda":      "lambda.amazonaws.com",
}

// PassedTo is the service that gets a role which is passed in a call of the
// service with the id; "" where it is not known.
func PassedTo(id string) string { return passedTo[id] }

// HasKey reports whether requests are given a condition key that is a service's
// own, as far as they have a value for it. The case of the key is of no matter.
func HasKey(key string) bool {
	key = strings.ToLower(key)
	vendor, _, _ := strings.Cut(key, ":")
	return requestKeys[vendor][key] != "" || connectionKeys[key]
}

// Keys yields the condition keys of a service's own with the values that a
// request has for them. prefix is that of the service's actions, and params are
// as package awsapi has them.
func Keys(prefix string, params map[string]any) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for key, member := range requestKeys[prefix] {
			values := lookup(params, strings.Split(member, "."))
			if params[member] == "" {
				values = []string{""} // given, and empty: the prefix of all keys
			}
			for _, value := range values {
				if !yield(key, value) {
					return
				}
			}
		}
	}
}
