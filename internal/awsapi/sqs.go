package awsapi

import "slices"

// sqsCodes are the codes that SQS's errors had when it spoke Query, from
// botocore's model of that time (up to 1.31); the model of today has lost them.
// Clients that come from then still get them, in a header or in XML.
var sqsCodes = map[string]string{
	"BatchEntryIdsNotDistinct":     "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
	"BatchRequestTooLong":          "AWS.SimpleQueueService.BatchRequestTooLong",
	"EmptyBatchRequest":            "AWS.SimpleQueueService.EmptyBatchRequest",
	"InvalidBatchEntryId":          "AWS.SimpleQueueService.InvalidBatchEntryId",
	"MessageNotInflight":           "AWS.SimpleQueueService.MessageNotInflight",
	"PurgeQueueInProgress":         "AWS.SimpleQueueService.PurgeQueueInProgress",
	"QueueDeletedRecently":         "AWS.SimpleQueueService.QueueDeletedRecently",
	"QueueDoesNotExist":            "AWS.SimpleQueueService.NonExistentQueue",
	"QueueNameExists":              "QueueAlreadyExists",
	"TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
	"UnsupportedOperation":         "AWS.SimpleQueueService.UnsupportedOperation",
}

// keepQuery adds Query to SQS, which its model says has left it: clients of the
// time before still speak it, and AWS still answers.
func (s *Service) keepQuery() {
	if s.ID != "sqs" || s.Speaks(Query) {
		return
	}
	s.Protocols = append(slices.Clone(s.Protocols), Query)
	s.XMLNamespace = "http://queue.amazonaws.com/doc/" + s.APIVersion + "/"
	for _, op := range s.Operations {
		if op.Output != nil {
			op.OutputWrapper = op.Name + "Result"
		}
	}
	for name, code := range sqsCodes {
		if shape := s.shapes[name]; shape != nil && shape.Error != nil {
			shape.Error.Code = code
		}
	}
}
