package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
)

var errNotShown = errors.New("the record does not show it")

// genuine is a record of the corpus.
type genuine struct {
	Version      string          `json:"eventVersion"`
	Source       string          `json:"eventSource"`
	Name         string          `json:"eventName"`
	EventID      string          `json:"eventID"`
	RequestID    string          `json:"requestID"`
	ErrorCode    string          `json:"errorCode"`
	ErrorMessage string          `json:"errorMessage"`
	APIVersion   string          `json:"apiVersion"`
	Category     string          `json:"eventCategory"`
	Region       string          `json:"awsRegion"`
	Account      string          `json:"recipientAccountId"`
	Class        string          `json:"_class"`
	ReadOnly     *bool           `json:"readOnly"`
	Request      json.RawMessage `json:"requestParameters"`
	Answer       json.RawMessage `json:"responseElements"`
	Resources    []event.Resource
	Additional   map[string]any `json:"additionalEventData"`
	request, out any
}

func corpus(t *testing.T) []*genuine {
	t.Helper()
	dir := os.Getenv("CAIRN_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Skipf("no genuine records in %s (set CAIRN_CORPUS)", dir)
	}
	var records []*genuine
	for _, name := range files {
		records = append(records, readCorpus(t, name)...)
	}
	return records
}

func readCorpus(t *testing.T, name string) []*genuine {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var records []*genuine
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		r := &genuine{}
		if err := json.Unmarshal(lines.Bytes(), r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r.request, r.out = decode(t, r.Request), decode(t, r.Answer)
		records = append(records, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return records
}

func decode(t *testing.T, raw json.RawMessage) any {
	t.Helper()
	if len(raw) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// operation finds the operation of a record: of the services that share its
// source, the one that its version or data names.
func (r *genuine) operation(catalog *awsapi.Catalog) (*awsapi.Operation, error) {
	for _, id := range r.services() {
		s, err := catalog.Service(id)
		if err != nil {
			return nil, err
		}
		if v := services[id].apiVersion; v != "" && r.APIVersion != "" && v != r.APIVersion {
			continue
		}
		for name, recorded := range services[id].names {
			if recorded == r.Name && r.fits(id, name) {
				return s.Operation(name), nil
			}
		}
		if op := s.Operation(r.Name); op != nil {
			return op, nil
		}
	}
	return nil, fmt.Errorf("no operation %s: %w", r.Name, errNotShown)
}

// fits reports whether an operation that shares its event name with another is
// the one meant.
func (r *genuine) fits(service, name string) bool {
	host := fmt.Sprint(r.request)
	switch {
	case service == "s3control":
		return strings.Contains(host, "s3-control")
	case name == "ListObjectsV2":
		return strings.Contains(host, "list-type")
	case strings.HasPrefix(name, "List"):
		return false
	default:
		return true
	}
}

func (r *genuine) services() []string {
	switch r.Source {
	case "autoscaling.amazonaws.com":
		if r.Additional["service"] == "application-autoscaling" {
			return []string{"application-autoscaling"}
		}
		return []string{"autoscaling"}
	case "elasticloadbalancing.amazonaws.com":
		return []string{"elbv2", "elb"}
	case "monitoring.amazonaws.com":
		return []string{"cloudwatch"}
	case "s3.amazonaws.com":
		if strings.Contains(fmt.Sprint(r.request), "s3-control") {
			return []string{"s3control"}
		}
		return []string{"s3"}
	case "signin.amazonaws.com":
		return nil
	default:
		return []string{strings.TrimSuffix(r.Source, ".amazonaws.com")}
	}
}

// call is the call that a record tells of, without its parameters.
func (r *genuine) call(op *awsapi.Operation) *Call {
	c := &Call{Operation: op, EventID: r.EventID, RequestID: r.RequestID, Region: r.Region, AccountID: r.Account}
	if object, ok := r.request.(map[string]any); ok {
		c.HTTP.Host, _ = object["Host"].(string)
	}
	if r.ErrorCode != "" {
		code := strings.TrimPrefix(r.ErrorCode, "Client.")
		c.Error = &awsapi.Error{Code: code, Message: r.ErrorMessage}
	}
	return c
}

// openCatalog keeps the models of one catalog for all tests: it loads each
// service once.
var openCatalog = sync.OnceValues(awsapi.Open)

func newBuilder(t testing.TB) (*Builder, *awsapi.Catalog) {
	t.Helper()
	catalog, err := openCatalog()
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(catalog)
	if err != nil {
		t.Fatal(err)
	}
	return b, catalog
}
