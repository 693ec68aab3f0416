package sigv4

import (
	"net/http"
	"reflect"
	"testing"
)

func TestUnpresignGivesWhatAURLStandsFor(t *testing.T) {
	const version4 = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260101&X-Amz-Date=20260101T000000Z" +
		"&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=sig"
	for _, test := range []struct {
		name, query string
		sent, want  http.Header
		rest        string
	}{
		{"nothing", "", nil, http.Header{}, ""},
		{"Version 4", version4, nil, http.Header{}, ""},
		{"Version 2", "AWSAccessKeyId=AKIA&Signature=a%2Bb%3D&Expires=1", nil, http.Header{}, ""},
		{"a service's own parameters", "Expires=1&Signature=x&" + version4, nil, http.Header{}, "Expires=1&Signature=x"},
		{"parameters as they were sent", "b=%2f+%20&acl&" + version4 + "&a=&x-id=PutObject", nil, http.Header{}, "b=%2f+%20&acl&a=&x-id=PutObject"},
		{"headers", "x-amz-acl=private&X-Amz-Security-Token=a%2Bb&x-amz-sdk-checksum-algorithm=CRC32&%78-amz-meta-a=b+c", nil,
			http.Header{"X-Amz-Acl": {"private"}, "X-Amz-Security-Token": {"a+b"}, "X-Amz-Meta-A": {"b c"}}, ""},
		{"a header that is sent", "x-amz-acl=private&x-amz-meta-a=1&x-amz-meta-a=2", http.Header{"X-Amz-Acl": {"public-read"}, "Range": {"x"}},
			http.Header{"X-Amz-Acl": {"public-read"}, "Range": {"x"}, "X-Amz-Meta-A": {"1", "2"}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := test.sent.Clone()
			header, rest := Unpresign(test.sent, test.query)
			if !reflect.DeepEqual(header, test.want) || rest != test.rest {
				t.Errorf("%v, %q\nwant %v, %q", header, rest, test.want, test.rest)
			}
			if !reflect.DeepEqual(test.sent, before) {
				t.Errorf("the request's own headers changed to %v", test.sent)
			}
		})
	}
}
