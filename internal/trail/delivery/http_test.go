package delivery_test

import (
	"crypto/md5" //nolint:gosec // S3's
	"encoding/base64"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cairn-audit/cairn/internal/bucket"
	"github.com/cairn-audit/cairn/internal/trail"
	"github.com/cairn-audit/cairn/internal/trail/delivery"
)

// rudeServer is an S3 over HTTP that stalls, hangs up, answers 500 and 503, and
// loses answers after it has stored what was put.
type rudeServer struct {
	*objects
	t    *testing.T
	gone chan struct{} // closed when stalled requests may end

	mu     sync.Mutex
	random *rand.Rand
	polite bool
}

func (s *rudeServer) roll() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.polite {
		return 99
	}
	return s.random.IntN(100)
}

func (s *rudeServer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	n := s.roll()
	switch {
	case n < 10:
		rw.WriteHeader(http.StatusInternalServerError)
		return
	case n < 20:
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	case n < 25:
		select {
		case <-s.gone:
		case <-r.Context().Done():
		}
		return
	case n < 30:
		panic(http.ErrAbortHandler)
	}
	s.keep(r, body)
	if n < 50 {
		panic(http.ErrAbortHandler)
	}
}

// keep stores what was put.
func (s *rudeServer) keep(r *http.Request, body []byte) {
	sum := md5.Sum(body)
	if r.Header.Get("Content-Md5") != base64.StdEncoding.EncodeToString(sum[:]) || r.Header.Get("Content-Encoding") != "" {
		s.t.Errorf("%s %s has the headers %v", r.Method, r.URL, r.Header)
	}
	bucketName, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	metadata := map[string]string{}
	for name := range r.Header {
		if meta, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-meta-"); ok {
			metadata[meta] = r.Header.Get(name)
		}
	}
	in := &s3.PutObjectInput{
		Bucket: &bucketName, Key: &key, Metadata: metadata, ACL: types.ObjectCannedACL(r.Header.Get("X-Amz-Acl")),
	}
	in.Body = strings.NewReader(string(body))
	if err := s.store(bucketName+"/"+key, in); err != nil {
		s.t.Error(err)
	}
}

func TestARudeServerGetsEachEventOnce(t *testing.T) {
	theKey()
	rude := &rudeServer{objects: newObjects(), t: t, gone: make(chan struct{}), random: rand.New(rand.NewPCG(1, 2))}
	server := httptest.NewServer(rude)
	defer server.Close()
	client, err := bucket.NewClient(t.Context(), bucket.Config{
		Endpoint: server.URL, PathStyle: true, AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret",
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, delivery.Options{
		DeliveryInterval: 100 * time.Millisecond, DigestInterval: time.Second, Regions: twoRegions.Regions,
		S3: func(*trail.Trail) (delivery.S3, error) { return client, nil },
	})
	w.s3 = rude.objects
	w.start()
	r := w.create("main", validated)
	want := []string{w.startLogging(r)}
	for i := range 60 {
		want = append(want, w.record(event{region: twoRegions.Regions[i%2]}))
		time.Sleep(25 * time.Millisecond)
		if i%15 == 14 {
			w.kill()
		}
	}
	rude.mu.Lock()
	rude.polite = true
	rude.mu.Unlock()
	close(rude.gone)
	w.restart()
	want = append(want, w.deleteTrail(r))
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if all, err := w.trails.All(); err != nil || len(all) == 0 {
			break // it has delivered everything
		}
		if time.Now().After(deadline) {
			t.Fatal("the trail does not come to its end")
		}
	}
	w.close()
	b := w.contents()
	b.mustHave(t, "main-bucket", want)
	if named := w.checkChains(b); len(named) != len(b.logs) {
		t.Errorf("%d of %d files are named by digests", len(named), len(b.logs))
	}
}
