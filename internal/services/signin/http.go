package signin

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/cairn-audit/cairn/internal/identity"
)

// Path is where the sign-in is. No bucket can be named like it begins.
const Path = "/_cairn/signin"

// bodyWithin is how long a client may take to send its request's body.
const bodyWithin = 10 * time.Second

// Handler is the sign-in over HTTP: a POST of JSON, answered with JSON. It takes
// requests of browsers from pages of its own origin only.
type Handler struct {
	service *Service
	client  func(*http.Request) Client
	origins *http.CrossOriginProtection
	logger  *slog.Logger
}

// NewHandler makes the handler; client says where a request comes from.
func NewHandler(s *Service, client func(*http.Request) Client, logger *slog.Logger) *Handler {
	return &Handler{service: s, client: client, origins: http.NewCrossOriginProtection(), logger: logger}
}

// failure is the body of an answer that is not a success.
type failure struct {
	status     int
	retryAfter time.Duration

	Code    string `json:"code"`
	Message string `json:"message"`
}

type success struct {
	Credentials           credentials `json:"credentials"`
	Identity              who         `json:"identity"`
	PasswordResetRequired bool        `json:"passwordResetRequired"`
}

type credentials struct {
	AccessKeyID     string    `json:"accessKeyId"`
	SecretAccessKey string    `json:"secretAccessKey"`
	SessionToken    string    `json:"sessionToken"`
	Expiration      time.Time `json:"expiration"`
}

type who struct {
	AccountID string `json:"accountId"`
	ARN       string `json:"arn"`
	UserName  string `json:"userName"`
}

// ServeHTTP answers one sign-in.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	attempt, refused := h.read(w, r)
	if refused != nil {
		refused.write(w)
		return
	}
	session, err := h.service.SignIn(r.Context(), *attempt)
	if err != nil {
		h.failed(r.Context(), err).write(w)
		return
	}
	id := session.Identity
	write(w, http.StatusOK, success{
		Credentials: credentials{session.AccessKeyID, session.SecretAccessKey, session.SessionToken, session.Expires},
		Identity:    who{id.AccountID, id.ARN, id.UserName}, PasswordResetRequired: session.ResetRequired,
	})
}

// read makes the request an attempt, or refuses it.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (*Attempt, *failure) {
	control := http.NewResponseController(w)
	// Of a refused request too, the server reads the body to go on to the next.
	_ = control.SetReadDeadline(time.Now().Add(bodyWithin)) // a test's writer has none
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &failure{status: http.StatusMethodNotAllowed, Code: "MethodNotAllowed", Message: "A sign-in is a POST."}
	}
	if h.origins.Check(r) != nil {
		return nil, &failure{status: http.StatusForbidden, Code: "ForeignOrigin", Message: "The request comes from a page of another site."}
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, &failure{
			status: http.StatusUnsupportedMediaType, Code: "UnsupportedMediaType", Message: "The Content-Type must be application/json.",
		}
	}
	body := http.MaxBytesReader(w, r.Body, maxRequest)
	attempt, err := readRequest(body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &failure{status: http.StatusRequestEntityTooLarge, Code: "RequestTooLarge", Message: "The body has more than 16 KiB."}
	case err != nil:
		return nil, &failure{status: http.StatusBadRequest, Code: "InvalidRequest", Message: "The request is not valid: " + err.Error() + "."}
	}
	_ = control.SetReadDeadline(time.Time{})
	attempt.Client = h.client(r)
	if attempt.LoginTo == "" {
		attempt.LoginTo = origin(r)
	}
	return attempt, nil
}

// origin is the address of the server as the client has it.
func origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host + "/"
	}
	return "http://" + r.Host + "/"
}

// busyFor is when to try again where nothing says so.
const busyFor = time.Second

// failed is the answer to an attempt that did not sign anybody in.
func (h *Handler) failed(ctx context.Context, err error) *failure {
	var throttled *identity.ThrottledError
	switch {
	case errors.Is(err, ErrNotRecorded):
		h.logger.ErrorContext(ctx, "a sign-in is refused because it cannot be recorded", "error", err)
		return &failure{
			status: http.StatusServiceUnavailable, retryAfter: busyFor, Code: "NotRecorded",
			Message: "Nobody can sign in while it cannot be recorded.",
		}
	case errors.Is(err, ErrBusy):
		return &failure{status: http.StatusServiceUnavailable, retryAfter: busyFor, Code: "Busy", Message: "Too many sign-ins at once."}
	case errors.As(err, &throttled):
		return &failure{
			status: http.StatusTooManyRequests, retryAfter: throttled.After, Code: "TooManyAttempts",
			Message: "Too many wrong passwords or MFA codes: wait before you try again.",
		}
	case errors.Is(err, ErrMFARequired):
		return &failure{status: http.StatusUnauthorized, Code: "MFARequired", Message: "Give the code of an MFA device as mfaCode."}
	case errors.Is(err, ErrFailed):
		return &failure{
			status: http.StatusUnauthorized, Code: "AuthenticationFailed",
			Message: "The account, the user name, the password or the MFA code is wrong.",
		}
	}
	h.logger.ErrorContext(ctx, "a sign-in failed", "error", err)
	return &failure{status: http.StatusInternalServerError, Code: "InternalFailure", Message: "The sign-in failed for a reason that is not yours."}
}

func (f *failure) write(w http.ResponseWriter) {
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.retryAfter.Seconds()))))
	}
	write(w, f.status, f)
}

// NotFound answers for what is not there beside the sign-in.
func NotFound(w http.ResponseWriter) {
	(&failure{status: http.StatusNotFound, Code: "NotFound", Message: "There is nothing here."}).write(w)
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The client may have gone.
	_ = json.NewEncoder(w).Encode(body)
}
