// Package demo plays the scenes of the documents that Cairn began from, against
// a server of its own, and shows what was recorded.
package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"

	"github.com/cairn-audit/cairn/internal/identity"
)

// Target is the server to play against.
type Target struct {
	URL, Region, Account string
	Key                  identity.Credential
}

// stage is what the scenes play on.
type stage struct {
	target Target
	aws    aws.Config
	trail  *cloudtrail.Client
	out    io.Writer
	// notes carry ids from one call to a later one.
	notes map[string]string
}

// Play runs all scenes and prints them. It fails where a call that should be
// answered is not, or where a call has no event.
func Play(ctx context.Context, t Target, out io.Writer) error {
	s := newStage(t, out)
	if err := s.perform(ctx, makeTrail); err != nil {
		return err
	}
	for _, scene := range scenes {
		if err := s.perform(ctx, scene); err != nil {
			return err
		}
	}
	for _, show := range []func(context.Context) error{s.refused, s.show, s.deliver} {
		if err := show(ctx); err != nil {
			return err
		}
	}
	return nil
}

// perform plays a scene.
func (s *stage) perform(ctx context.Context, scene scene) error {
	fmt.Fprintf(s.out, "\n%s\n", scene.title)
	for _, call := range scene.calls {
		if err := s.play(ctx, call); err != nil {
			return fmt.Errorf("%s: %w", call.line, err)
		}
	}
	return nil
}

func newStage(t Target, out io.Writer) *stage {
	config := aws.Config{
		Region: t.Region, BaseEndpoint: aws.String(t.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(t.Key.AccessKeyID, t.Key.SecretAccessKey, ""),
	}
	return &stage{target: t, aws: config, trail: cloudtrail.NewFromConfig(config), out: out, notes: make(map[string]string)}
}

// call is a line of a scene.
type call struct {
	// line is what one would type, event the name under which it is recorded.
	line, event string
	do          func(context.Context, *stage) (result string, err error)
	// region is where the event is, if not in the demo's own Region.
	region string
}

// play makes a call and finds its event.
func (s *stage) play(ctx context.Context, c call) error {
	result, err := c.do(ctx, s)
	if err != nil {
		return err
	}
	answered := time.Now()
	found, err := s.lookup(ctx, types.LookupAttributeKeyEventName, c.event, func(o *cloudtrail.Options) {
		if c.region != "" {
			o.Region = c.region
		}
	})
	if err != nil {
		return err
	}
	after := time.Since(answered)
	if len(found) == 0 {
		return fmt.Errorf("no event %s is found", c.event)
	}
	e := found[0]
	fmt.Fprintf(s.out, "  $ aws %s\n", c.line)
	fmt.Fprintf(s.out, "    %-34s recorded: %s by %s, found %s after the answer\n",
		result, aws.ToString(e.EventName), aws.ToString(e.Username), after.Round(100*time.Microsecond))
	return nil
}

func (s *stage) lookup(ctx context.Context, key types.LookupAttributeKey, value string, options ...func(*cloudtrail.Options)) ([]types.Event, error) {
	out, err := s.trail.LookupEvents(ctx, &cloudtrail.LookupEventsInput{
		LookupAttributes: []types.LookupAttribute{{AttributeKey: key, AttributeValue: aws.String(value)}},
		// Cairn's extension: with what happened to objects, which AWS's
		// LookupEvents does not show.
		EventCategory: "all",
	}, options...)
	if err != nil {
		return nil, fmt.Errorf("look up %s %s: %w", key, value, err)
	}
	return out.Events, nil
}

// refused makes a call with a key that does not exist, and shows that it is
// recorded all the same.
func (s *stage) refused(ctx context.Context) error {
	fmt.Fprintf(s.out, "\nA key that nobody was given\n")
	thief := newStage(Target{URL: s.target.URL, Region: s.target.Region, Key: identity.Credential{
		AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wrong",
	}}, s.out)
	_, err := thief.trail.LookupEvents(ctx, &cloudtrail.LookupEventsInput{})
	var refusal smithy.APIError
	if err == nil {
		return fmt.Errorf("a call with an unknown key was answered")
	}
	if !errors.As(err, &refusal) {
		return err
	}
	found, err := s.lookup(ctx, types.LookupAttributeKeyAccessKeyId, "AKIAIOSFODNN7EXAMPLE")
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return fmt.Errorf("%d events of the refused call are found", len(found))
	}
	fmt.Fprintf(s.out, "  $ AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE aws cloudtrail lookup-events\n")
	fmt.Fprintf(s.out, "    %-34s recorded: %s, error %s\n", "refused", aws.ToString(found[0].EventName), refusal.ErrorCode())
	return nil
}

// show prints one event whole, and what searches by other attributes find.
func (s *stage) show(ctx context.Context) error {
	instance := s.notes["instance"]
	found, err := s.lookup(ctx, types.LookupAttributeKeyResourceName, instance)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nWhat happened to %s?\n", instance)
	fmt.Fprintf(s.out, "  $ aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=%s\n", instance)
	for _, e := range found {
		fmt.Fprintf(s.out, "    %s  %-22s %s\n", e.EventTime.Format(time.RFC3339), aws.ToString(e.EventName), aws.ToString(e.Username))
	}
	if len(found) == 0 {
		return fmt.Errorf("no event names %s", instance)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(aws.ToString(found[0].CloudTrailEvent)), "  ", "  "); err != nil {
		return fmt.Errorf("read the event: %w", err)
	}
	fmt.Fprintf(s.out, "\nThe newest of them, as CloudTrail writes it:\n  %s\n", pretty.String())
	return nil
}
