package awsapi

import "slices"

// sharedWire lists services that sign with one name and have operations of the
// same name at the same place, with the service that a request is taken for
// where the host is not AWS's own. What is decoded is the same either way.
var sharedWire = map[string][]string{
	"docdb":      {"rds"}, // DocumentDB and Neptune are RDS on the wire, by version too
	"neptune":    {"rds"},
	"wisdom":     {"qconnect"}, // renamed
	"sms-voice":  {"pinpoint-sms-voice"},
	"chime":      {"chime-sdk-voice"}, // moved there
	"greengrass": {"greengrassv2"},    // the role of an account is for both
	// Tags of resources whose ARN tells whose they are.
	"lex-models":                {"lexv2-models"},
	"ivs-realtime":              {"ivs"},
	"chime-sdk-voice":           {"chime-sdk-identity"},
	"chime-sdk-messaging":       {"chime-sdk-identity"},
	"chime-sdk-meetings":        {"chime-sdk-identity"},
	"chime-sdk-media-pipelines": {"chime-sdk-identity"},
	"bedrock-data-automation":   {"bedrock"},
	"bedrock-agent-runtime":     {"bedrock-agent"},
	"timestream-write":          {"timestream-query"}, // DescribeEndpoints too
	"signer-data":               {"signer"},           // GetRevocationStatus
}

// mayBeTaken reports whether nothing on the wire tells a request for one
// operation from a request for the other.
func mayBeTaken(sent, found *Operation) bool {
	if sent.Service == found.Service {
		return twins[sent.Service.ID][sent.Name] == found.Name
	}
	if sent.Service.ID == "lex-models" && sent.Name == "StartImport" { // POST /imports/ is a list in Lex V2
		return found.Service.ID == "lexv2-models" && found.Name == "ListImports"
	}
	return sent.Name == found.Name && slices.Contains(sharedWire[sent.Service.ID], found.Service.ID)
}
