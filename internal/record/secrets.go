package record

import (
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// secrecy is what stands in a record for a member: "" for the member itself,
// else the mark that replaces it.
type secrecy string

// What CloudTrail puts in place of a secret, by service.
const (
	kept    secrecy = ""
	removed secrecy = "<sensitiveDataRemoved>"
	hidden  secrecy = "HIDDEN_DUE_TO_SECURITY_REASONS"
	stars   secrecy = "****"
	// dropped members do not appear at all.
	dropped secrecy = "\x00"
)

// secretNames are names that mean a secret in whatever service they occur, even
// where its model does not call them sensitive. A service's own rows come
// first.
var secretNames = map[string]secrecy{
	"authToken":       hidden,
	"clientSecret":    hidden,
	"preSharedKey":    hidden,
	"privateKey":      hidden,
	"secretAccessKey": dropped,
	"secretBinary":    dropped,
	"secretKey":       hidden,
	"secretString":    dropped,
}

// serviceSecrets are a service's rows, by service id and by the model's name of
// the member. A member that neither a row nor secretNames names is hidden when
// the model calls its shape sensitive or its name ends in "password", and else
// kept.
var serviceSecrets = map[string]map[string]secrecy{
	"ec2": {
		"UserData":                     removed, // 8311ce18 ModifyInstanceAttribute; launch templates, spot, imports: P
		"KeyMaterial":                  removed, // 28e1b9c3 CreateKeyPair
		"CustomerGatewayConfiguration": removed, // c19e8892 CreateVpnConnection
		"PreSharedKey":                 removed, // P
		"ClientSecret":                 removed, // P
		"PasswordData":                 removed, // P
		"UploadPolicySignature":        removed, // P
		"MacCredentials":               removed, // P
		"PresignedUrl":                 kept,    // ef693a66 CopySnapshot
		"ImportManifestUrl":            kept,    // presigned, as above: P
		"Url":                          kept,    // presigned, as above: P
		"TunnelOptions":                kept,    // its PreSharedKey is removed
		"LaunchSpecification":          kept,    // its UserData is removed
		"Description":                  kept,    // ReportInstanceStatus
	},
	"autoscaling": {
		"UserData": removed, // e83048f7 CreateLaunchConfiguration
	},
	"iam": {
		"Password":                dropped, // d3906a7d CreateLoginProfile
		"OldPassword":             dropped, // ChangePassword: P
		"NewPassword":             dropped,
		"SecretAccessKey":         dropped, // c64c4ded CreateAccessKey
		"PrivateKey":              dropped, // UploadServerCertificate: P
		"AddPrivateKey":           dropped,
		"ServicePassword":         dropped,
		"ServiceCredentialSecret": dropped,
		"Base32StringSeed":        dropped,
		"QRCodePNG":               dropped,
		"AuthenticationCode1":     dropped,
		"AuthenticationCode2":     dropped,
	},
	"sts": {
		"SecretAccessKey":  dropped, // 522949b1 AssumeRole
		"SAMLAssertion":    dropped, // doc: IAM user guide, CloudTrail integration, AssumeRoleWithSAML
		"WebIdentityToken": dropped, // doc: same page, AssumeRoleWithWebIdentity
		"TradeInToken":     dropped, // P
		"TokenCode":        dropped, // P
		"SessionToken":     kept,    // 522949b1
	},
	"ecs": {
		// Container definitions are kept whole (e5e0a357).
		"environment":           kept,
		"repositoryCredentials": kept, // the ARN of a secret
		"tokenValue":            hidden,
	},
	"sns": {
		"PhoneNumber":       hidden, // P
		"phoneNumber":       hidden,
		"Endpoint":          hidden, // Subscribe: Elastic's hunting query about its events takes "endpoint" for redacted
		"Token":             hidden, // ConfirmSubscription: P
		"Message":           hidden, // doc: SNS guide, Publish data event bb3496d4
		"Subject":           hidden,
		"MessageAttributes": hidden,
	},
	// The secrets of connections are sensitive in the model: P.
	"events": {"Detail": hidden}, // doc: EventBridge guide, PutEvents data event
	"kms": {
		// doc: KMS guide, "Logging AWS KMS API calls": neither plaintext nor ciphertext is recorded.
		"Plaintext":                dropped,
		"CiphertextBlob":           dropped,
		"CiphertextForRecipient":   dropped,
		"PrivateKeyPlaintext":      dropped,
		"PrivateKeyCiphertextBlob": dropped,
		"PublicKey":                dropped,
		"SharedSecret":             dropped,
		"Message":                  dropped,
		"Signature":                dropped,
		"Mac":                      dropped,
		"EncryptedKeyMaterial":     dropped,
		"ImportToken":              dropped,
		"KeyStorePassword":         dropped,
	},
	"lambda": {
		"ZipFile":       dropped, // doc: Lambda guide, CreateFunction20150331
		"Variables":     dropped, // doc: same sample, "environment":{}
		"Payload":       dropped, // doc: Lambda guide, Invoke data event
		"ClientContext": dropped,
	},
	"dynamodb": {
		// doc: DynamoDB guide, data events: keys only, no item values.
		"Item": dropped, "Items": dropped, "Attributes": dropped,
		"ExpressionAttributeValues": hidden, "AttributeUpdates": hidden, "Expected": hidden,
		"ScanFilter": hidden, "QueryFilter": hidden, "KeyConditions": hidden,
		"Statement": hidden, "Parameters": hidden, "Statements": hidden,
		"TransactStatements": hidden,
	},
	"secretsmanager": {
		"SecretString": dropped, "SecretBinary": dropped, // doc: Secrets Manager guide, CloudTrail
		"RotationToken": dropped, "RandomPassword": dropped,
	},
	"ssm": {
		"Value": hidden, // b8f28767 PutParameter
	},
	"sqs": {
		"MessageBody":       hidden, // doc: SQS guide, SendMessage data event 98c735d8
		"MessageAttributes": hidden, "MessageSystemAttributes": hidden, "Body": hidden,
	},
	"pinpoint-sms-voice-v2": {"MessageBody": hidden}, // doc: End User Messaging guide, SendTextMessage
	"kinesis":               {"Data": dropped},
	"cloudformation":        {"ParameterValue": dropped},      // may be one that the template calls NoEcho: P
	"glue":                  {"ConnectionProperties": hidden}, // hold PASSWORD: P
	"rds": {
		"MasterUserPassword": stars, "TdeCredentialPassword": stars, // published CreateDBInstance records of 2018 and later
		"PreSignedUrl": kept,
	},
	"redshift": {"MasterUserPassword": stars},
	"neptune":  {"MasterUserPassword": stars, "TdeCredentialPassword": stars},
	"docdb":    {"MasterUserPassword": stars},
	"s3": {
		"SSECustomerKey": dropped, "CopySourceSSECustomerKey": dropped,
		// Names of keys, not keys (9d02c825 PutObject).
		"SSEKMSKeyId": kept, "KMSMasterKeyID": kept, "KMSKeyId": kept, "KMSKeyArn": kept, "KeyId": kept,
		"SSEKMSEncryptionContext": kept,
		"SecretAccessKey":         dropped, "SessionToken": dropped,
	},
}

// secret says what stands for a member in a record of the service.
func (r *serviceRules) secret(m *awsapi.Member) secrecy {
	if s, ok := r.secrets[m.Name]; ok {
		return s
	}
	if m.Shape.Sensitive || m.Shape.Kind == awsapi.String && endsInPassword(m.Name) {
		return r.mark
	}
	return kept
}

func endsInPassword(name string) bool {
	const word = "password"
	return len(name) >= len(word) && strings.EqualFold(name[len(name)-len(word):], word)
}
