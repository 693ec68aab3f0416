package gateway

import (
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// requestIDHeaders carry a request's id in an answer, by protocol.
var requestIDHeaders = []string{"X-Amzn-Requestid", "X-Amz-Request-Id", "X-Amzn-Request-Id"}

// requestIDElement is where Query, EC2 and S3 answers have it.
var requestIDElement = regexp.MustCompile(`<[Rr]equestI[dD]>([0-9A-Za-z-]{1,128})</[Rr]equestI[dD]>`)

// answeredRequestID is the id by which the client knows the call: the one in the
// answer that it gets. It is empty where the answer has none.
func answeredRequestID(a *Answer, p awsapi.Protocol) string {
	for _, name := range requestIDHeaders {
		if id := a.Header.Get(name); id != "" {
			return id
		}
	}
	if p == awsapi.Query || p == awsapi.EC2 || p == awsapi.RestXML {
		// It stands near the beginning of EC2's answers and at the end of
		// the others'.
		const near = 4096
		for _, part := range [][]byte{a.Body[:min(near, len(a.Body))], a.Body[max(0, len(a.Body)-near):]} {
			if m := requestIDElement.FindSubmatch(part); m != nil {
				return string(m[1])
			}
		}
	}
	return ""
}

// noteRequest keeps what S3 records of a request.
func (x *exchange) noteRequest() {
	h := &x.call.HTTP
	h.Host, h.Query = x.http.Host, x.http.URL.Query()
	if x.signatureErr == nil {
		h.SignatureVersion, h.AuthMethod = "SigV4", "AuthHeader"
		if x.signature.Presigned {
			h.AuthMethod = "QueryString"
		}
		if x.version2 != nil {
			h.SignatureVersion = "SigV2"
		}
	}
	h.BytesIn = max(0, x.http.ContentLength)
	if x.request.Stream != nil {
		h.BytesIn = max(0, x.request.Length)
	}
}

// noteAnswer keeps what S3 and STS record of an answer.
func (x *exchange) noteAnswer(a *Answer) {
	h := &x.call.HTTP
	x.noteExtendedID(a)
	if x.http.Method == http.MethodHead {
		return
	}
	if h.BytesOut = int64(len(a.Body)); a.Stream != nil {
		h.BytesOut = max(0, a.Length)
	}
}

// send writes the answer. Whatever happens to it on its way changes nothing: it
// is recorded.
func (x *exchange) send(a *Answer) {
	if a.Stream != nil {
		defer a.Stream.Close()
	}
	header := x.writer.Header()
	for name, values := range a.Header {
		header[onTheWire(name)] = values
	}
	if _, ok := header["Content-Type"]; !ok {
		header["Content-Type"] = nil // keeps net/http from guessing one
	}
	if a.Stream == nil && x.http.Method != http.MethodHead && bodyAllowed(a.Status) {
		header.Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	err := x.writer.extend()
	x.writer.WriteHeader(a.Status)
	switch {
	case err != nil: // the connection is gone
	case a.Stream != nil:
		_, err = io.Copy(&flushingWriter{x.writer}, a.Stream)
	case len(a.Body) > 0 && x.http.Method != http.MethodHead:
		_, err = x.writer.Write(a.Body)
	}
	if err != nil {
		x.gateway.Logger.Debug("an answer was not taken whole",
			slog.String("requestID", x.call.RequestID), slog.Any("error", err),
			slog.Duration("after", time.Since(x.started)))
		// Ends the connection, so that the client cannot take a part for
		// the whole.
		panic(http.ErrAbortHandler)
	}
}

// onTheWire is a header's name as S3 spells it, where that matters: clients show
// their users the names of user metadata, and net/http has changed their case.
func onTheWire(name string) string {
	if strings.HasPrefix(name, "X-Amz-Meta-") {
		return strings.ToLower(name)
	}
	return name
}

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// flushingWriter passes each piece of a stream on at once: events in it may be
// far apart.
type flushingWriter struct{ *patientWriter }

func (f *flushingWriter) Write(b []byte) (int, error) {
	n, err := f.patientWriter.Write(b)
	if err == nil {
		err = f.control.Flush()
	}
	return n, err
}
