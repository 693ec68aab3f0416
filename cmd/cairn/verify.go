package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/archive"
)

type verifyCommand struct {
	Archive  string   `arg:"" help:"s3://BUCKET[/PREFIX], or a directory that is a copy of the bucket."`
	TrailARN string   `name:"trail-arn" help:"Verify this trail; others in the bucket only say which log files are theirs."`
	Account  []string `help:"Verify these accounts. Each must have files."`
	Region   []string `help:"Verify these Regions. Each must have digests."`
	Start    moment   `help:"Begin at a time: 2026-01-02, 2026-01-02T15:04:05Z, or 24h (ago). Default: the first digest."`
	End      moment   `help:"End at a time. Default: now, so that missing newest digests are found."`

	Keys           []string `help:"Public keys, as aws cloudtrail list-public-keys prints them, instead of asking CloudTrail. [REGION=]FILE." placeholder:"FILE"`
	Bucket         string   `help:"The bucket that the directory is a copy of. Default: what its digests say."`
	Signatures     string   `help:"Signatures that an earlier run saved: what they sign must still be there." placeholder:"FILE"`
	SaveSignatures string   `help:"Save the signatures of the newest digests that are proven." placeholder:"FILE"`

	Data          string `help:"Data directory of a running Cairn, whose endpoint and key are used." type:"path" placeholder:"DIR"`
	EndpointURL   string `name:"endpoint-url" help:"CloudTrail's endpoint. Default: AWS's." placeholder:"URL"`
	S3EndpointURL string `name:"s3-endpoint-url" help:"S3's endpoint. Default: AWS's." placeholder:"URL"`
	Profile       string `help:"Profile of the AWS configuration files."`
	Parallel      int    `help:"Files that are read at once." default:"16"`
	JSON          bool   `name:"json" help:"Print the report as JSON."`
}

// Exit codes of verify, beside exitUsage. They are an interface: docs/verify.md.
const (
	exitTampered   = 1
	exitIncomplete = 3
)

func (c *verifyCommand) Run(ctx context.Context) error {
	options, err := c.options()
	if err != nil {
		return &exitError{err, exitUsage}
	}
	line := newProgressLine()
	options.Progress = line.show
	report, err := archive.Verify(ctx, options)
	line.clear()
	if errors.Is(err, archive.ErrUsage) {
		return &exitError{err, exitUsage}
	}
	if err != nil {
		return &exitError{err, exitIncomplete}
	}
	if err := c.print(report); err != nil {
		return &exitError{err, exitIncomplete}
	}
	switch report.Verdict {
	case digest.Tampered:
		return &exitError{code: exitTampered}
	case digest.Incomplete:
		return &exitError{code: exitIncomplete}
	}
	return nil
}

func (c *verifyCommand) options() (archive.Options, error) {
	o := archive.Options{
		Archive: c.Archive, Bucket: c.Bucket, TrailARN: c.TrailARN, Accounts: c.Account, Regions: c.Region,
		Start: c.Start.Time, End: c.End.Time, Keys: c.Keys, Signatures: c.Signatures, SaveSignatures: c.SaveSignatures,
		Parallel: c.Parallel,
		Service:  archive.Service{EndpointURL: c.EndpointURL, S3EndpointURL: c.S3EndpointURL, Profile: c.Profile},
	}
	if c.Data == "" {
		return o, nil
	}
	endpoint, err := app.ReadEndpoint(c.Data)
	if err != nil {
		return o, err
	}
	key, err := app.ReadCredentials(c.Data, false)
	if err != nil {
		return o, err
	}
	if o.EndpointURL == "" {
		o.EndpointURL = endpoint.URL
	}
	if o.S3EndpointURL == "" {
		o.S3EndpointURL = endpoint.URL
	}
	o.Service.Region, o.CABundle = endpoint.Region, endpoint.CABundle
	o.AccessKeyID, o.SecretAccessKey = key.AccessKeyID, key.SecretAccessKey
	return o, nil
}

func (c *verifyCommand) print(report *digest.Report) error {
	if !c.JSON {
		return archive.WriteText(os.Stdout, report)
	}
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(report)
}

// moment is a time on the command line.
type moment struct{ time.Time }

// UnmarshalText reads a time in RFC 3339, a day, or how long ago it was.
func (m *moment) UnmarshalText(b []byte) error {
	s := string(b)
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			m.Time = t.UTC()
			return nil
		}
	}
	ago, err := time.ParseDuration(s)
	if err != nil || ago < 0 {
		return fmt.Errorf("%q is neither a time as in 2026-01-02T15:04:05Z, nor a day, nor how long ago as in 24h", s)
	}
	m.Time = time.Now().UTC().Add(-ago)
	return nil
}

// progressLine is a line of a terminal that is written over.
type progressLine struct {
	terminal bool
	last     time.Time
}

const progressEvery = 200 * time.Millisecond

func newProgressLine() *progressLine {
	info, err := os.Stderr.Stat()
	return &progressLine{terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// show is called by one goroutine at a time.
func (p *progressLine) show(c digest.Counts) {
	if now := time.Now(); p.terminal && now.Sub(p.last) >= progressEvery {
		p.last = now
		fmt.Fprintf(os.Stderr, "\rchecked %d digests, %d log files, %d records\x1b[K", c.Digests, c.LogFiles, c.Records)
	}
}

func (p *progressLine) clear() {
	if p.terminal && !p.last.IsZero() {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}
