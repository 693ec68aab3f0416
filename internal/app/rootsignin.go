package app

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/identity"
)

// RootSignIn lets an account's root user sign in to the console.
type RootSignIn struct {
	// Account is one of the server's; "" is its own.
	Account string `yaml:"account"`
	Email   string `yaml:"email"`
	// PasswordFile holds the password. Only its hash is kept, in memory.
	PasswordFile string `yaml:"password_file"`
	// MFASecretFile holds the secret of an authenticator, in base 32 as it is
	// typed there; "" is no MFA.
	MFASecretFile string `yaml:"mfa_secret_file"`
}

func (c *Config) validateRootSignIns() error {
	for i := range c.RootSignIn {
		r := &c.RootSignIn[i]
		switch {
		case r.Account != "" && !accountID.MatchString(r.Account):
			return fmt.Errorf("root_sign_in: account id %q is not 12 digits", r.Account)
		case !strings.Contains(r.Email, "@"):
			return fmt.Errorf("root_sign_in: %q is not an email address", r.Email)
		case r.PasswordFile == "":
			return fmt.Errorf("root_sign_in: %s has no password_file", r.Email)
		}
		// The built-in S3 server changes the working directory.
		for _, path := range []*string{&r.PasswordFile, &r.MFASecretFile} {
			if *path == "" {
				continue
			}
			var err error
			if *path, err = filepath.Abs(*path); err != nil {
				return err
			}
		}
	}
	return nil
}

// openRootSignIns lets root users sign in, and takes from those that may no more
// their MFA devices.
func (s *Server) openRootSignIns(ctx context.Context, p *parts) error {
	var logins []identity.RootLogin
	for _, r := range s.options.Config.RootSignIn {
		l, err := r.login(ctx, p.directory)
		if err != nil {
			return fmt.Errorf("root_sign_in of %s: %w", r.Email, err)
		}
		if l.AccountID == "" {
			l.AccountID = s.endpoint.Account
		}
		logins = append(logins, l)
	}
	return p.directory.SetRootLogins(time.Now(), logins...)
}

// leastSeed is the least length of an MFA secret in bytes (RFC 4226, R6).
const leastSeed = 16

func (r *RootSignIn) login(ctx context.Context, d *identity.Directory) (identity.RootLogin, error) {
	l := identity.RootLogin{AccountID: r.Account, Email: r.Email}
	password, err := readSecret(r.PasswordFile)
	if err != nil {
		return l, err
	}
	if err := identity.CheckPassword(password); err != nil {
		return l, err
	}
	if l.Hash, err = d.HashPassword(ctx, password); err != nil || r.MFASecretFile == "" {
		return l, err
	}
	secret, err := readSecret(r.MFASecretFile)
	if err != nil {
		return l, err
	}
	text := strings.TrimRight(strings.ToUpper(strings.ReplaceAll(secret, " ", "")), "=")
	// The decoder's error would tell of the secret.
	if l.Seed, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text); err != nil || len(l.Seed) < leastSeed {
		return l, fmt.Errorf("%s is no secret of %d bytes or more in base 32", r.MFASecretFile, leastSeed)
	}
	return l, nil
}

// readSecret reads a small file with one line.
func readSecret(path string) (string, error) {
	const longest = 1 << 10
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, longest+1))
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(b), "\r\n")
	if len(b) > longest || strings.ContainsAny(text, "\r\n") {
		return "", errors.New(path + " has more than one short line")
	}
	return text, nil
}
