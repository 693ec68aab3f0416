package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cairn-audit/cairn/internal/app"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cairn": main})
}

// TestScripts runs the real binary, with the real AWS CLI where it is installed:
// such scripts begin with "[!exec:aws] skip".
func TestScripts(t *testing.T) {
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: os.Getenv("CAIRN_UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			// Version managers find their programs below the real home;
			// the AWS CLI's own configuration stays out of the tests.
			e.Setenv("HOME", home)
			e.Setenv("AWS_CONFIG_FILE", filepath.Join(e.WorkDir, "no-aws-config"))
			e.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(e.WorkDir, "no-aws-credentials"))
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			e.Setenv("AWS_PAGER", "")
			e.Setenv("AWS_MAX_ATTEMPTS", "1")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"ready":    cmdReady,
			"stop":     cmdStop,
			"event":    cmdEvent,
			"fetch":    cmdFetch,
			"recorded": cmdRecorded,
			"until":    cmdUntil,
		},
	})
}

// cmdReady waits until the server of a data directory answers, and points the
// AWS CLI at it: ready [DIR].
func cmdReady(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs("data")
	if len(args) > 0 {
		dir = ts.MkAbs(args[0])
	}
	var at app.Endpoint
	deadline := time.Now().Add(time.Minute)
	for {
		var err error
		if at, err = app.ReadEndpoint(dir); err == nil && at.Running() {
			break
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no server is ready in %s: %v", dir, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	key, err := app.ReadCredentials(dir, false)
	ts.Check(err)
	ts.Setenv("AWS_ENDPOINT_URL", at.URL)
	ts.Setenv("AWS_ACCESS_KEY_ID", key.AccessKeyID)
	ts.Setenv("AWS_SECRET_ACCESS_KEY", key.SecretAccessKey)
	ts.Setenv("AWS_DEFAULT_REGION", at.Region)
	ts.Setenv("AWS_CA_BUNDLE", at.CABundle)
}

// cmdStop asks the server of a data directory to stop, as a service manager does:
// stop [DIR].
func cmdStop(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs("data")
	if len(args) > 0 {
		dir = ts.MkAbs(args[0])
	}
	at, err := app.ReadEndpoint(dir)
	ts.Check(err)
	server, err := os.FindProcess(at.PID)
	ts.Check(err)
	ts.Check(server.Signal(syscall.SIGTERM))
}

// cmdEvent reads the answer of lookup-events from stdout of the last command and
// checks its newest event: event path=value …, where a path is a name of the
// record's members with dots between them, and a value is JSON or a plain
// string; path=* means that it is there and not null. With "!", there must be no
// event at all.
func cmdEvent(ts *testscript.TestScript, neg bool, args []string) {
	var page struct {
		Events []struct{ CloudTrailEvent string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &page))
	if neg {
		if len(page.Events) > 0 {
			ts.Fatalf("there are %d events", len(page.Events))
		}
		return
	}
	if len(page.Events) == 0 {
		ts.Fatalf("there is no event")
	}
	var record any
	ts.Check(json.Unmarshal([]byte(page.Events[0].CloudTrailEvent), &record))
	for _, arg := range args {
		path, want, ok := strings.Cut(arg, "=")
		if !ok {
			ts.Fatalf("%q is not path=value", arg)
		}
		got, there := member(record, path)
		text := fmt.Sprint(got)
		if b, err := json.Marshal(got); err == nil {
			if _, isText := got.(string); !isText {
				text = string(b)
			}
		}
		if want == "*" && (!there || got == nil) || want != "*" && text != want {
			ts.Fatalf("%s is %s, want %s, in\n%s", path, text, want, page.Events[0].CloudTrailEvent)
		}
	}
}

// cmdRecorded finds the newest event of a name with the AWS CLI and checks it:
// recorded NAME path=value ….
func cmdRecorded(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: recorded NAME path=value …")
	}
	ts.Check(ts.Exec("aws", "cloudtrail", "lookup-events", "--max-results", "1", "--no-paginate",
		"--lookup-attributes", "AttributeKey=EventName,AttributeValue="+args[0]))
	cmdEvent(ts, false, append([]string{"eventName=" + args[0]}, args[1:]...))
}

// cmdUntil runs a command again and again until its output matches, for a minute
// or as long as it is told: until [-DURATION] REGEXP PROGRAM ….
func cmdUntil(ts *testscript.TestScript, neg bool, args []string) {
	patience := time.Minute
	if len(args) > 0 && strings.HasPrefix(args[0], "-") {
		var err error
		patience, err = time.ParseDuration(args[0][1:])
		ts.Check(err)
		args = args[1:]
	}
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until [-DURATION] REGEXP PROGRAM …")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	deadline := time.Now().Add(patience)
	// Each try of the AWS CLI costs more than half a second of a processor.
	for pause := 200 * time.Millisecond; ; pause = min(pause*3/2, 2*time.Second) {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("in %v nothing matched %s: %v\n%s%s", patience, args[0], err, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
		}
		time.Sleep(pause)
	}
}

// cmdFetch gets a URL, which it reads from a file, or as cmp does from stdout of
// the last command, and makes the answer's body stdout: fetch FILE [OLD=NEW …].
// Each OLD in the URL is replaced first. With "!", the answer must be an error.
func cmdFetch(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: fetch FILE [OLD=NEW …]")
	}
	target := strings.TrimSpace(ts.ReadFile(args[0]))
	for _, change := range args[1:] {
		before, after, ok := strings.Cut(change, "=")
		if !ok || !strings.Contains(target, before) {
			ts.Fatalf("%q changes nothing in %s", change, target)
		}
		target = strings.ReplaceAll(target, before, after)
	}
	client := http.Client{Timeout: 20 * time.Second}
	answer, err := client.Get(target)
	ts.Check(err)
	defer answer.Body.Close()
	_, err = io.Copy(ts.Stdout(), answer.Body)
	ts.Check(err)
	if failed := answer.StatusCode >= 400; failed != neg {
		ts.Fatalf("%s answers %s", target, answer.Status)
	}
}

// member follows a path of names, and of indexes of lists.
func member(v any, path string) (any, bool) {
	for name := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = at[name]; !ok {
				return nil, false
			}
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i < 0 || i >= len(at) {
				return nil, false
			}
			v = at[i]
		default:
			return nil, false
		}
	}
	return v, true
}
