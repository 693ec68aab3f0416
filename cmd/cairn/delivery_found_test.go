package main

import (
	"bytes"
	"encoding/json"
	"path"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cairn-audit/cairn/digest"
)

// logged is an event, as a log file or the history has it.
type logged struct {
	EventID, RequestID, EventName, AWSRegion string

	RequestParameters struct {
		ClusterName string
		Clusters    []string
		Key         string
	}
	raw json.RawMessage
}

func parseEvent(t *testing.T, raw []byte) logged {
	t.Helper()
	e := logged{raw: raw}
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return e
}

// mark is that of the call which the event is of.
func (e *logged) mark() string {
	p := &e.RequestParameters
	switch e.EventName {
	case "CreateCluster":
		return p.ClusterName
	case "DescribeClusters":
		return p.Clusters[0]
	case "PutObject", "GetObject":
		return p.Key
	}
	return ""
}

// found is what a bucket has.
type found struct {
	t      *testing.T
	client *s3.Client
	bucket string
	seen   map[string]bool
	events []logged
	// fileOf is the file that has an event, by the event's request id.
	fileOf  map[string]string
	digests map[string]*digest.Digest // by key
}

func newFound(t *testing.T, client *s3.Client, bucket string) *found {
	return &found{t: t, client: client, bucket: bucket, seen: map[string]bool{}, fileOf: map[string]string{}, digests: map[string]*digest.Digest{}}
}

// refresh reads what has come since the last time.
func (f *found) refresh() {
	f.t.Helper()
	pages := s3.NewListObjectsV2Paginator(f.client, &s3.ListObjectsV2Input{Bucket: &f.bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.t.Context())
		if err != nil {
			f.t.Fatal(err)
		}
		for _, o := range page.Contents {
			if key := aws.ToString(o.Key); !f.seen[key] {
				f.seen[key] = true
				f.read(key)
			}
		}
	}
}

func (f *found) read(key string) {
	f.t.Helper()
	out, err := f.client.GetObject(f.t.Context(), &s3.GetObjectInput{Bucket: &f.bucket, Key: &key})
	if err != nil {
		f.t.Fatal(err)
	}
	defer out.Body.Close()
	raw, err := digest.ReadAll(out.Body, digest.MaxLogFile)
	if err != nil {
		f.t.Fatalf("%s: %v", key, err)
	}
	if _, ok := digest.ParseDigestKey(key); ok {
		if f.digests[key], err = digest.Parse(raw); err != nil {
			f.t.Fatalf("%s: %v", key, err)
		}
		return
	}
	name, ok := digest.ParseLogFileKey(key)
	var file struct{ Records []json.RawMessage }
	if err := json.Unmarshal(raw, &file); err != nil || !ok {
		f.t.Fatalf("%s is no log file: %v", key, err)
	}
	for _, record := range file.Records {
		e := parseEvent(f.t, record)
		if e.AWSRegion != name.Region {
			f.t.Errorf("%s has an event of %s", key, e.AWSRegion)
		}
		f.events = append(f.events, e)
		f.fileOf[e.RequestID] = key
	}
}

// over reports whether the bucket has the last digests of a trail: in each Region,
// the one that ends when that does which names the file with the event of the call
// that stopped the trail.
func (f *found) over(stop string, regions []string) bool {
	file := f.fileOf[stop]
	var last digest.DigestKey
	for key, d := range f.digests {
		if file != "" && slices.ContainsFunc(d.LogFiles, func(l digest.LogFile) bool { return l.Key == file }) {
			last, _ = digest.ParseDigestKey(key)
		}
	}
	for _, region := range regions {
		last.Region = region
		if f.digests[last.String()] == nil {
			return false
		}
	}
	return true
}

// named are the log files that digests name, and how often.
func (f *found) named() map[string]int {
	n := map[string]int{}
	for _, d := range f.digests {
		for _, l := range d.LogFiles {
			n[l.Key]++
		}
	}
	return n
}

// checkOnce checks that no event is there twice, and that each file is named by a
// digest.
func (f *found) checkOnce() {
	f.t.Helper()
	ids := map[string]bool{}
	for _, e := range f.events {
		if ids[e.EventID] {
			f.t.Errorf("%s has event %s twice", f.bucket, e.EventID)
		}
		ids[e.EventID] = true
	}
	named := f.named()
	for key := range f.seen {
		if f.digests[key] == nil && named[key] != 1 {
			f.t.Errorf("%d digests name %s", named[key], path.Base(key))
		}
	}
}

// byCall are the events by the calls that they are of.
func (f *found) byCall() map[string][]logged {
	events := map[string][]logged{}
	for _, e := range f.events {
		key := keyOf(e.EventName, e.mark(), e.RequestID)
		events[key] = append(events[key], e)
	}
	return events
}

// keyOf tells calls apart: by the mark if they have one, else by the request id.
func keyOf(name, mark, requestID string) string {
	if mark != "" {
		return name + " " + mark
	}
	return name + " " + requestID
}

// same reports whether two lists have the same events, byte by byte.
func sameEvents(a, b []logged) bool {
	byID := func(a, b logged) int { return bytes.Compare([]byte(a.EventID), []byte(b.EventID)) }
	a, b = slices.SortedFunc(slices.Values(a), byID), slices.SortedFunc(slices.Values(b), byID)
	return slices.EqualFunc(a, b, func(a, b logged) bool { return bytes.Equal(a.raw, b.raw) })
}
