package gateway

import (
	"net/http"
	"strings"
)

// continueEmpty answers an expectation of 100 Continue of a request that has no
// body. net/http answers it when the body is read, so never for these; that is
// allowed, but botocore then misreads the answer to its next request on the
// connection and waits for a body that does not come. S3 answers it, too.
func continueEmpty(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 && r.ProtoMajor == 1 && r.ProtoAtLeast(1, 1) &&
		strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		w.WriteHeader(http.StatusContinue)
	}
}
