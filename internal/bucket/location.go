package bucket

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/s3response"
)

// locationAttribute is where the Region of a bucket stands among its metadata.
// Buckets of us-east-1 have none.
const locationAttribute = "cairn-location"

// maxConfiguration bounds the body of CreateBucket.
const maxConfiguration = 64 << 10

var regionPattern = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)

// subresources are the parts of a bucket that can be put or deleted. A parameter
// of another name changes nothing of what a request is.
var subresources = []string{
	"abac", "accelerate", "acl", "analytics", "cors", "encryption", "intelligent-tiering", "inventory", "lifecycle",
	"logging", "metadataInventoryTable", "metadataJournalTable", "metadataTable", "metadataConfiguration", "metrics",
	"notification", "object-lock", "ownershipControls", "policy", "publicAccessBlock", "replication", "requestPayment",
	"tagging", "versioning", "website",
}

// place says what a request has to do with the Region of a bucket.
type place struct {
	bucket   string
	creates  bool
	deletes  bool
	asks     bool   // GetBucketLocation
	lists    bool   // ListBuckets
	only     string // the Region of the buckets that are to be listed, if one is asked for
	location string // of the bucket that is to be created
}

func locate(r *http.Request) *place {
	bucket, key := splitPath(r.URL.Path)
	p := &place{bucket: bucket}
	q := r.URL.Query()
	switch {
	case bucket == "":
		p.lists, p.only = r.Method == http.MethodGet, q.Get("bucket-region")
		return p
	case key != "":
		return p
	}
	whole := !slices.ContainsFunc(subresources, q.Has)
	p.creates, p.deletes = r.Method == http.MethodPut && whole, r.Method == http.MethodDelete && whole
	p.asks = r.Method == http.MethodGet && q.Has("location")
	return p
}

// prepare takes the location out of a CreateBucket request, for the server
// accepts none but its own. A location that is no Region's name stays, for the
// server to refuse.
func (p *place) prepare(out *http.Request) error {
	if !p.creates || out.Body == nil {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(out.Body, maxConfiguration+1))
	if err != nil {
		return fmt.Errorf("read the bucket's configuration: %w", err)
	}
	if len(body) <= maxConfiguration {
		body, p.location = cutLocation(body)
	}
	if p.location != "" {
		// They spoke of the body as it was. The body has been read whole, so
		// whoever decodes it for us has checked them.
		out.Header.Set(hashHeader, unsignedPayload)
		out.Header.Del("Content-Md5")
		for name := range out.Header {
			if isChecksum(name) || name == "X-Amz-Sdk-Checksum-Algorithm" {
				out.Header.Del(name)
			}
		}
	}
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return nil
}

// cutLocation returns the document without its LocationConstraint, and the
// location. It returns a document that it cannot read as it is.
func cutLocation(doc []byte) ([]byte, string) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		start := d.InputOffset()
		token, err := d.Token()
		if err != nil {
			return doc, ""
		}
		el, ok := token.(xml.StartElement)
		if !ok || el.Name.Local != "LocationConstraint" {
			continue
		}
		var location string
		if err := d.DecodeElement(&location, &el); err != nil || !regionPattern.MatchString(location) {
			return doc, ""
		}
		return append(append([]byte{}, doc[:start]...), doc[d.InputOffset():]...), location
	}
}

// relocate keeps the location of a bucket that was created, and puts a
// bucket's own location in the place of the server's.
func (s *Server) relocate(p *place, res *http.Response) error {
	switch {
	case res.StatusCode >= 300:
		return nil
	case p.lists:
		return s.relocateList(p, res)
	case p.bucket == "":
		return nil
	}
	if p.creates {
		if p.location == "" || p.location == region {
			return nil
		}
		if err := s.meta.StoreAttribute(nil, p.bucket, "", locationAttribute, []byte(p.location)); err != nil {
			return fmt.Errorf("keep the location of bucket %s: %w", p.bucket, err)
		}
		if err := s.transport.syncer.Sync(); err != nil {
			return fmt.Errorf("sync the object store: %w", err)
		}
		return nil
	}
	const header = "X-Amz-Bucket-Region"
	if _, ok := res.Header[header]; !ok && !p.asks {
		return nil
	}
	location, err := s.location(p.bucket)
	if err != nil || location == region {
		return err
	}
	if _, ok := res.Header[header]; ok {
		res.Header.Set(header, location)
	}
	if p.asks {
		return replaceLocation(res, location)
	}
	return nil
}

// location is the Region of a bucket that exists.
func (s *Server) location(bucket string) (string, error) {
	v, err := s.meta.RetrieveAttribute(nil, bucket, "", locationAttribute)
	switch {
	case errors.Is(err, meta.ErrNoSuchKey):
		return region, nil
	case err != nil:
		return "", fmt.Errorf("read the location of bucket %s: %w", bucket, err)
	}
	return string(v), nil
}

// relocateList does it for a page of the list of buckets, and leaves out those
// of other Regions than was asked for. A page may then be short, or empty with
// more to follow, as S3's may.
func (s *Server) relocateList(p *place, res *http.Response) error {
	var list s3response.ListAllMyBucketsResult
	if err := xml.NewDecoder(res.Body).Decode(&list); err != nil {
		return fmt.Errorf("read the list of buckets: %w", err)
	}
	for i := range list.Buckets.Bucket {
		entry := &list.Buckets.Bucket[i]
		location, err := s.location(entry.Name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted since
		} else if err != nil {
			return err
		}
		entry.BucketRegion = location
	}
	if p.only != "" {
		list.Buckets.Bucket = slices.DeleteFunc(list.Buckets.Bucket, func(b s3response.ListAllMyBucketsEntry) bool {
			return b.BucketRegion != p.only
		})
	}
	body, err := xml.Marshal(list)
	if err != nil {
		return fmt.Errorf("write the list of buckets: %w", err)
	}
	return replaceBody(res, string(body))
}

func replaceLocation(res *http.Response, location string) error {
	return replaceBody(res, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`+
		location+`</LocationConstraint>`)
}

// replaceBody gives an answer another document.
func replaceBody(res *http.Response, document string) error {
	if err := res.Body.Close(); err != nil {
		return err
	}
	body := []byte(xml.Header + document)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}
