package bucket

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"

	"github.com/cairn-audit/cairn/internal/state"
)

// region is the one Region that the server knows. Clients do not see it: see
// location.go for the Regions of buckets.
const region = "us-east-1"

// maxConnections bounds the server's connections. The transport opens no more
// than half of them, so requests beyond wait for a connection instead of
// being refused.
const maxConnections = 512

// ErrRunning is returned by Start while another server of this process runs.
var ErrRunning = errors.New("bucket: the built-in S3 server is already running in this process")

// process guards what a running server takes from the whole process: the
// working directory and versitygw's package variables.
var process sync.Mutex

// Options say what a server serves.
type Options struct {
	// Dir holds everything the server keeps. It is made if it is missing.
	Dir string
	// Account is the 12-digit account that owns what no account has made.
	Account string
	// Store keeps the policies of buckets.
	Store *state.Store
	// Principals are those whom policies may name; nil takes every name.
	Principals Principals
	// Logger gets what the server has to say; nil discards it.
	Logger *slog.Logger
}

// Principals knows the users and roles that policies of resources name: Pin puts
// their ids in place of their ARNs, or fails with a *policy.UnknownPrincipalError,
// and Unpin is the reverse.
type Principals interface {
	Pin(document string) (string, error)
	Unpin(document string) (string, error)
}

// Server is the built-in S3 server.
type Server struct {
	log     *slog.Logger
	account string
	// creds are those of versitygw's root, who is no account and may do
	// everything.
	creds  aws.Credentials
	signer *v4.Signer
	meta   meta.MetadataStorer
	// backend is set while the server runs.
	backend  *posix.Posix
	policies *policies
	// principals is nil where another IAM has them.
	principals Principals
	// changes is held while a bucket is made or deleted, and while the policy
	// of one is read or changed.
	changes sync.Mutex

	transport *transport
	socket    socket
	oldWD     string

	stop context.CancelFunc
	done chan struct{} // closed when the server has ended
	err  error         // why it ended; read after done
	once sync.Once
	end  error // what the first Close returned
}

