package cairntest

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// Events looks up all events of a Region, oldest first, as their JSON: of
// management where category is empty, or of another of LookupEvents' categories.
// The server must be one with --auth open.
func (s *Server) Events(t testing.TB, region, category string) []json.RawMessage {
	t.Helper()
	client := cloudtrail.New(cloudtrail.Options{
		BaseEndpoint: &s.URL, Region: region,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	pages := cloudtrail.NewLookupEventsPaginator(client, &cloudtrail.LookupEventsInput{
		EventCategory: types.EventCategory(category), MaxResults: aws.Int32(50),
	})
	var events []json.RawMessage
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			events = append([]json.RawMessage{json.RawMessage(aws.ToString(e.CloudTrailEvent))}, events...)
		}
	}
	return events
}
