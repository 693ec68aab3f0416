package history

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/cairn-audit/cairn/internal/journal"
)

// ErrToken means that a page token was not made by these Tokens for this query.
var ErrToken = errors.New("invalid page token")

// Tokens makes page tokens out of positions and checks those that come back.
//
// A token is authenticated with a key and bound to its query: the account, the
// Region, the attribute and its value, the categories, From and To; not the
// limit. It needs no memory of the server's, survives a restart, and does not
// expire: an old one leads to what retention has left of its pages.
//
// The query of a token is the one that was asked for. A caller that fills in
// bounds that move with the clock ("the last 90 days") does so after Open and
// after Seal was given the query, or pages would refuse their own tokens.
type Tokens struct {
	key []byte
}

// NewTokens makes Tokens with a key, which must be secret and random: 32 bytes,
// kept as long as tokens are to be valid.
func NewTokens(key []byte) *Tokens { return &Tokens{key: key} }

const (
	tokenVersion = 1
	tokenBody    = 1 + 8 + 8 + 8 // version, time, sequence, newest
	tokenSize    = tokenBody + sha256.Size
)

var tokenText = base64.RawURLEncoding.Strict()

// Seal returns the token of a position that ended a page of the query.
func (t *Tokens) Seal(q Query, p Position) string {
	b := make([]byte, 0, tokenSize)
	b = append(b, tokenVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Time.Unix()))
	b = binary.BigEndian.AppendUint64(b, uint64(p.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(p.Newest))
	return tokenText.EncodeToString(append(b, t.mac(q, b)...))
}

// Open returns the position of a token of the query, or ErrToken.
func (t *Tokens) Open(q Query, token string) (Position, error) {
	if len(token) != tokenText.EncodedLen(tokenSize) {
		return Position{}, ErrToken
	}
	b, err := tokenText.DecodeString(token)
	if err != nil || len(b) != tokenSize || b[0] != tokenVersion {
		return Position{}, ErrToken
	}
	body, mac := b[:tokenBody], b[tokenBody:]
	if !hmac.Equal(mac, t.mac(q, body)) {
		return Position{}, ErrToken
	}
	return Position{
		Time:   time.Unix(int64(binary.BigEndian.Uint64(body[1:])), 0).UTC(),
		Seq:    journal.Seq(binary.BigEndian.Uint64(body[9:])),
		Newest: journal.Seq(binary.BigEndian.Uint64(body[17:])),
	}, nil
}

// mac authenticates a token's body together with the query, written so that no
// two queries make the same bytes.
func (t *Tokens) mac(q Query, body []byte) []byte {
	w := writer{append([]byte("cairn page token\x00"), body...)}
	w.text(q.Account)
	w.text(q.Region)
	w.byte(byte(q.Attribute))
	w.text(q.Value)
	w.byte(byte(q.categories()))
	for _, bound := range []time.Time{q.From, q.To} {
		if bound.IsZero() {
			w.byte(0)
			continue
		}
		w.byte(1)
		w.varint(bound.Unix())
		w.uvarint(uint64(bound.Nanosecond()))
	}
	h := hmac.New(sha256.New, t.key)
	h.Write(w.b)
	return h.Sum(nil)
}
