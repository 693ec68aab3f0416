package identity

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"
)

// Parameters of the codes of MFA devices: RFC 6238 with HMAC-SHA-1, as the
// authenticator programs that AWS supports have them.
const (
	codeStep   = 30 * time.Second
	codeDigits = 6
	codeRange  = 1_000_000
	// codeDrift is how many steps a device's clock may be off.
	codeDrift = 1
)

// code is the code of a seed in one step (RFC 4226, section 5.3).
func code(seed []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	h := hmac.New(sha1.New, seed)
	h.Write(counter[:])
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", codeDigits, n%codeRange)
}

func stepAt(t time.Time) int64 { return t.Unix() / int64(codeStep/time.Second) }

// matchCode finds the step of a code, after the last one that was used: a code
// works once.
func matchCode(seed []byte, given string, now time.Time, after int64) (step int64, ok bool) {
	current := stepAt(now)
	for s := current - codeDrift; s <= current+codeDrift; s++ {
		if s > after && subtle.ConstantTimeCompare([]byte(code(seed, s)), []byte(given)) == 1 {
			return s, true
		}
	}
	return 0, false
}
