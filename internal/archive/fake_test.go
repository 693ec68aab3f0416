package archive

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/digest"
)

const (
	account  = "111122223333"
	home     = "eu-central-1"
	bucket   = "trail-logs"
	prefix   = "team/audit"
	trailARN = "arn:aws:cloudtrail:" + home + ":" + account + ":trail/main"
)

var testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// fake is CloudTrail and S3, with a bucket in which a trail has delivered three
// digests and a log file with each. The last one ended at end.
type fake struct {
	*httptest.Server
	mu      sync.Mutex
	objects map[string]object // mu guards it
	end     time.Time
	key     digest.PublicKey
	// now is the prefix that the trail has, and refused the operations that
	// nobody may call.
	now     string
	refused []string
	// everywhere says that it has delivered digests in all Regions.
	everywhere bool
}

type object struct {
	body     []byte
	metadata map[string]string
}

func newFake(t *testing.T) *fake {
	t.Helper()
	private, err := testKey()
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().UTC().Truncate(time.Hour)
	f := &fake{
		objects: map[string]object{}, end: end, now: prefix,
		key: digest.NewPublicKey(&private.PublicKey, end.AddDate(0, 0, -10), end.AddDate(0, 0, 20)),
	}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	var previous *digest.Previous
	for h := -3; h < 0; h++ {
		previous = f.deliver(t, private, end.Add(time.Duration(h)*time.Hour), previous)
	}
	return f
}

// deliver stores the digest of the hour that begins at from.
func (f *fake) deliver(t *testing.T, private *rsa.PrivateKey, from time.Time, previous *digest.Previous) *digest.Previous {
	t.Helper()
	o := digest.Owner{Prefix: prefix, Account: account, Region: home}
	at := from.Add(10 * time.Minute)
	log := fmt.Appendf(nil, `{"Records":[{"eventTime":%q,"awsRegion":%q,"eventID":"e","recipientAccountId":%q}]}`,
		at.Format(time.RFC3339), home, account)
	logKey := digest.LogFileKey{Owner: o, Kind: digest.KindLog, Time: at, Unique: "0123456789abcdef"}.String()
	f.put(logKey, &object{body: pack(log)})
	to := from.Add(time.Hour)
	d := &digest.Digest{
		AccountID: account, StartTime: from, EndTime: to, Bucket: bucket,
		Key:            digest.DigestKey{Owner: o, Trail: "main", HomeRegion: home, Time: to}.String(),
		KeyFingerprint: f.key.Fingerprint, SignatureAlgorithm: digest.SignatureAlgorithm,
		OldestEvent: at, NewestEvent: at, Previous: previous,
		LogFiles: []digest.LogFile{{
			Bucket: bucket, Key: logKey, Hash: digest.Hash(log), HashAlgorithm: digest.HashAlgorithm, OldestEvent: at, NewestEvent: at,
		}},
	}
	raw, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	signature, err := digest.Sign(private, d, raw)
	if err != nil {
		t.Fatal(err)
	}
	f.put(d.Key, &object{body: pack(raw), metadata: map[string]string{
		digest.MetadataSignature: signature, digest.MetadataSignatureAlgorithm: digest.SignatureAlgorithm,
	}})
	return &digest.Previous{Bucket: d.Bucket, Key: d.Key, Hash: digest.Hash(raw), HashAlgorithm: digest.HashAlgorithm, Signature: signature}
}

func pack(raw []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(raw)
	_ = z.Close()
	return b.Bytes()
}

// put changes an object, and takes it away if it is nil.
func (f *fake) put(key string, o *object) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o == nil {
		delete(f.objects, key)
		return
	}
	f.objects[key] = *o
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "CloudTrail_20131101."); ok {
		_, _, local := strings.Cut(r.Header.Get("Authorization"), "/"+home+"/")
		f.serveCloudTrail(w, operation, local)
		return
	}
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	switch {
	case query.Has("location"):
		fmt.Fprintf(w, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">%s</LocationConstraint>`, home)
	case key == "" && r.Method == http.MethodHead:
		w.Header().Set("X-Amz-Bucket-Region", home)
	case key == "":
		f.list(w, query.Get("prefix"), max(query.Get("marker"), query.Get("start-after")), query.Get("delimiter"))
	default:
		o, ok := f.objects[key]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `<Error><Code>NoSuchKey</Code><Message>no</Message></Error>`)
			return
		}
		for name, value := range o.metadata {
			w.Header()["x-amz-meta-"+name] = []string{value} // in small letters, as S3 does
		}
		_, _ = w.Write(o.body)
	}
}

func (f *fake) list(w http.ResponseWriter, prefix, after, delimiter string) {
	type entry struct {
		Key          string
		LastModified string
	}
	type folder struct{ Prefix string }
	var answer struct {
		XMLName        xml.Name `xml:"ListBucketResult"`
		IsTruncated    bool
		Contents       []entry
		CommonPrefixes []folder
	}
	for _, key := range slices.Sorted(maps.Keys(f.objects)) {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok || key <= after {
			continue
		}
		if name, _, below := strings.Cut(rest, "/"); below && delimiter != "" {
			if p := (folder{prefix + name + "/"}); !slices.Contains(answer.CommonPrefixes, p) {
				answer.CommonPrefixes = append(answer.CommonPrefixes, p)
			}
			continue
		}
		answer.Contents = append(answer.Contents, entry{key, f.end.Format(time.RFC3339)})
	}
	_ = xml.NewEncoder(w).Encode(answer)
}

func (f *fake) serveCloudTrail(w http.ResponseWriter, operation string, local bool) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if slices.Contains(f.refused, operation) || operation == "GetTrailStatus" && !local && !f.everywhere {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"AccessDeniedException"}`)
		return
	}
	switch operation {
	case "ListPublicKeys":
		_, _ = w.Write(f.keysJSON())
	case "DescribeTrails":
		fmt.Fprintf(w, `{"trailList":[{"Name":"main","TrailARN":%q,"S3BucketName":%q,"S3KeyPrefix":%q,"HomeRegion":%q}]}`, trailARN, bucket, prefix, home)
	case "GetTrail":
		fmt.Fprintf(w, `{"Trail":{"Name":"main","TrailARN":%q,"S3BucketName":%q,"S3KeyPrefix":%q,"HomeRegion":%q}}`, trailARN, bucket, f.now, home)
	case "LookupEvents":
		event, _ := json.Marshal(fmt.Sprintf(`{"responseElements":{"trailARN":%q,"s3BucketName":%q,"s3KeyPrefix":%q}}`, trailARN, bucket, f.now))
		fmt.Fprintf(w, `{"Events":[{"EventTime":%d,"CloudTrailEvent":%s},{"EventTime":%d,"CloudTrailEvent":"{"}]}`, f.end.Unix(), event, f.end.Unix())
	case "GetTrailStatus":
		fmt.Fprintf(w, `{"IsLogging":true,"LatestDigestDeliveryTime":%d}`, f.end.Unix()+5)
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

func (f *fake) keysJSON() []byte {
	b, _ := json.Marshal(map[string]any{"PublicKeyList": []any{map[string]any{
		"Value": base64.StdEncoding.EncodeToString(f.key.Value), "Fingerprint": f.key.Fingerprint,
		"ValidityStartTime": f.key.ValidFrom.Unix(), "ValidityEndTime": f.key.ValidTo.Unix(),
	}}})
	return b
}

// copyTo writes the objects below a prefix into a directory, as aws s3 sync
// does.
func (f *fake) copyTo(t *testing.T, prefix string) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	dir := t.TempDir()
	for key, o := range f.objects {
		name, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, o.body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
