package main

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/digest"
)

// signedCopy makes a copy of a bucket with one digest of an idle hour, and files
// of its public key and its signature.
func signedCopy(t *testing.T) (dir, object, keys, signatures string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2026, 3, 1, 1, 0, 0, 0, time.UTC)
	public := digest.NewPublicKey(&private.PublicKey, end.AddDate(0, 0, -1), end.AddDate(0, 0, 1))
	key := digest.DigestKey{
		Owner: digest.Owner{Account: "111122223333", Region: "us-east-1"}, Trail: "main", HomeRegion: "us-east-1", Time: end,
	}.String()
	d := &digest.Digest{
		AccountID: "111122223333", StartTime: end.Add(-time.Hour), EndTime: end, Bucket: "b", Key: key,
		KeyFingerprint: public.Fingerprint, SignatureAlgorithm: digest.SignatureAlgorithm,
	}
	raw, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	signature, err := digest.Sign(private, d, raw)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(raw)
	_ = z.Close()
	write := func(name string, data []byte) string {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	encode := func(v any) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	dir = t.TempDir()
	object = write(filepath.Join(dir, filepath.FromSlash(key)), packed.Bytes())
	other := t.TempDir()
	keys = write(filepath.Join(other, "keys"), encode(map[string]any{"PublicKeyList": []any{map[string]any{
		"Value": base64.StdEncoding.EncodeToString(public.Value), "Fingerprint": public.Fingerprint,
		"ValidityStartTime": public.ValidFrom, "ValidityEndTime": public.ValidTo,
	}}}))
	signatures = write(filepath.Join(other, "signatures"), encode(map[string]string{key: signature}))
	return dir, object, keys, signatures
}

// TestVerifyEndsWithACodeForScripts holds the codes to those of docs/verify.md.
func TestVerifyEndsWithACodeForScripts(t *testing.T) {
	dir, object, keys, signatures := signedCopy(t)
	at := []string{"verify", dir, "--keys", keys, "--end", "2026-03-01T01:30:00Z"}
	with := func(more ...string) []string { return append(at[:len(at):len(at)], more...) }
	check := func(want int, args []string) {
		t.Helper()
		if got := run(args); got != want {
			t.Errorf("cairn %q ends with %d, want %d", args, got, want)
		}
	}
	check(0, with("--signatures", signatures))
	check(0, with("--signatures", signatures, "--json"))
	check(3, at)                                                                           // unsigned in this copy
	check(1, []string{"verify", dir, "--keys", keys, "--signatures", signatures})          // ends long before now
	check(3, []string{"verify", filepath.Join(dir, "none"), "--keys", keys})               // not to be read
	check(2, with("--signatures", filepath.Join(dir, "none")))                             // no file of signatures
	check(2, with("--signatures", object))                                                 // nor is this one
	check(2, []string{"verify", dir, "--keys", "us-east-1=" + filepath.Join(dir, "none")}) // no file of keys
	check(2, []string{"verify", dir, "--keys", signatures})                                // nor is this one
	check(2, []string{"verify"})                                                           // of nothing
	check(2, with("--start", "yesterday"))                                                 // no time
	check(2, with("--start", "2026-03-02"))                                                // after its end
	check(2, with("--trail-arn", "main"))                                                  // no ARN
	check(2, []string{"verify", "s3://", "--keys", keys})                                  // no bucket
	check(2, []string{"verify", "s3://b", "--data", filepath.Join(dir, "no such data")})   // no server
	if err := os.WriteFile(object, []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	check(1, with("--signatures", signatures))
	if err := os.Remove(object); err != nil {
		t.Fatal(err)
	}
	check(3, with("--signatures", signatures)) // a copy of nothing
}
