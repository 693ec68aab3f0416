package sts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Issuer is an OpenID Connect issuer whose tokens are taken.
type Issuer struct {
	// URL is the issuer, as its tokens have it in "iss".
	URL string
	// Audiences are for whom its tokens must be: one of them.
	Audiences []string
	// KeysFile or KeysURL is where its key set (JWKS) is.
	KeysFile, KeysURL string
	// Client fetches KeysURL; nil is http.DefaultClient.
	Client *http.Client

	mu sync.Mutex
	// keys is what was read last, at the time read.
	keys *jose.JSONWebKeySet
	read time.Time
}

// What may be wrong with a token, beside its signature.
var (
	errExpired  = errors.New("the token has expired")
	errAudience = errors.New("the token is for another audience")
	errNoKeys   = errors.New("the issuer's keys cannot be read")
)

const (
	// keysAge is how long a key set is used before it is read again, and
	// keysPause how soon a token with an unknown key may cause that.
	keysAge   = time.Hour
	keysPause = 10 * time.Second
	// fetchTimeout and maxKeys bound the reading; maxKeys is in bytes.
	fetchTimeout = 5 * time.Second
	maxKeys      = 1 << 20
	// leeway is how far an issuer's clock may be off.
	leeway = time.Minute
)

// algorithms are those of AWS's own list: RSA and ECDSA, never a shared secret.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

// webIdentity is what a token proves.
type webIdentity struct {
	// Provider is the issuer without its scheme, as ARNs and condition keys
	// have it.
	Provider, Subject, Audience, SourceIdentity string
	// Claims are those that conditions may ask for.
	Claims map[string][]string
}

// sourceIdentityClaim is where a token sets the source identity of its sessions.
const sourceIdentityClaim = "https://aws.amazon.com/source_identity"

// unverifiedIssuer reads whose token it claims to be.
func unverifiedIssuer(token string) (string, error) {
	parsed, err := jwt.ParseSigned(token, algorithms)
	if err != nil {
		return "", err
	}
	var claims jwt.Claims
	err = parsed.UnsafeClaimsWithoutVerification(&claims)
	return claims.Issuer, err
}

// verify reads a token that the issuer must have signed, that is valid now, and
// that is for one of the audiences. Where the error is errExpired or errAudience,
// the issuer did sign it, and what it says of its holder is returned with it.
func (i *Issuer) verify(ctx context.Context, token string, now time.Time) (*webIdentity, error) {
	parsed, err := jwt.ParseSigned(token, algorithms)
	if err != nil {
		return nil, err
	}
	if len(parsed.Headers) != 1 {
		return nil, errors.New("a token with several signatures")
	}
	keys, err := i.find(ctx, parsed.Headers[0].KeyID, now)
	if err != nil {
		return nil, err
	}
	var claims jwt.Claims
	all := map[string]any{}
	err = errors.New("no key")
	for _, key := range keys {
		if err = parsed.Claims(key, &claims, &all); err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return i.accept(&claims, all, now)
}

// accept judges claims that the issuer signed.
func (i *Issuer) accept(claims *jwt.Claims, all map[string]any, now time.Time) (*webIdentity, error) {
	if claims.Expiry == nil || claims.Subject == "" || len(claims.Audience) == 0 || claims.Issuer != i.URL {
		return nil, errors.New("the token has no end, no subject or no audience, or is another issuer's")
	}
	w := i.holder(claims, all)
	err := claims.ValidateWithLeeway(jwt.Expected{Time: now}, leeway)
	switch {
	case errors.Is(err, jwt.ErrExpired):
		return w, errExpired
	case err != nil:
		return nil, err
	case !slices.Contains(i.Audiences, w.Audience):
		return w, errAudience
	}
	return w, nil
}

// holder is who has a token: for the first audience that is taken, else for the
// first.
func (i *Issuer) holder(claims *jwt.Claims, all map[string]any) *webIdentity {
	at := max(0, slices.IndexFunc(claims.Audience, func(a string) bool { return slices.Contains(i.Audiences, a) }))
	w := &webIdentity{
		Provider: strings.TrimPrefix(strings.TrimPrefix(i.URL, "https://"), "http://"),
		Subject:  claims.Subject, Audience: claims.Audience[at], Claims: map[string][]string{},
	}
	w.SourceIdentity, _ = all[sourceIdentityClaim].(string)
	for name, value := range all {
		switch v := value.(type) {
		case string:
			w.Claims[name] = []string{v}
		case bool:
			w.Claims[name] = []string{fmt.Sprint(v)}
		case []any:
			for _, element := range v {
				if s, ok := element.(string); ok {
					w.Claims[name] = append(w.Claims[name], s)
				}
			}
		}
	}
	w.Claims["aud"] = claims.Audience
	return w
}

// find returns the keys with an id, or all where the token names none. They are
// read again where the id is new: issuers change their keys.
func (i *Issuer) find(ctx context.Context, id string, now time.Time) ([]jose.JSONWebKey, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	pick := func() []jose.JSONWebKey {
		switch {
		case i.keys == nil:
			return nil
		case id == "":
			return i.keys.Keys
		}
		return i.keys.Key(id)
	}
	found := pick()
	if age := now.Sub(i.read); i.keys != nil && age < keysAge && (len(found) > 0 || age < keysPause) {
		return found, nil
	}
	keys, err := i.readKeys(ctx)
	if err != nil {
		if len(found) > 0 {
			return found, nil // what was true an hour ago will do until the issuer is back
		}
		return nil, fmt.Errorf("%w: %w", errNoKeys, err)
	}
	i.keys, i.read = keys, now
	return pick(), nil
}

func (i *Issuer) readKeys(ctx context.Context) (*jose.JSONWebKeySet, error) {
	source, err := i.openKeys(ctx)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	b, err := io.ReadAll(io.LimitReader(source, maxKeys))
	if err != nil {
		return nil, err
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(b, &keys); err != nil {
		return nil, fmt.Errorf("read the keys of %s: %w", i.URL, err)
	}
	keys.Keys = slices.DeleteFunc(keys.Keys, func(k jose.JSONWebKey) bool { return !k.IsPublic() || !k.Valid() })
	return &keys, nil
}

func (i *Issuer) openKeys(ctx context.Context) (io.ReadCloser, error) {
	if i.KeysFile != "" {
		return os.Open(i.KeysFile)
	}
	// It is cancelled when the body is closed, which its timeout bounds.
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, i.KeysURL, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	client := i.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		cancel()
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		cancel()
		resp.Body.Close()
		return nil, fmt.Errorf("%s answers %s", i.KeysURL, resp.Status)
	}
	return &cancelling{resp.Body, cancel}, nil
}

// cancelling ends a request when its body is closed.
type cancelling struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (c *cancelling) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}
