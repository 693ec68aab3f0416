package gateway

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"
)

// Answers of S3 and of STS have a second id, which their events repeat.
const (
	s3ExtendedID  = "X-Amz-Id-2"
	stsExtendedID = "X-Amz-Sts-Extended-Request-Id"
)

// noteExtendedID keeps the answer's second id. An answer of Cairn's own STS gets
// its here; an upstream's stays as it is.
func (x *exchange) noteExtendedID(a *Answer) {
	id := a.Header.Get(s3ExtendedID)
	if x.serviceID() == "sts" {
		if id = a.Header.Get(stsExtendedID); id == "" && !x.passedOn {
			id = newSTSExtendedID(x.call.Region, x.started)
			if a.Header == nil {
				a.Header = http.Header{}
			}
			a.Header.Set(stsExtendedID, id)
		}
	}
	x.call.HTTP.ExtendedID = id
}

// newSTSExtendedID makes an id as those of STS are: "1:us-east-1:S:…" with the
// time in milliseconds and eight letters and digits, in base 64.
func newSTSExtendedID(region string, at time.Time) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "1:%s:S:%d:R:%.8s", region, at.UnixMilli(), rand.Text()))
}
