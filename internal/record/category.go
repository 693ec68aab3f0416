package record

import (
	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
)

// dataEvents are the operations that CloudTrail counts as data events, by
// service id: they touch what a resource holds, not the resource. Source: the
// CloudTrail guide, "Logging data events", and for the operations of each
// resource type the service's own page on CloudTrail.
var dataEvents = map[string]map[string]bool{
	"s3": set("AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload",
		"CreateSession", "DeleteObject", "DeleteObjectTagging", "DeleteObjects", "GetObject", "GetObjectAcl",
		"GetObjectAttributes", "GetObjectLegalHold", "GetObjectRetention", "GetObjectTagging",
		"GetObjectTorrent", "HeadBucket", "HeadObject", "ListMultipartUploads", "ListObjectVersions",
		"ListObjects", "ListObjectsV2", "ListParts", "PutObject", "PutObjectAcl", "PutObjectLegalHold",
		"PutObjectRetention", "PutObjectTagging", "RenameObject", "RestoreObject", "SelectObjectContent",
		"UpdateObjectEncryption", "UploadPart", "UploadPartCopy", "WriteGetObjectResponse"),
	"lambda": set("Invoke", "InvokeAsync", "InvokeWithResponseStream"),
	"dynamodb": set("BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "DeleteItem", "ExecuteStatement",
		"ExecuteTransaction", "GetItem", "PutItem", "Query", "Scan", "TransactGetItems", "TransactWriteItems",
		"UpdateItem"),
	"dynamodbstreams": set("GetRecords", "GetShardIterator"),
	"sqs": set("ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "DeleteMessage", "DeleteMessageBatch",
		"ReceiveMessage", "SendMessage", "SendMessageBatch"),
	"sns":              set("Publish", "PublishBatch"),
	"events":           set("PutEvents", "PutPartnerEvents"),
	"kinesis":          set("GetRecords", "GetShardIterator", "PutRecord", "PutRecords", "SubscribeToShard"),
	"ebs":              set("GetSnapshotBlock", "ListChangedBlocks", "ListSnapshotBlocks", "PutSnapshotBlock"),
	"cognito-identity": set("GetCredentialsForIdentity", "GetId", "GetOpenIdToken", "GetOpenIdTokenForDeveloperIdentity", "UnlinkIdentity"),
	"cloudtrail-data":  set("PutAuditEvents"),

	"appconfigdata": set("GetLatestConfiguration", "StartConfigurationSession"),
	"bedrock-agent-runtime": set("InvokeAgent", "InvokeFlow", "InvokeInlineAgent", "Retrieve",
		"RetrieveAndGenerate", "RetrieveAndGenerateStream"),
	"bedrock-runtime": set("ApplyGuardrail", "GetAsyncInvoke", "InvokeModelWithBidirectionalStream",
		"StartAsyncInvoke"),
	"cloudfront-keyvaluestore": set("DeleteKey", "DescribeKeyValueStore", "GetKey", "ListKeys", "PutKey",
		"UpdateKeys"),
	// AWS records no PutMetricData and PutLogEvents at all; among Cairn's
	// management events they would drown the others.
	"cloudwatch": set("GetMetricData", "GetMetricWidgetImage", "PutMetricData"),
	"logs":       set("PutLogEvents"),

	"kinesis-video-media":   set("GetMedia"),
	"neptune-graph":         set("CancelQuery", "ExecuteQuery", "GetGraphSummary", "GetQuery", "ListQueries"),
	"pinpoint-sms-voice-v2": set("SendMediaMessage", "SendTextMessage", "SendVoiceMessage"),
	"rds-data": set("BatchExecuteStatement", "BeginTransaction", "CommitTransaction", "ExecuteSql",
		"ExecuteStatement", "RollbackTransaction"),
	"sagemaker-featurestore-runtime": set("BatchGetRecord", "DeleteRecord", "GetRecord", "PutRecord"),
	"sagemaker-metrics":              set("BatchPutMetrics"),
	"sagemaker-runtime":              set("InvokeEndpoint", "InvokeEndpointAsync", "InvokeEndpointWithResponseStream"),
	"servicediscovery":               set("DiscoverInstances", "DiscoverInstancesRevision"),
	"ses": set("SendBounce", "SendBulkTemplatedEmail", "SendCustomVerificationEmail", "SendEmail",
		"SendRawEmail", "SendTemplatedEmail"),
	"sesv2":            set("SendBulkEmail", "SendCustomVerificationEmail", "SendEmail"),
	"timestream-query": set("PrepareQuery", "Query"),
	"timestream-write": set("WriteRecords"),
	"verifiedpermissions": set("BatchIsAuthorized", "BatchIsAuthorizedWithToken", "IsAuthorized",
		"IsAuthorizedWithToken"),
	"xray": set("BatchGetTraces", "GetServiceGraph", "GetTimeSeriesServiceStatistics", "GetTraceGraph",
		"GetTraceSummaries", "PutTelemetryRecords", "PutTraceSegments"),
}

// Category says whether a call is a management event, and its eventCategory.
// What is not known to be a data event is a management event.
func (b *Builder) Category(op *awsapi.Operation) (management bool, category string) {
	if op != nil && dataEvents[op.Service.ID][op.Name] {
		return false, event.CategoryData
	}
	return true, event.CategoryManagement
}
