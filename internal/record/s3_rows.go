package record

// s3Names are S3's event names that are not the operation's.
var s3Names = map[string]string{
	"DeletePublicAccessBlock":                    "DeleteBucketPublicAccessBlock",
	"GetBucketAccelerateConfiguration":           "GetAccelerateConfiguration",               // 4130c739
	"GetBucketLifecycleConfiguration":            "GetBucketLifecycle",                       // 8a9a850c
	"GetBucketNotificationConfiguration":         "GetBucketNotification",                    // 9fd1a294
	"GetObjectLockConfiguration":                 "GetBucketObjectLockConfiguration",         // 61dccfc5
	"GetPublicAccessBlock":                       "GetBucketPublicAccessBlock",               // 163b7f86
	"ListBucketAnalyticsConfigurations":          "GetBucketAnalyticsConfiguration",          // 1e211157: no id
	"ListBucketIntelligentTieringConfigurations": "GetBucketIntelligentTieringConfiguration", // 221b2571: no id
	"ListBucketInventoryConfigurations":          "GetBucketInventoryConfiguration",          // b55af451: no id
	"ListBucketMetricsConfigurations":            "GetBucketMetricsConfiguration",            // P
	"ListObjectsV2":                              "ListObjects",                              // 23e3213c
	"PutBucketAccelerateConfiguration":           "PutAccelerateConfiguration",
	"PutBucketLifecycleConfiguration":            "PutBucketLifecycle", // 6f0cd01f
	"PutBucketNotificationConfiguration":         "PutBucketNotification",
	"PutObjectLockConfiguration":                 "PutBucketObjectLockConfiguration", // P
	"PutPublicAccessBlock":                       "PutBucketPublicAccessBlock",       // 73cb4274
}

// s3controlNames are those of the account's API, which shares the source.
var s3controlNames = map[string]string{
	"DeletePublicAccessBlock": "DeleteAccountPublicAccessBlock",
	"GetPublicAccessBlock":    "GetAccountPublicAccessBlock", // 3c17dac8
	"PutPublicAccessBlock":    "PutAccountPublicAccessBlock",
}

// s3PathNames are the names of members of the path.
var s3PathNames = map[string]string{"Bucket": "bucketName", "Key": "key"}

// s3Documents are bodies that are JSON documents, by member.
var s3Documents = map[string]string{"Policy": "bucketPolicy"} // ba0bcf69

// s3Bodiless are operations whose body is not recorded.
var s3Bodiless = set("DeleteObjects") // 851c2291

// s3Unrecorded are members that are not recorded.
var s3Unrecorded = set(
	"AccountId",           // 3c17dac8: it is in the host name
	"ConfigId",            // fbe4ef2e
	"ExpectedBucketOwner", // P
	"ChecksumAlgorithm",   // P
)

// s3UnrecordedHeaders begin the names of headers that are not recorded.
var s3UnrecordedHeaders = []string{
	"x-amz-checksum-", "x-amz-sdk-", "x-amz-object-size", "x-amz-request-charged", "x-amz-bucket-region",
}

const s3GrantPrefix = "x-amz-grant-"

// s3PresignedQuery are the parts of a presigned URL that are recorded. The
// signature, the credential and the token are not.
var s3PresignedQuery = []string{"X-Amz-Algorithm", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"}

// s3Encryptions are the names of encryptions in SSEApplied.
var s3Encryptions = map[string]string{
	"AES256":       "SSE_S3",
	"aws:kms":      "SSE_KMS", // 9d02c825
	"aws:kms:dsse": "DSSE_KMS",
}

// s3HeadErrors are what is recorded of a refused HEAD. Its answer has no body, so
// that the client, and Cairn in front of an upstream, sees the status alone.
var s3HeadErrors = []struct{ op, seen, code, message string }{
	{"HeadBucket", "Forbidden", "AccessDenied", "Access Denied"},                      // f4745879
	{"HeadObject", "Forbidden", "AccessDenied", "Access Denied"},                      // P
	{"HeadBucket", "NotFound", "NoSuchBucket", "The specified bucket does not exist"}, // P
	{"HeadObject", "NotFound", "NoSuchKey", "The specified key does not exist."},      // P
}
