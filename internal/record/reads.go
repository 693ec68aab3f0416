package record

import (
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// readPrefixes begin the names of operations that change nothing.
var readPrefixes = []string{"Get", "List", "Describe", "Head", "Lookup", "BatchGet"}

// readOnlyExceptions are the operations whose readOnly the prefixes get wrong,
// by service id.
var readOnlyExceptions = map[string]map[string]bool{
	"dynamodb": {
		"Query": true, "Scan": true, "TransactGetItems": true, // doc: DynamoDB guide, data events
	},
	"iam": {"SimulatePrincipalPolicy": true, "SimulateCustomPolicy": true},
	// doc: KMS guide, a sample record of each
	"kms": {
		"Decrypt": true, "Encrypt": true, "ReEncrypt": true, "GenerateDataKey": true,
		"GenerateDataKeyPair": true, "GenerateDataKeyPairWithoutPlaintext": true,
		"GenerateDataKeyWithoutPlaintext": true, "GenerateRandom": true,
		"GenerateMac": true, "VerifyMac": true, "Sign": true, "Verify": true,
		"DeriveSharedSecret": true,
	},
	"s3": {"SelectObjectContent": true},
	"sts": {
		"AssumeRole": true, "AssumeRoleWithSAML": true, "AssumeRoleWithWebIdentity": true,
		"GetSessionToken":    false, // 7b72a207
		"GetFederationToken": false, // e7b87da5
	},
}

// ReadOnly reports whether an operation is recorded as one that changes
// nothing. An unknown operation is not.
func (b *Builder) ReadOnly(op *awsapi.Operation) bool {
	return op != nil && readOnlyName(op.Service.ID, op.Name)
}

func readOnlyName(service, name string) bool {
	if readOnly, ok := readOnlyExceptions[service][name]; ok {
		return readOnly
	}
	for _, p := range readPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
