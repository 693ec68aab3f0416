// Package imds is the metadata service of the sandbox's EC2 instances: what a
// program on an instance asks to learn where it is, and to get the credentials of
// the instance's role. Its calls are no API calls and leave no events, as in AWS;
// that EC2 opened a session of the role does.
//
// AWS knows an instance by its network. Here the URL says which one is meant, and
// whoever reaches the service has the role of each instance whose id they know.
package imds

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/sandbox"
)

// Instances finds an instance that runs. The error is sandbox.ErrNoInstance where
// there is none.
type Instances interface {
	Instance(ctx context.Context, id string) (sandbox.Instance, error)
}

// Recorder makes it durable that EC2 opened a session of a role for an instance,
// or was refused to. The session is handed out only if it returns nil.
type Recorder interface {
	HandOut(ctx context.Context, i *sandbox.Instance, roleARN string, t identity.Temporary, refused error) error
}

// Server is the metadata service. It may be used from any goroutine.
type Server struct {
	instances Instances
	directory *identity.Directory
	recorder  Recorder
	options   Options

	mu     sync.Mutex
	handed map[handle]*credentials // guarded by mu
}

// Options are what a Server needs beside those whom it asks.
type Options struct {
	// TokenKey makes and checks tokens.
	TokenKey []byte
	Logger   *slog.Logger
}

// New makes a metadata service.
func New(i Instances, d *identity.Directory, r Recorder, o Options) *Server {
	return &Server{instances: i, directory: d, recorder: r, options: o, handed: map[handle]*credentials{}}
}

// request is one request, for an instance.
type request struct {
	*Server
	ctx      context.Context
	instance sandbox.Instance
	// delivery is the version of the service that the request uses.
	delivery string
	path     string // below the version, without slashes at its ends
}

// The versions of the service, as events name them.
const (
	versionOne = "1.0"
	versionTwo = "2.0"
)

const tokenPath = "api/token"

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	id, path := target(hr)
	r := &request{Server: s, ctx: hr.Context(), path: path}
	var err error
	switch r.instance, err = s.instances.Instance(hr.Context(), id); {
	case errors.Is(err, sandbox.ErrNoInstance):
		fail(w, http.StatusNotFound)
	case err != nil:
		r.broken(w, err)
	case r.instance.MetadataOff:
		fail(w, http.StatusForbidden)
	case path == tokenPath && hr.Method == http.MethodPut:
		r.giveToken(w, hr)
	case hr.Method != http.MethodGet && hr.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD, PUT")
		fail(w, http.StatusMethodNotAllowed)
	case !r.admitted(hr):
		fail(w, http.StatusUnauthorized)
	default:
		r.answer(w)
	}
}

func (r *request) answer(w http.ResponseWriter) {
	body, err := r.read()
	switch {
	case errors.Is(err, errNothing):
		fail(w, http.StatusNotFound)
	case err != nil:
		r.broken(w, err)
	default:
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(body) // who does not read the answer does not need it
	}
}

// broken answers for a fault of this side.
func (r *request) broken(w http.ResponseWriter, err error) {
	r.options.Logger.ErrorContext(r.ctx, "an instance's metadata cannot be told", "instance", r.instance.ID, "path", r.path, "error", err)
	fail(w, http.StatusServiceUnavailable)
}

func fail(w http.ResponseWriter, status int) { http.Error(w, http.StatusText(status), status) }

// target is the instance that a request is for, and what it asks for, without the
// version. The instance is the first part of the path; the user name of the URL,
// for clients that put a path of their own in the place of the URL's (the SDK for
// Go does); or the first part of the host's name (the SDK for JavaScript drops
// user names, too).
func target(r *http.Request) (id, path string) {
	path = strings.TrimPrefix(r.URL.Path, "/")
	if first, rest, ok := strings.Cut(path, "/"); ok && isID(first) {
		id, path = first, rest
	} else if user, _, ok := r.BasicAuth(); ok {
		id = user
	} else {
		id, _, _ = strings.Cut(r.Host, ".")
	}
	version, path, _ := strings.Cut(path, "/")
	if !isID(id) || !isVersion(version) {
		return "", ""
	}
	return id, strings.Trim(path, "/")
}

// isID reports whether a text has the form of an instance's id.
func isID(s string) bool {
	hex, ok := strings.CutPrefix(s, "i-")
	return ok && (len(hex) == 8 || len(hex) == 17) && strings.Trim(hex, "0123456789abcdef") == ""
}

// isVersion reports whether a text names a version of the metadata: "latest" or a
// date. All are the same here.
func isVersion(s string) bool {
	return s == "latest" || s == "1.0" || len(s) == len("2021-07-15") && strings.Trim(s, "0123456789-") == ""
}
