package topic

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/google/uuid"
)

// tokenLife is how long a subscription can be confirmed: "Confirmation tokens
// are valid for two days" (API Reference, Subscribe).
const tokenLife = 48 * time.Hour

// A token is the subscription's id, the second in which the message with it was
// made, and a MAC of both and of the topic: it proves by itself, so none is kept.
const tokenBytes = 16 + 8 + sha256.Size

// token makes the token that confirms a subscription.
func (b *Broker) token(subscription ARN, issued time.Time) string {
	id, err := uuid.Parse(subscription.ID)
	if err != nil {
		return ""
	}
	t := make([]byte, 0, tokenBytes)
	t = append(t, id[:]...)
	t = binary.BigEndian.AppendUint64(t, uint64(issued.Unix()))
	return hex.EncodeToString(append(t, b.mac(subscription.Topic(), t)...))
}

// confirmedBy returns the ARN of the subscription of a topic that a token
// confirms; ok is false where the token is none or too old.
func (b *Broker) confirmedBy(token string, topic ARN, now time.Time) (_ ARN, ok bool) {
	t, err := hex.DecodeString(token)
	if err != nil || len(t) != tokenBytes || !hmac.Equal(t[24:], b.mac(topic, t[:24])) {
		return ARN{}, false
	}
	issued := time.Unix(int64(binary.BigEndian.Uint64(t[16:24])), 0)
	return topic.of(uuid.UUID(t[:16]).String()), now.Sub(issued) <= tokenLife
}

func (b *Broker) mac(topic ARN, of []byte) []byte {
	m := hmac.New(sha256.New, b.key.Derive("sns subscription tokens"))
	m.Write(of)
	m.Write([]byte(topic.String()))
	return m.Sum(nil)
}
