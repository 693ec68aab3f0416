package awsapi

import "cmp"

// otherSigners are names in credential scopes that are no service's own, or are
// shared with one that has another.
var otherSigners = map[string][]string{
	// S3's endpoint rules: directory buckets, Outposts, Object Lambda.
	"s3express":        {"s3", "s3control"},
	"s3-outposts":      {"s3outposts", "s3", "s3control"},
	"s3-object-lambda": {"s3"},
	// Import/Export's endpoint rules.
	"IngestionService": {"importexport"},
	// SDKs before 2020 signed for the endpoint's name.
	"email": {"ses", "sesv2"},
}

// unsignedREST are the REST services with operations that need no signature.
var unsignedREST = []string{"sso", "sso-oidc", "signin"}

// preferred orders services that sign with one name and have operations that
// nothing else tells apart, unless the host is AWS's: the lowest number is taken.
var preferred = map[string]int{
	// Neptune and DocumentDB are RDS in a request, and in CloudTrail, which
	// records rds.amazonaws.com for all three.
	"docdb": 2, "neptune": 1,
	// The successor has the same paths and more members.
	"wisdom": 1, "chime": 1, "sms-voice": 1, "greengrass": 1, "lex-models": 1,
}

func byPreference(a, b *Service) int { return cmp.Compare(preferred[a.ID], preferred[b.ID]) }

// twins are operations that cannot be told from another of the same service by
// their requests, with the operation that a request is taken for instead.
var twins = map[string]map[string]string{
	"s3": {
		// Deprecated forms, whose shapes are a part of their successors'.
		"GetBucketLifecycle":    "GetBucketLifecycleConfiguration",
		"PutBucketLifecycle":    "PutBucketLifecycleConfiguration",
		"GetBucketNotification": "GetBucketNotificationConfiguration",
		"PutBucketNotification": "PutBucketNotificationConfiguration",
		// Told apart by the signature, see express.
		"ListDirectoryBuckets": "ListBuckets",
	},
}

func isLesserTwin(op *Operation) bool { return twins[op.Service.ID][op.Name] != "" }
