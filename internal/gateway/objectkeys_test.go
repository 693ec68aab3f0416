package gateway

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// objectStoreFunc is an ObjectStore.
type objectStoreFunc func(*http.Request) (*http.Response, error)

func (f objectStoreFunc) Forward(_ context.Context, _ string, r *http.Request) (*http.Response, error) {
	return f(r)
}

func TestObjectsThatTheStoreWouldTakeForOthersAreRefused(t *testing.T) {
	var calls int
	f := newFront(t, Objects(objectStoreFunc(func(r *http.Request) (*http.Response, error) {
		calls++
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}, nil
	}), Limits{}))
	put := func(key string) request {
		return request{service: "s3", operation: "PutObject", params: map[string]any{"Bucket": "bucket", "Key": key}, key: testKey}
	}
	copied := func(source string) request {
		r := put("k")
		r.operation, r.params["CopySource"] = "CopyObject", source
		return r
	}
	for key, code := range map[string]string{
		"a": "", "a/b.c/..d/.e": "", "folder/": "", "new\nline": "",
		"./a": "InvalidArgument", "a/./b": "InvalidArgument", "a/..": "InvalidArgument", "../a": "InvalidArgument",
		"/a": "InvalidArgument", "a//b": "InvalidArgument", "a//": "InvalidArgument", "/": "InvalidArgument",
		".sgwtmp/a": "InvalidArgument", "a\x00b": "InvalidURI", "\xff": "InvalidURI",
	} {
		calls = 0
		a := f.do(f.http(put(key)))
		if want := code == ""; (calls == 1) != want || !strings.Contains(a.body, code) {
			t.Errorf("%q: %d calls, answer %d %s", key, calls, a.status, a.body)
		}
	}
	calls = 0
	f.do(f.http(copied("bucket/a//b"))).mustHave(t, 400, "InvalidArgument")
	f.do(f.http(copied("/bucket/a%2F%2E%2Fb?versionId=1"))).mustHave(t, 400, "InvalidArgument")
	several := request{service: "s3", operation: "DeleteObjects", key: testKey, params: map[string]any{
		"Bucket": "bucket", "Delete": map[string]any{"Objects": []any{map[string]any{"Key": "a"}, map[string]any{"Key": "./a"}}},
	}}
	f.do(f.http(several)).mustHave(t, 400, "InvalidArgument")
	if calls != 0 {
		t.Errorf("%d were handed over", calls)
	}
	f.do(f.http(copied("bucket/a/b?versionId=1"))).mustHave(t, 200, "")
}
