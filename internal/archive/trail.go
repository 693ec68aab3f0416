package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/region"
)

// status asks for a trail's status. Who may not ask, or asks an API that does
// not know the trail, verifies without it.
func (a api) status(ctx context.Context, t digest.Trail, name string) digest.Status {
	arn := arnOf(t)
	out, err := a.client.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: &arn}, inRegion(name))
	if err != nil {
		return digest.Status{}
	}
	s := digest.Status{LatestDigest: aws.ToTime(out.LatestDigestDeliveryTime)}
	if !aws.ToBool(out.IsLogging) {
		s.Stopped = aws.ToTime(out.StopLoggingTime)
	}
	return s
}

// describe asks for a trail's settings, and where it was. Whoever may not ask
// verifies without it, as with status. A trail that was deleted has no settings,
// and the event history still has its moves.
func (a api) describe(ctx context.Context, t digest.Trail) digest.Settings {
	arn := arnOf(t)
	s := digest.Settings{Moves: a.moves(ctx, t)}
	out, err := a.client.GetTrail(ctx, &cloudtrail.GetTrailInput{Name: &arn}, inRegion(t.HomeRegion))
	if err != nil || out.Trail == nil {
		return s
	}
	s.Bucket, s.Prefix = aws.ToString(out.Trail.S3BucketName), aws.ToString(out.Trail.S3KeyPrefix)
	s.Regions = []string{t.HomeRegion}
	if region.Partition(t.HomeRegion) == region.Partition(region.Global) {
		// One that is of its home Region alone now may have been of all.
		s.Regions = append(s.Regions, slices.DeleteFunc(region.Open().Enabled(), func(name string) bool { return name == t.HomeRegion })...)
	}
	return s
}

// maxMoves is how many calls of UpdateTrail are looked at, the newest.
const maxMoves = 200

// moves are the calls of the event history that say where a trail delivers.
func (a api) moves(ctx context.Context, t digest.Trail) (moves []digest.Move) {
	pages := cloudtrail.NewLookupEventsPaginator(a.client, &cloudtrail.LookupEventsInput{LookupAttributes: []types.LookupAttribute{
		{AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: aws.String("UpdateTrail")},
	}})
	for seen := 0; pages.HasMorePages() && seen < maxMoves; {
		page, err := pages.NextPage(ctx, inRegion(t.HomeRegion))
		if err != nil {
			return moves
		}
		seen += len(page.Events)
		for _, e := range page.Events {
			if m, ok := moveOf(&e, arnOf(t)); ok {
				moves = append(moves, m)
			}
		}
	}
	return moves
}

// moveOf is what an event of UpdateTrail says of the trail that has the ARN.
func moveOf(e *types.Event, arn string) (digest.Move, bool) {
	var event struct {
		ResponseElements struct {
			TrailARN string `json:"trailARN"`
			Bucket   string `json:"s3BucketName"`
			Prefix   string `json:"s3KeyPrefix"`
		} `json:"responseElements"`
	}
	if json.Unmarshal([]byte(aws.ToString(e.CloudTrailEvent)), &event) != nil {
		return digest.Move{}, false
	}
	r := event.ResponseElements
	return digest.Move{At: aws.ToTime(e.EventTime), Bucket: r.Bucket, Prefix: r.Prefix}, r.TrailARN == arn && r.Bucket != ""
}

func arnOf(t digest.Trail) string {
	return fmt.Sprintf("arn:%s:cloudtrail:%s:%s:trail/%s", region.Partition(t.HomeRegion), t.HomeRegion, t.Account, t.Name)
}
