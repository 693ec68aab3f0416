package awsapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestRequestsOfTooManyPartsAreRefused(t *testing.T) {
	catalog := openCatalog(t)
	form := http.Header{"Content-Type": {formType}}
	amz := func(target string) http.Header {
		return http.Header{"X-Amz-Target": {target}, "Content-Type": {"application/x-amz-json-1.0"}}
	}
	for _, test := range []struct {
		name, service string
		request       Request
		code, says    string
	}{
		{"a form", "iam", Request{Method: "POST", Path: "/", Header: form,
			Body: []byte("Action=CreateUser" + strings.Repeat("&a", maxFormFields))}, "MalformedQueryString", "too many parameters"},
		{"a query", "s3", Request{Method: "GET", Path: "/b/k", Header: http.Header{},
			RawQuery: strings.Repeat("a&", maxFormFields)}, "InvalidArgument", "too many parameters"},
		{"JSON", "dynamodb", Request{Method: "POST", Path: "/", Header: amz("DynamoDB_20120810.PutItem"),
			Body: []byte(`{"x":["` + `[,\"{` + `"` + strings.Repeat(",1", maxJSONValues) + `]}`)}, "SerializationException", "more than 1000000 values"},
	} {
		found, err := catalog.Find(test.service, &test.request)
		if err == nil {
			_, err = found.Decode(&test.request)
		}
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Code != test.code || !strings.Contains(refusal.Message, test.says) {
			t.Errorf("%s: got %v, want %s that says %q", test.name, err, test.code, test.says)
		}
	}
}

func TestPartsWithinStringsDoNotCount(t *testing.T) {
	for body, want := range map[string]int{
		``: 0, `{}`: 1, `[1,2]`: 2, `{"a,[{":"\",,"}`: 1, `"\\",`: 1, `"cut off,,`: 0, `"\`: 0,
	} {
		if got := atLeastJSONValues([]byte(body)); got != want {
			t.Errorf("%s: got %d, want %d", body, got, want)
		}
	}
}
