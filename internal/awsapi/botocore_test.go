package awsapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// botocoreJob is a line for testdata/as_botocore.py: a request to serialize, if it
// has a value, else an answer to parse.
type botocoreJob struct {
	Service   string   `json:"service"`
	Operation string   `json:"operation"`
	Protocol  Protocol `json:"protocol"`
	Value     any      `json:"value,omitempty"`
	Body      []byte   `json:"body,omitempty"`
	Status    int      `json:"status,omitempty"`

	op   *Operation
	root *Member
	want any
}

type botocoreResult struct {
	Body  []byte `json:"body"`
	Value any    `json:"value"`
	Error string `json:"error"`
}

// askBotocore runs the jobs. It skips the test where the botocore that the table
// was made from is not installed.
func askBotocore(t *testing.T, jobs []*botocoreJob) []botocoreResult {
	t.Helper()
	results := runBotocore[botocoreResult](t, "testdata/as_botocore.py", jobs)
	for i, result := range results {
		if result.Error != "" {
			t.Errorf("%s %s: botocore: %s\n%s", jobs[i].Service, jobs[i].Operation, result.Error, jobs[i].Body)
		}
	}
	return results
}

// runBotocore gives each job to a script, a line each, and returns its answers.
func runBotocore[Result, Job any](t *testing.T, script string, jobs []Job) []Result {
	t.Helper()
	var index TableIndex
	if err := openCatalog(t).read("index.json", &index); err != nil {
		t.Fatal(err)
	}
	version, err := exec.Command("python3", "-c", "import botocore; print('botocore', botocore.__version__, end='')").Output()
	if err != nil || string(version) != index.Source {
		t.Skipf("python3 has %q, the table was made from %q", version, index.Source)
	}
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, job := range jobs {
		if err := enc.Encode(job); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "python3", "-B", script)
	var complaints bytes.Buffer
	cmd.Stdin, cmd.Stderr = &in, &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.Bytes())
	}
	dec := json.NewDecoder(bytes.NewReader(out))
	dec.UseNumber()
	results := make([]Result, len(jobs))
	for i := range results {
		if err := dec.Decode(&results[i]); err != nil {
			t.Fatal(err)
		}
	}
	return results
}

func TestBotocoresRequestsAreUnderstood(t *testing.T) {
	var jobs []*botocoreJob
	for p := range speakers {
		forEachOperation(t, p, func(t *testing.T, r *rand.Rand, op *Operation) {
			if op.Input == nil {
				return
			}
			root := &Member{Shape: op.Input}
			if p == RestXML {
				if root = xmlPart(&op.InputRoot); root == nil {
					return
				}
			}
			want := asBotocoreSends(p, generateValue(r, op.Input, 5).(map[string]any))
			want = without(&Member{Shape: op.Input}, want, isShadowed).(map[string]any)
			jobs = append(jobs, &botocoreJob{Service: op.Service.ID, Operation: op.Name, Protocol: p,
				Value: toPython(want), op: op, root: root, want: want})
		})
	}
	for i, result := range askBotocore(t, jobs) {
		job := jobs[i]
		if result.Error != "" {
			continue
		}
		got, err := job.decodeRequest(result.Body)
		if err != nil {
			t.Errorf("%s %s: %v\nof %s", job.Service, job.Operation, err, result.Body)
			continue
		}
		want := job.want
		switch job.Protocol {
		case Query, EC2:
			want, _ = pruned(want, job.Protocol == EC2)
			if want == nil {
				want = map[string]any{}
			}
		case RestXML:
			want = without(&Member{Shape: job.op.Input}, want, emptyFlat)
			if job.root.Shape != job.op.Input {
				want = want.(map[string]any)[job.root.Name]
			} else if onlyBody(job.root.Shape, want.(map[string]any)); got == nil {
				got = map[string]any{} // of no body
			}
		}
		wantEqual(t, job.Service+" "+job.Operation, got, want)
	}
}

