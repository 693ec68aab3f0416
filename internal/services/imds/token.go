package imds

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strconv"
	"time"
)

// The headers of tokens, and how long tokens last at most ("Use the Instance
// Metadata Service to access instance metadata", EC2 User Guide).
const (
	tokenHeader = "X-Aws-Ec2-Metadata-Token"
	ttlHeader   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	longestTTL  = 6 * time.Hour
)

// giveToken answers a request for a token. One that came through a proxy gets
// none, as with AWS: an open proxy on an instance would hand out its role. Nor does
// one of a web page, which browsers mark so even where a name leads here that the
// page's server has made its own.
func (r *request) giveToken(w http.ResponseWriter, hr *http.Request) {
	if hr.Header.Get("X-Forwarded-For") != "" || hr.Header.Get("Origin") != "" {
		fail(w, http.StatusForbidden)
		return
	}
	seconds, err := strconv.Atoi(hr.Header.Get(ttlHeader))
	if err != nil || seconds < 1 || seconds > int(longestTTL.Seconds()) {
		fail(w, http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set(ttlHeader, strconv.Itoa(seconds))
	ends := time.Now().Add(time.Duration(seconds) * time.Second)
	_, _ = w.Write([]byte(r.token(r.instance.ID, ends)))
}

// token is good for an instance until a time: the time, and a code of both.
func (s *Server) token(id string, ends time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(ends.UnixNano()))
	return base64.URLEncoding.EncodeToString(s.code(b, id).Sum(b))
}

func (s *Server) code(ends []byte, id string) interface{ Sum([]byte) []byte } {
	h := hmac.New(sha256.New, s.options.TokenKey)
	h.Write(ends)
	h.Write([]byte(id))
	return h
}

// admitted reports whether the request may read, and notes which version of the
// service it uses. A wrong token is refused even where none is needed.
func (r *request) admitted(hr *http.Request) bool {
	given, ok := hr.Header[tokenHeader]
	if !ok {
		r.delivery = versionOne
		return !r.instance.TokenRequired
	}
	r.delivery = versionTwo
	b, err := base64.URLEncoding.DecodeString(given[0])
	if err != nil || len(b) != 8+sha256.Size {
		return false
	}
	ends := time.Unix(0, int64(binary.BigEndian.Uint64(b[:8])))
	return hmac.Equal(b[8:], r.code(b[:8], r.instance.ID).Sum(nil)) && time.Now().Before(ends)
}
