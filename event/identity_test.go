package event

import (
	"strings"
	"testing"
)

func TestAnEmptyAccessKeyIsWrittenWhereItIsAskedFor(t *testing.T) {
	for _, test := range []struct {
		identity UserIdentity
		want     string
	}{
		{UserIdentity{Type: IAMUser, UserName: "ana"}, `{"type":"IAMUser","userName":"ana"}`},
		{UserIdentity{Type: IAMUser, UserName: "ana", EmptyAccessKey: true}, `{"type":"IAMUser","accessKeyId":"","userName":"ana"}`},
		{UserIdentity{Type: IAMUser, AccessKeyID: "AKIAEXAMPLE", EmptyAccessKey: true}, `{"type":"IAMUser","accessKeyId":"AKIAEXAMPLE"}`},
	} {
		e := Event{UserIdentity: &test.identity}
		if got := string(e.AppendJSON(nil)); !strings.Contains(got, `"userIdentity":`+test.want+`,`) {
			t.Errorf("got %s, want %s in it", got, test.want)
		}
	}
}
