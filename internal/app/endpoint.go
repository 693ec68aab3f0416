package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Endpoint is DATA/endpoint.json: where a running server is.
type Endpoint struct {
	URL     string `json:"url"`
	Region  string `json:"region"`
	Account string `json:"account"`
	// CABundle is the certificate file of a server with TLS.
	CABundle string `json:"caBundle,omitempty"`
	PID      int    `json:"pid"`
	// VPCEndpoints are its VPC endpoints, in the order of the configuration.
	VPCEndpoints []EndpointVPC `json:"vpcEndpoints,omitempty"`
	// InstanceMetadata is the URL of the instances' metadata service.
	InstanceMetadata string `json:"instanceMetadata,omitempty"`
}

// EndpointVPC is where a VPC endpoint is.
type EndpointVPC struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}

const endpointFile = "endpoint.json"

// ReadEndpoint reads where the server of a data directory is.
func ReadEndpoint(data string) (Endpoint, error) {
	var e Endpoint
	b, err := os.ReadFile(filepath.Join(data, endpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return e, fmt.Errorf("no server has run in %s yet; start one with: cairn serve --data %s", data, data)
	}
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(b, &e); err != nil {
		return e, fmt.Errorf("read %s: %w", endpointFile, err)
	}
	return e, nil
}

// Running reports whether something answers at the address.
func (e Endpoint) Running() bool {
	u, err := url.Parse(e.URL)
	if err != nil {
		return false
	}
	conn, err := net.DialTimeout("tcp", u.Host, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
