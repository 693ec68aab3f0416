package signin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// request is the body of a sign-in.
type request struct {
	Account         string `json:"account"`
	UserName        string `json:"userName"`
	Email           string `json:"email"`
	Password        string `json:"password"`
	MFACode         string `json:"mfaCode"`
	DurationSeconds *int64 `json:"durationSeconds"`
	RedirectTo      string `json:"redirectTo"`
}

// Longest values of a request, in bytes. Names of users and aliases have 64
// characters at most, passwords 128.
const (
	maxRequest  = 16 << 10
	maxName     = 256
	maxPassword = 1 << 10
	maxRedirect = 2 << 10
)

// readRequest reads a body of at most maxRequest. Its errors are for the client,
// and repeat nothing of what was sent.
func readRequest(body io.Reader) (*Attempt, error) {
	var r request
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return nil, readable(err)
	}
	switch _, err := d.Token(); {
	case err == nil:
		return nil, errors.New("the body is more than one JSON object")
	case !errors.Is(err, io.EOF):
		return nil, readable(err)
	}
	for _, field := range []struct {
		name, value string
		longest     int
	}{
		{"account", r.Account, maxName}, {"userName", r.UserName, maxName}, {"email", r.Email, maxName}, {"password", r.Password, maxPassword},
		{"mfaCode", r.MFACode, maxName}, {"redirectTo", r.RedirectTo, maxRedirect},
	} {
		if len(field.value) > field.longest {
			return nil, fmt.Errorf("%s has more than %d bytes", field.name, field.longest)
		}
	}
	switch {
	case r.Email != "" && r.UserName != "":
		return nil, errors.New("userName is for an IAM user and email for a root user: give one")
	case r.UserName == "" && r.Email == "" || r.Password == "":
		return nil, errors.New("userName and password are needed")
	}
	if err := checkRedirect(r.RedirectTo); err != nil {
		return nil, err
	}
	length := LongestSession
	if r.DurationSeconds != nil {
		// Compared as seconds: as nanoseconds, large numbers overflow.
		n := *r.DurationSeconds
		if n < int64(ShortestSession/time.Second) || n > int64(LongestSession/time.Second) {
			return nil, fmt.Errorf("durationSeconds must be from %d to %d", ShortestSession/time.Second, LongestSession/time.Second)
		}
		length = time.Duration(n) * time.Second
	}
	return &Attempt{
		Account: r.Account, UserName: r.UserName, Email: r.Email, Password: r.Password, MFACode: r.MFACode, Length: length, LoginTo: r.RedirectTo,
	}, nil
}

// readable leaves out of a decoder's error what it repeats of the body. That the
// body is too large stays what it is.
func readable(err error) error {
	var wrong *json.UnmarshalTypeError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return tooLarge
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Errorf("%s must be a %s", wrong.Field, kind(wrong))
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return errors.New("there is a member that a sign-in does not have")
	default:
		return errors.New("the body is not the JSON object of a sign-in")
	}
}

func kind(wrong *json.UnmarshalTypeError) string {
	if wrong.Type.Kind() == reflect.Int64 {
		return "whole number"
	}
	return "string"
}

// checkRedirect takes the address of a web page, which must not have a password
// in it: it is recorded.
func checkRedirect(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
		strings.ContainsFunc(address, unicode.IsControl) {
		return errors.New("redirectTo must be an address with http:// or https://")
	}
	return nil
}
