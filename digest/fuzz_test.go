package digest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
)

func publicKeysJSON(k PublicKey, from, to string) []byte {
	return fmt.Appendf(nil, `{"PublicKeyList":[{"Value":%q,"ValidityStartTime":%s,"ValidityEndTime":%s,"Fingerprint":%q}]}`,
		base64.StdEncoding.EncodeToString(k.Value), from, to, k.Fingerprint)
}

// FuzzParse finds that what is parsed is written and parsed again as the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(idle))
	f.Add([]byte(busy))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Parse(b)
		if err != nil {
			return
		}
		raw, err := d.Encode()
		if err != nil {
			t.Fatalf("%+v is parsed and not encoded: %v", d, err)
		}
		again, err := Parse(raw)
		if err != nil || !reflect.DeepEqual(again, d) {
			t.Fatalf("%+v (%v) was %+v", again, err, d)
		}
	})
}

// FuzzParseKey finds that the name of a digest has one reading, and that both
// kinds of name are never confused.
func FuzzParseKey(f *testing.F) {
	f.Add("AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/01/02/111122223333_CloudTrail-Digest_eu-west-1_t_1_us-east-1_20260102T020304Z.json.gz")
	f.Add("p/AWSLogs/o-a/111122223333/CloudTrail/eu-west-1/2026/01/02/111122223333_CloudTrail_eu-west-1_20260102T0203ZABCDabcd01234567.json.gz")
	f.Fuzz(func(t *testing.T, key string) {
		d, isDigest := ParseDigestKey(key)
		l, isLog := ParseLogFileKey(key)
		if isDigest && d.String() != key {
			t.Errorf("%q is read as %q", key, d)
		}
		if isDigest && isLog {
			t.Errorf("%q is both %+v and %+v", key, d, l)
		}
		if isLog {
			if again, ok := ParseLogFileKey(l.String()); !ok || again != l {
				t.Errorf("%q is read as %+v and then %+v", key, l, again)
			}
		}
	})
}

func FuzzParsePublicKeys(f *testing.F) {
	f.Add(publicKeysJSON(PublicKey{Value: []byte("x"), Fingerprint: "f"}, "1", `"2026-01-31T00:00:00Z"`))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := ParsePublicKeys(b)
		for _, k := range keys {
			if _, keyErr := k.RSA(); keyErr != nil || err != nil {
				t.Errorf("a key that is of no use: %v, %v", keyErr, err)
			}
		}
	})
}

// FuzzReadLogFile finds that no bytes, as they are or uncompressed, make more of
// a log file than it is.
func FuzzReadLogFile(f *testing.F) {
	f.Add([]byte(`{"Records":[{"eventTime":"2026-01-02T01:00:00Z","awsRegion":"r","requestParameters":{"name":1}}]}`), true)
	f.Add([]byte(`{"a":{"Records":[]},"Records":[null,{}]}`), true)
	f.Add([]byte("\x1f\x8b"), false)
	f.Fuzz(func(t *testing.T, b []byte, compress bool) {
		body := b
		if compress {
			body = pack(b)
		}
		c, err := readLogFile(bytes.NewReader(body), LogFileKey{Owner: Owner{Account: "a", Region: "r"}})
		if !compress {
			return
		}
		if err != nil || c.hash != Hash(b) || c.size != int64(len(b)) {
			t.Fatalf("hash %s of %d bytes (%v), want %s of %d", c.hash, c.size, err, Hash(b), len(b))
		}
		if c.damaged == nil && !json.Valid(b) {
			t.Errorf("%q is taken for JSON", b)
		}
		if c.newest.Before(c.oldest) {
			t.Errorf("events from %v to %v", c.oldest, c.newest)
		}
	})
}

// endless is a reader of spaces without end.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += int64(len(p))
	return len(p), nil
}

func TestReadingEndsAtItsLimits(t *testing.T) {
	for _, b := range []budget{{total: 5000, piece: 1 << 20}, {total: 1 << 20, piece: 5000}} {
		source := &endless{}
		b.r = source
		if _, err := io.ReadAll(&b); !errors.Is(err, errTooLarge) || source.read > 1<<14 {
			t.Errorf("read %d bytes: %v", source.read, err)
		}
	}
}