func (job *botocoreJob) decodeRequest(body []byte) (any, error) {
	switch job.Protocol {
	case RPCv2:
		return decodeCBOR(job.op.Input, body)
	case RestXML:
		if len(body) == 0 {
			return nil, nil
		}
		return decodeXMLBody(job.root, body)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	delete(form, "Action")
	delete(form, "Version")
	if job.Protocol == EC2 {
		return decodeEC2Query(job.op, form)
	}
	return decodeQuery(job.op, form)
}

func TestBotocoreUnderstandsAnswers(t *testing.T) {
	var jobs []*botocoreJob
	for p := range speakers {
		forEachOperation(t, p, func(t *testing.T, r *rand.Rand, op *Operation) {
			if op.Output == nil || unwrapped[op.Output.Name] {
				return
			}
			root := &Member{Shape: op.Output}
			if p == RestXML {
				if root = xmlPart(root); root == nil {
					return
				}
			}
			v := generateStructure(r, root.Shape, 5)
			if p != RPCv2 {
				v = without(root, without(root, v, isShadowed), emptyFlat).(map[string]any)
			}
			job := &botocoreJob{Service: op.Service.ID, Operation: op.Name, Protocol: p, Status: 200, op: op, root: root, want: v}
			var err error
			switch p {
			case RPCv2:
				job.Body, err = encodeCBOR(op.Output, v)
			case RestXML:
				onlyBody(root.Shape, v)
				job.Body, err = encodeXMLBody(*root, v)
			default:
				job.Body, err = encodeXMLAnswer(op, p, v, "id")
			}
			if err != nil {
				t.Fatalf("%s: %v", op.Name, err)
			}
			jobs = append(jobs, job)
		})
	}
	for i, result := range askBotocore(t, jobs) {
		job := jobs[i]
		if result.Error != "" {
			continue
		}
		got := result.Value
		if job.root.Shape != job.op.Output {
			got = got.(map[string]any)[job.root.Name]
		}
		wantEqual(t, job.Service+" "+job.Operation, fromPython(got), job.want)
	}
}

func TestBotocoreUnderstandsErrors(t *testing.T) {
	var jobs []*botocoreJob
	for id, p := range map[string]Protocol{"iam": Query, "sdb": Query, "ec2": EC2, "s3": RestXML, "route53": RestXML} {
		svc, err := openCatalog(t).Service(id)
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, &botocoreJob{Service: id, Operation: svc.Operations[0].Name, Protocol: p, Status: 400,
			Body: encodeXMLError(svc, p, &Error{Code: "Throttling", Message: "a < b"}, "id-1")})
	}
	for i, result := range askBotocore(t, jobs) {
		parsed, _ := result.Value.(map[string]any)
		e, _ := parsed["Error"].(map[string]any)
		metadata, _ := parsed["ResponseMetadata"].(map[string]any)
		// botocore takes S3's id from a header, and SimpleDB's not at all.
		inBody := jobs[i].Service != "s3" && jobs[i].Service != "sdb"
		if e["Code"] != "Throttling" || e["Message"] != "a < b" || inBody && metadata["RequestId"] != "id-1" {
			t.Errorf("%s: botocore has %v of %s", jobs[i].Service, parsed, jobs[i].Body)
		}
	}
}

// xmlPart is the part of a REST message that is its XML body, or nil.
func xmlPart(root *Member) *Member {
	if payload := root.Shape.Member(root.Shape.Payload); payload != nil {
		if payload.Shape.Kind != Structure || payload.Shape.EventStream {
			return nil
		}
		return payload
	}
	for _, m := range root.Shape.Members {
		if m.Location == "" {
			return root
		}
	}
	return nil
}

func onlyBody(s *Shape, v map[string]any) {
	for _, m := range s.Members {
		if m.Location != "" {
			delete(v, m.Name)
		}
	}
}

// asBotocoreSends takes from a value what botocore loses: fractions of seconds
// in CBOR, carriage returns in XML.
func asBotocoreSends(p Protocol, v map[string]any) map[string]any {
	return changed(v, func(v any) any {
		switch v := v.(type) {
		case time.Time:
			if p == RPCv2 {
				return v.Truncate(time.Second)
			}
		case string:
			if p == RestXML {
				return strings.ReplaceAll(v, "\r", "r")
			}
		}
		return v
	}).(map[string]any)
}

func changed(v any, change func(any) any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name := range v {
			out[change(name).(string)] = changed(v[name], change)
		}
		return out
	case []any:
		for i := range v {
			v[i] = changed(v[i], change)
		}
		return v
	}
	return change(v)
}

// pruned is a value without the empty structures and maps, and, for EC2, empty
// lists, that botocore does not send in a form.
func pruned(v any, emptyLists bool) (kept any, ok bool) {
	switch v := v.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, value := range v {
			if value, ok := pruned(value, emptyLists); ok {
				kept[name] = value
			}
		}
		return kept, len(kept) > 0
	case []any:
		kept := []any{}
		for _, item := range v {
			if item, ok := pruned(item, emptyLists); ok {
				kept = append(kept, item)
			}
		}
		return kept, len(kept) > 0 || len(v) == 0 && !emptyLists
	}
	return v, true
}

// toPython and fromPython are the interchange with testdata/as_botocore.py.
func toPython(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for name := range v {
			m[name] = toPython(v[name])
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = toPython(v[i])
		}
		return list
	case []byte:
		return map[string]string{"$b": base64.StdEncoding.EncodeToString(v)}
	case time.Time:
		return map[string]int64{"$t": v.UnixMilli()}
	case float64:
		return map[string]string{"$f": strconv.FormatFloat(v, 'g', -1, 64)}
	}
	return v
}

func fromPython(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if text, ok := v["$b"].(string); ok {
			b, _ := base64.StdEncoding.DecodeString(text)
			return b
		}
		if n, ok := v["$t"].(json.Number); ok {
			ms, _ := n.Int64()
			return time.UnixMilli(ms).UTC()
		}
		if text, ok := v["$f"].(string); ok {
			f, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return math.NaN()
			}
			return f
		}
		m := make(map[string]any, len(v))
		for name := range v {
			m[name] = fromPython(v[name])
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = fromPython(v[i])
		}
		return list
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return fmt.Sprintf("not an integer: %s", v)
		}
		return n
	}
	return v
}
