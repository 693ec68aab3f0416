package awsapi

import (
	"bytes"
	"net"
	"strings"
)

// S3's own conventions, which its model does not have.

// path is the request's path as the templates have it: with the bucket in it,
// though it may have been sent in the host's name, and without the path that is
// a part of the service's endpoint.
func (f *Found) path(r *Request) string {
	if f.Service == nil {
		return r.Path
	}
	if base := endpointPaths[f.Service.ID]; base != "" {
		if rest, ok := strings.CutPrefix(r.Path, base); ok && strings.HasPrefix(rest, "/") {
			return rest
		}
		return r.Path
	}
	if f.Service.ID != "s3" {
		return r.Path
	}
	if bucket := bucketOfHost(r.Host); bucket != "" {
		return "/" + bucket + r.Path
	}
	return r.Path
}

// endpointPaths are the paths of endpoints that have one, by the services'
// endpoint rules.
var endpointPaths = map[string]string{"geo-maps": "/v2", "geo-routes": "/v2"}

// bucketOfHost returns the bucket that a virtual host names:
// bucket.s3.eu-west-1.amazonaws.com, bucket.s3.localhost.localstack.cloud,
// bucket.s3-accelerate.amazonaws.com, bucket.localhost. A bucket's name may have
// dots in it.
func bucketOfHost(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if bucket, ok := strings.CutSuffix(host, ".localhost"); ok && !isS3Label(bucket) {
		if inner := bucketBeforeS3(bucket); inner != "" {
			return inner
		}
		return bucket
	}
	return bucketBeforeS3(host)
}

func bucketBeforeS3(host string) string {
	labels := strings.Split(host, ".")
	for i := len(labels) - 1; i > 0; i-- {
		if isS3Label(labels[i]) {
			return strings.Join(labels[:i], ".")
		}
	}
	return ""
}

// isS3Label reports whether a label of a host's name is S3's: s3, and names like
// s3-us-west-2, s3-accelerate, s3-accesspoint, s3express-use1-az4.
func isS3Label(label string) bool {
	return label == "s3" || strings.HasPrefix(label, "s3-") || strings.HasPrefix(label, "s3express-")
}

// isLateError reports whether an answer that began as a success is an error. S3
// sends the status of a copy or a completed upload before it has done the work.
func isLateError(body []byte) bool {
	if rest, ok := bytes.CutPrefix(body, []byte("<?xml")); ok {
		_, body, _ = bytes.Cut(rest, []byte("?>"))
	}
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<Error>"))
}

// s3Roots are the root elements of S3's answers, from the trait xmlName of S3's
// Smithy model, which botocore's models lack. Clients do not look at them.
var s3Roots = map[string]string{
	"CompleteMultipartUpload":                    "CompleteMultipartUploadResult",
	"CreateMultipartUpload":                      "InitiateMultipartUploadResult",
	"CreateSession":                              "CreateSessionResult",
	"DeleteObjects":                              "DeleteResult",
	"GetBucketAccelerateConfiguration":           "AccelerateConfiguration",
	"GetBucketAcl":                               "AccessControlPolicy",
	"GetBucketCors":                              "CORSConfiguration",
	"GetBucketLifecycle":                         "LifecycleConfiguration",
	"GetBucketLifecycleConfiguration":            "LifecycleConfiguration",
	"GetBucketLocation":                          "LocationConstraint",
	"GetBucketLogging":                           "BucketLoggingStatus",
	"GetBucketNotification":                      "NotificationConfiguration",
	"GetBucketNotificationConfiguration":         "NotificationConfiguration",
	"GetBucketRequestPayment":                    "RequestPaymentConfiguration",
	"GetBucketTagging":                           "Tagging",
	"GetBucketVersioning":                        "VersioningConfiguration",
	"GetBucketWebsite":                           "WebsiteConfiguration",
	"GetObjectAcl":                               "AccessControlPolicy",
	"GetObjectAttributes":                        "GetObjectAttributesResponse",
	"GetObjectTagging":                           "Tagging",
	"ListBucketAnalyticsConfigurations":          "ListBucketAnalyticsConfigurationResult",
	"ListBucketIntelligentTieringConfigurations": "ListBucketIntelligentTieringConfigurationsOutput",
	"ListBucketInventoryConfigurations":          "ListInventoryConfigurationsResult",
	"ListBucketMetricsConfigurations":            "ListMetricsConfigurationsResult",
	"ListBuckets":                                "ListAllMyBucketsResult",
	"ListDirectoryBuckets":                       "ListAllMyDirectoryBucketsResult",
	"ListMultipartUploads":                       "ListMultipartUploadsResult",
	"ListObjectVersions":                         "ListVersionsResult",
	"ListObjects":                                "ListBucketResult",
	"ListObjectsV2":                              "ListBucketResult",
	"ListParts":                                  "ListPartsResult",
}

// outputRoot is the root element of an answer whose body is its members.
func outputRoot(op *Operation) Member {
	root := Member{
		Name: op.Output.Name, Shape: op.Output, LocationName: op.Output.LocationName,
		NamespaceURI: op.Service.XMLNamespace,
	}
	if op.Service.ID == "s3" && s3Roots[op.Name] != "" {
		root.LocationName = s3Roots[op.Name]
	}
	return root
}
