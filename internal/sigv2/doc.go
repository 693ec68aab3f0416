// Package sigv2 verifies S3 URLs that are presigned with AWS Signature Version 2.
//
// It exists because clients still make them: for an endpoint that is not AWS's
// own, "aws s3 presign" and boto3's generate_presigned_url choose Version 2
// unless they are told otherwise. Nothing else of Version 2 is taken. The header
// form ("Authorization: AWS key:signature") and the version that other services
// had (SignatureVersion=2) are refused by package sigv4.
//
// Version 2 signs the method, the bucket and key, the sub-resource, the x-amz-
// headers, Content-Type, Content-MD5 and the time at which the URL expires, with
// HMAC-SHA1. It signs neither the body nor the other parameters of the query,
// so a parameter that selects an operation must be among those that are signed:
// see subresources.
package sigv2
