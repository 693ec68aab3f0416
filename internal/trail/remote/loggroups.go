package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/cairn-audit/cairn/internal/trail"
)

// LogGroups are those of a CloudWatch Logs.
type LogGroups struct {
	service Service
	client  *cloudwatchlogs.Client
}

// NewLogGroups makes a client of a CloudWatch Logs. It makes no call.
func NewLogGroups(ctx context.Context, s Service) (*LogGroups, error) {
	c, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	return &LogGroups{s, cloudwatchlogs.NewFromConfig(c, func(o *cloudwatchlogs.Options) { o.BaseEndpoint = s.base() })}, nil
}

func (s *LogGroups) in(a arn) func(*cloudwatchlogs.Options) {
	return func(o *cloudwatchlogs.Options) { o.Region = s.service.regionOf(a) }
}

// Put puts messages into a stream of the trail's log group, and makes the stream
// where there is none. The caller keeps to the limits of PutLogEvents. The time of
// a log event is that of its delivery ("Sending events to CloudWatch Logs",
// CloudTrail User Guide). Where CloudWatch Logs refuses, the error has its code; a
// *RejectedError says that it answered and kept nothing.
func (s *LogGroups) Put(ctx context.Context, t *trail.Trail, stream string, messages []string) error {
	a, err := readARN(t.LogGroupARN, "logs", "log-group:")
	if err != nil {
		return err
	}
	now := aws.Int64(time.Now().UnixMilli())
	events := make([]types.InputLogEvent, len(messages))
	for i := range messages {
		events[i] = types.InputLogEvent{Timestamp: now, Message: &messages[i]}
	}
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: &a.name, LogStreamName: &stream, LogEvents: events}
	out, err := s.client.PutLogEvents(ctx, in, s.in(a))
	var absent *types.ResourceNotFoundException
	if errors.As(err, &absent) {
		if err := s.createStream(ctx, a, stream); err != nil {
			return err
		}
		out, err = s.client.PutLogEvents(ctx, in, s.in(a))
	}
	if err != nil {
		return err
	}
	return rejected(out.RejectedLogEventsInfo, len(events))
}

func (s *LogGroups) createStream(ctx context.Context, a arn, stream string) error {
	_, err := s.client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &a.name, LogStreamName: &stream}, s.in(a))
	var there *types.ResourceAlreadyExistsException
	if errors.As(err, &there) {
		return nil
	}
	return err
}

// RejectedError says that log events were left out. All events of a Put have one
// time, that of the Put, so that all were: the clocks here and there differ by more
// than CloudWatch Logs allows, and what is put again later can be kept.
type RejectedError struct{ Reason string }

func (e *RejectedError) Error() string {
	return "CloudWatch Logs keeps none of the log events: " + e.Reason + "; do the clocks differ?"
}

// ErrorCode is the name of the part of the answer that says so.
func (e *RejectedError) ErrorCode() string { return "RejectedLogEventsInfo" }

// rejected reads which of n log events were left out, from the ends of a row that is
// sorted by time.
func rejected(info *types.RejectedLogEventsInfo, n int) error {
	if info == nil {
		return nil
	}
	none := int32(n)
	var reasons []string
	for _, r := range []struct {
		some bool
		text string
	}{
		{aws.ToInt32(info.TooOldLogEventEndIndex) > 0, "they are too old"},
		{aws.ToInt32(info.ExpiredLogEventEndIndex) > 0, "they are older than the log group's retention"},
		{info.TooNewLogEventStartIndex != nil && *info.TooNewLogEventStartIndex < none, "they are too new"},
	} {
		if r.some {
			reasons = append(reasons, r.text)
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	return &RejectedError{strings.Join(reasons, ", ")}
}

// maxPages is how many pages of log groups a check reads. CloudWatch Logs sorts them
// by name, so that a group comes before those whose names begin with its own.
const maxPages = 10

// Check asks whether the trail's log group exists. The error is ErrNoGroup where
// not; any other says that nobody could tell, as where Cairn may not list the groups.
func (s *LogGroups) Check(ctx context.Context, t *trail.Trail) error {
	a, err := readARN(t.LogGroupARN, "logs", "log-group:")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoGroup, err)
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(s.client, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &a.name})
	for range maxPages {
		if !pages.HasMorePages() {
			return fmt.Errorf("%w: %s", ErrNoGroup, t.LogGroupARN)
		}
		page, err := pages.NextPage(ctx, s.in(a))
		if err != nil {
			return fmt.Errorf("look for the log group %s: %w", t.LogGroupARN, err)
		}
		for _, g := range page.LogGroups {
			if aws.ToString(g.LogGroupName) != a.name {
				continue
			}
			// PutLogEvents knows names only: the group that it would write
			// to must be the one that is meant.
			if found, err := readARN(aws.ToString(g.Arn), "logs", "log-group:"); err == nil && found.account != a.account {
				return fmt.Errorf("%w: %s is in account %s", ErrNoGroup, a.name, found.account)
			}
			return nil
		}
	}
	return fmt.Errorf("look for the log group %s: there are too many whose names begin so", t.LogGroupARN)
}
