package durable_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/durable/faultfs"
)

// operations are all that the package does, with the calls that its comments
// promise: what must have happened, in this order.
var operations = []struct {
	name  string
	do    func(fsys durable.FS, dir string) error
	calls []string
	// trace is calls as strace shows them.
	trace []string
}{
	{
		name: "Append",
		do: func(fsys durable.FS, dir string) error {
			f, err := fsys.OpenFile(filepath.Join(dir, "old"), os.O_RDWR, 0)
			if err != nil {
				return err
			}
			return errors.Join(durable.Append(f, []byte("more"), 3), f.Close())
		},
		calls: []string{"write old", "datasync old"},
		trace: []string{"pwrite64 old", "fdatasync old"},
	},
	{
		name: "Replace",
		do: func(fsys durable.FS, dir string) error {
			return durable.WriteFile(fsys, filepath.Join(dir, "old"), []byte("new"), 0o600)
		},
		calls: []string{"create old.tmp", "write old.tmp", "sync old.tmp", "rename old", "syncdir d"},
		trace: []string{"openat old.tmp", "write old.tmp", "fsync old.tmp", "close old.tmp", "rename old", "fsync d"},
	},
	{
		name: "Create",
		do: func(fsys durable.FS, dir string) error {
			return durable.Create(fsys, filepath.Join(dir, "fresh"), 0o600, func(f durable.File) error {
				_, err := f.Write([]byte("new"))
				return err
			})
		},
		calls: []string{"create fresh", "write fresh", "sync fresh", "syncdir d"},
		trace: []string{"openat fresh", "write fresh", "fsync fresh", "close fresh", "fsync d"},
	},
	{
		name:  "Remove",
		do:    func(fsys durable.FS, dir string) error { return durable.Remove(fsys, filepath.Join(dir, "old")) },
		calls: []string{"remove old", "syncdir d"},
		trace: []string{"unlinkat old", "fsync d"},
	},
	{
		name: "MkdirAll",
		do: func(fsys durable.FS, dir string) error {
			return durable.MkdirAll(fsys, filepath.Join(dir, "a/b"), 0o700)
		},
		calls: []string{"mkdir b", "syncdir a", "syncdir d"},
		trace: []string{"mkdirat b", "fsync a", "fsync d"},
	},
}

// prepare makes the directory that the operations work on.
func prepare(t *testing.T, fsys durable.FS, dir string) {
	t.Helper()
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(fsys, filepath.Join(dir, "old"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// subsequence reports whether want appears in got in order.
func subsequence(got, want []string) bool {
	for _, g := range got {
		if len(want) > 0 && g == want[0] {
			want = want[1:]
		}
	}
	return len(want) == 0
}

func TestOperationsMakeTheCallsThatTheyPromise(t *testing.T) {
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			fsys := faultfs.New(nil)
			prepare(t, fsys, "/d")
			var got []string
			fsys.SetHook(func(o faultfs.Op) faultfs.Fault {
				got = append(got, o.String())
				return faultfs.Fault{}
			})
			if err := op.do(fsys, "/d"); err != nil {
				t.Fatal(err)
			}
			if !subsequence(got, op.calls) {
				t.Errorf("calls are\n%q, want in it\n%q", got, op.calls)
			}
		})
	}
}

// TestFailedCallsAreReported fails each call of each operation in turn: the
// operation must fail as well, and a file that is replaced must be whole.
func TestFailedCallsAreReported(t *testing.T) {
	injected := errors.New("injected")
	for _, op := range operations {
		for _, call := range op.calls {
			t.Run(op.name+"/"+call, func(t *testing.T) {
				fsys := faultfs.New(nil)
				prepare(t, fsys, "/d")
				fsys.SetHook(func(o faultfs.Op) faultfs.Fault {
					if o.String() == call {
						return faultfs.Fault{Err: injected}
					}
					return faultfs.Fault{}
				})
				if err := op.do(fsys, "/d"); !errors.Is(err, injected) {
					t.Errorf("error is %v", err)
				}
				names, err := fsys.ReadDir("/d")
				if err != nil {
					t.Fatal(err)
				}
				if slices.Contains(names, "old.tmp") && call != "rename old" {
					t.Errorf("a temporary file is left: %q", names)
				}
				if op.name == "Replace" {
					if got := content(t, fsys, "/d/old"); got != "old" && got != "new" {
						t.Errorf("the file holds %q", got)
					}
				}
			})
		}
	}
}

func content(t *testing.T, fsys durable.FS, path string) string {
	t.Helper()
	f, err := fsys.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, size)
	if _, err := f.ReadAt(p, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return string(p)
}

const traceEnv = "CAIRN_DURABLE_TRACE"

func TestMain(m *testing.M) {
	dir, ok := os.LookupEnv(traceEnv)
	if !ok {
		os.Exit(m.Run())
	}
	for _, op := range operations {
		if op.name == os.Getenv(traceEnv+"_OP") {
			if err := op.do(durable.OS{}, dir); err != nil {
				panic(err)
			}
		}
	}
}

// TestSystemCalls watches the operations from outside, on the real file system.
func TestSystemCalls(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "d")
			prepare(t, durable.OS{}, dir)
			out := filepath.Join(t.TempDir(), "trace")
			cmd := exec.Command(strace, "-f", "-y", "-o", out,
				"-e", "trace=openat,write,pwrite64,fsync,fdatasync,close,rename,renameat,renameat2,unlinkat,mkdirat", exe)
			cmd.Env = append(os.Environ(), traceEnv+"="+dir, traceEnv+"_OP="+op.name)
			if msg, err := cmd.CombinedOutput(); err != nil {
				if strings.Contains(string(msg), "ptrace") {
					t.Skipf("strace may not trace here: %s", msg)
				}
				t.Fatalf("%v: %s", err, msg)
			}
			trace, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			got := parseTrace(string(trace), dir)
			if !subsequence(got, op.trace) {
				t.Errorf("system calls are\n%q, want in it\n%q", got, op.trace)
			}
		})
	}
}

var callPattern = regexp.MustCompile(`^\d+ +(\w+)\((.*)`)

// parseTrace returns the calls that concern files under dir, each with the last
// of the files that it names.
func parseTrace(trace, dir string) []string {
	path := regexp.MustCompile(regexp.QuoteMeta(dir) + `(/[\w./-]+)?`)
	var calls []string
	for line := range strings.Lines(trace) {
		m := callPattern.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		args, result, _ := strings.Cut(m[2], ") = ")
		if strings.HasPrefix(result, "-1") {
			continue
		}
		if paths := path.FindAllString(args, -1); len(paths) > 0 {
			name := strings.TrimSuffix(strings.TrimSuffix(m[1], "at2"), "at")
			if m[1] != "renameat" && m[1] != "renameat2" {
				name = m[1]
			}
			calls = append(calls, name+" "+filepath.Base(paths[len(paths)-1]))
		}
	}
	return calls
}

func TestLockKeepsOthersOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "LOCK")
	l, err := durable.OS{}.Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (durable.OS{}).Lock(path); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("second lock: %v, want ErrLocked", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l, err = durable.OS{}.Lock(path)
	if err != nil {
		t.Fatalf("lock that was given up: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