// Start starts the server and returns when it accepts requests. The context
// may keep it from starting; Close ends the server. Until then the process's
// working directory is a directory below o.Dir.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	if !process.TryLock() {
		return nil, ErrRunning
	}
	defer func() {
		if err != nil {
			process.Unlock()
		}
	}()
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("start the S3 server: %w", err)
	}
	wd, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("start the S3 server: %w", err)
	}
	s := &Server{
		log: o.Logger, account: o.Account, principals: o.Principals, oldWD: wd, done: make(chan struct{}),
		creds:  aws.Credentials{AccessKeyID: "cairn", SecretAccessKey: rand.Text(), Source: "cairn"},
		signer: v4.NewSigner(func(so *v4.SignerOptions) { so.DisableURIPathEscaping = true }),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.policies, err = openPolicies(o.Store); err != nil {
		return nil, fmt.Errorf("start the S3 server: %w", err)
	}
	if err := s.start(ctx, dir); err != nil {
		return nil, errors.Join(fmt.Errorf("start the S3 server: %w", err), os.Chdir(wd))
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, dir string) error {
	layout, err := prepare(dir)
	if err != nil {
		return err
	}
	s.meta = layout.meta
	if layout.sidecar {
		s.log.WarnContext(ctx, "the file system has no extended attributes: object metadata is kept in files of its own",
			"dir", dir)
	}
	if s.socket, err = newSocket(layout.run); err != nil {
		return err
	}
	if s.transport, err = newTransport(s.socket.path, dir); err != nil {
		return errors.Join(err, s.socket.remove())
	}
	if err := s.serve(ctx, layout); err != nil {
		return errors.Join(err, s.transport.close(), s.socket.remove())
	}
	return nil
}

// serve runs versitygw until s.stop is called, and returns when it listens.
func (s *Server) serve(ctx context.Context, l layout) (err error) {
	// A start that has begun is seen through, in milliseconds: versitygw leaves
	// goroutines behind where it is stopped before it listens.
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if s.backend, err = newBackend(l); err != nil {
		return err
	}
	root := auth.Account{Access: s.creds.AccessKeyID, Secret: s.creds.SecretAccessKey, Role: auth.RoleAdmin}
	listening := make(chan struct{})
	cfg := &embedgw.Config{
		RootUserAccess: root.Access,
		RootUserSecret: root.Secret,
		Region:         region,
		Ports:          []string{s.socket.path},
		SocketPerm:     "0600",

		MaxConnections:    maxConnections,
		MaxRequests:       maxConnections,
		MultipartMaxParts: 10000,
		KeepAlive:         true,
		Quiet:             true,
		// Given here, because embedgw announces the one it makes on stdout.
		IAMService: accounts{auth.NewIAMServiceSingle(root), root.Secret},
		S3Options: []s3api.Option{
			// embedgw mounts the admin API on the S3 socket where it has no
			// socket of its own. It is to be nowhere.
			func(srv *s3api.S3ApiServer) { srv.Router.WithAdmSrv = false },
			s3api.WithOnListen(func() { close(listening) }),
		},
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go func() {
		defer close(s.done)
		s.err = embedgw.RunVersityGW(run, s.backend, cfg)
		if s.err != nil && run.Err() == nil {
			s.log.Error("the built-in S3 server has ended", "error", s.err)
		}
	}()
	select {
	case <-listening:
		return s.firstAnswer(run)
	case <-s.done:
		return errors.Join(errors.New("the server did not start"), s.err)
	}
}

// firstAnswer waits for the server to answer a request, which it does when it is
// past all that it does at its start. Until then it reads os.Stdout, also where
// it has been stopped meanwhile, and newBackend of the next server changes that.
func (s *Server) firstAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://s3/", nil)
	if err != nil {
		return err
	}
	res, err := s.transport.RoundTrip(r) // unsigned: refused
	if err != nil {
		return errors.Join(fmt.Errorf("wait for the server's first answer: %w", err), s.halt())
	}
	return res.Body.Close()
}

// halt ends versitygw and says why it has ended.
func (s *Server) halt() error {
	s.stop()
	<-s.done
	return s.err
}

// newBackend makes versitygw's file store, which becomes the process's
// working directory.
func newBackend(l layout) (*posix.Posix, error) {
	opts := posix.PosixOpts{
		VersioningDir:       l.versions,
		CopyObjectThreshold: 5 << 30, // as S3's
	}
	opts.SetNewDirPerm(0o700)
	opts.SetNewFilePerm(0o600)

	// posix.New prints a line for the versions directory and has no option
	// against it. Cairn's standard output belongs to its commands.
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	stdout := os.Stdout
	os.Stdout = null
	defer func() { os.Stdout = stdout }()
	b, err := posix.New(l.buckets, l.meta, opts)
	if err != nil {
		return nil, fmt.Errorf("open the object store: %w", err)
	}
	return b, nil
}

// Credentials are those that the server accepts from Cairn's own clients. They change at each start.
func (s *Server) Credentials() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return s.creds, nil })
}

// Transport carries requests that are signed with Credentials to the server,
// whatever host their URL names. A change is durable when its answer is
// returned.
func (s *Server) Transport() http.RoundTripper { return direct{s} }

// Close ends the server: it waits for the requests that are under way, for
// ten seconds at most, and returns when nothing of the server runs any more.
// The context bounds the wait; a server that outlives it ends by itself later,
// and no other can be started in between.
func (s *Server) Close(ctx context.Context) error {
	s.once.Do(func() { s.end = s.close(ctx) })
	return s.end
}

func (s *Server) close(ctx context.Context) error {
	s.transport.CloseIdleConnections()
	s.stop()
	select {
	case <-s.done:
	case <-ctx.Done():
		return fmt.Errorf("stop the S3 server: %w", context.Cause(ctx))
	}
	defer process.Unlock()
	err := errors.Join(s.err, s.transport.close(), s.socket.remove(), os.Chdir(s.oldWD))
	if err != nil {
		return fmt.Errorf("stop the S3 server: %w", err)
	}
	return nil
}
