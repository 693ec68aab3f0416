package awsapi

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxInflated bounds a body after decompression. No request of the services
// whose clients compress (CloudWatch's PutMetricData) is larger than 1 MB.
const maxInflated = 16 << 20

var errInflated = errors.New("the body is not gzip, though its Content-Encoding says so")

// plainBody returns the body without the compression that a client has put on
// it, in which SDKs send large requests of some services.
func (r *Request) plainBody() ([]byte, error) {
	if len(r.Body) == 0 || !strings.EqualFold(strings.TrimSpace(r.Header.Get("Content-Encoding")), "gzip") {
		return r.Body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errInflated, err)
	}
	body, err := io.ReadAll(io.LimitReader(z, maxInflated+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errInflated, err)
	}
	if len(body) > maxInflated {
		return nil, fmt.Errorf("the body is more than %d bytes without its compression", maxInflated)
	}
	return body, nil
}
