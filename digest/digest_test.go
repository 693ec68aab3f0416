package digest

import (
	"crypto/rand"
	"crypto/rsa"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// testKeys are made once: they take longer than all else.
var testKeys = sync.OnceValue(func() [3]*rsa.PrivateKey {
	var keys [3]*rsa.PrivateKey
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

const idle = `{"awsAccountId":"111122223333","digestStartTime":"2026-01-02T01:00:00Z","digestEndTime":"2026-01-02T02:00:00Z",` +
	`"digestS3Bucket":"b","digestS3Object":"k","digestPublicKeyFingerprint":"f","digestSignatureAlgorithm":"SHA256withRSA",` +
	`"newestEventTime":null,"oldestEventTime":null,"previousDigestS3Bucket":null,"previousDigestS3Object":null,` +
	`"previousDigestHashValue":null,"previousDigestHashAlgorithm":null,"previousDigestSignature":null,"logFiles":[]}`

const busy = `{"awsAccountId":"111122223333","digestStartTime":"2026-01-02T01:00:00Z","digestEndTime":"2026-01-02T02:00:00Z",` +
	`"digestS3Bucket":"b","digestS3Object":"a&<b>/k","digestPublicKeyFingerprint":"f","digestSignatureAlgorithm":"SHA256withRSA",` +
	`"newestEventTime":"2026-01-02T01:59:00Z","oldestEventTime":"2026-01-02T00:58:00Z",` +
	`"previousDigestS3Bucket":"b","previousDigestS3Object":"j","previousDigestHashValue":"00","previousDigestHashAlgorithm":"SHA-256",` +
	`"previousDigestSignature":"ff","logFiles":[{"s3Bucket":"b","s3Object":"l.json.gz","hashValue":"11","hashAlgorithm":"SHA-256",` +
	`"newestEventTime":"2026-01-02T01:59:00Z","oldestEventTime":"2026-01-02T00:58:00Z"}]}`

func TestDigestHasAWSForm(t *testing.T) {
	for name, want := range map[string]string{"idle": idle, "busy": busy} {
		d, err := Parse([]byte(want))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := d.Encode()
		if err != nil || string(got) != want {
			t.Errorf("%s: encoded (%v)\n%s\nwant\n%s", name, err, got, want)
		}
	}
}

func TestParseIgnoresWhatItDoesNotKnow(t *testing.T) {
	d, err := Parse([]byte(strings.Replace(idle, "{", `{"new":{"a":[1]},`, 1)))
	if err != nil || d.AccountID != "111122223333" {
		t.Errorf("Parse = %+v, %v", d, err)
	}
}

func TestParseRefusesWhatBindsNothing(t *testing.T) {
	for name, change := range map[string][2]string{
		"no log files":       {`,"logFiles":[]`, ``},
		"log files null":     {`"logFiles":[]`, `"logFiles":null`},
		"no end":             {`"digestEndTime":"2026-01-02T02:00:00Z",`, ``},
		"end in a zone":      {`2026-01-02T02:00:00Z`, `2026-01-02T03:00:00+01:00`},
		"end with fractions": {`2026-01-02T02:00:00Z`, `2026-01-02T02:00:00.0Z`},
		"empty signature":    {`"previousDigestSignature":null`, `"previousDigestSignature":""`},
		"half a previous":    {`"previousDigestHashValue":null`, `"previousDigestHashValue":"00"`},
		"a wrong type":       {`"awsAccountId":"111122223333"`, `"awsAccountId":111122223333`},
		"more than one":      {`"logFiles":[]}`, `"logFiles":[]}{}`},
		"null":               {idle, `null`},
		"a log file of none": {`"logFiles":[]`, `"logFiles":[{}]`},
	} {
		changed := strings.Replace(idle, change[0], change[1], 1)
		if changed == idle {
			t.Fatalf("%s changes nothing", name)
		}
		if d, err := Parse([]byte(changed)); err == nil {
			t.Errorf("%s: parsed as %+v", name, d)
		}
	}
}

func TestSigningStringIsAWS(t *testing.T) {
	for raw, end := range map[string]string{idle: "null", busy: "ff"} {
		d, err := Parse([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		want := "2026-01-02T02:00:00Z\nb/" + d.Key + "\n" + Hash([]byte(raw)) + "\n" + end
		if got := string(SigningString(d, []byte(raw))); got != want {
			t.Errorf("SigningString = %q, want %q", got, want)
		}
	}
}

func TestSignatureCoversTheDigest(t *testing.T) {
	keys := testKeys()
	d, err := Parse([]byte(busy))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Sign(keys[0], d, []byte(busy)); err == nil {
		t.Error("a digest that names another key was signed")
	}
	d.KeyFingerprint = Fingerprint(&keys[0].PublicKey)
	raw, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	signature, err := Sign(keys[0], d, raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(&keys[0].PublicKey, d, raw, signature); err != nil {
		t.Errorf("Check: %v", err)
	}
	moved, later, other := *d, *d, *d
	moved.Key = "elsewhere"
	later.EndTime = d.EndTime.Add(time.Second)
	other.Previous = &Previous{Signature: "fe"}
	for name, err := range map[string]error{
		"another key":        Check(&keys[1].PublicKey, d, raw, signature),
		"other bytes":        Check(&keys[0].PublicKey, d, append(raw, ' '), signature),
		"another place":      Check(&keys[0].PublicKey, &moved, raw, signature),
		"another time":       Check(&keys[0].PublicKey, &later, raw, signature),
		"another before it":  Check(&keys[0].PublicKey, &other, raw, signature),
		"no signature":       Check(&keys[0].PublicKey, d, raw, ""),
		"no hex":             Check(&keys[0].PublicKey, d, raw, "zz"),
		"a part":             Check(&keys[0].PublicKey, d, raw, signature[2:]),
		"more than it":       Check(&keys[0].PublicKey, d, raw, signature+"00"),
		"another's, of this": Check(&keys[0].PublicKey, d, raw, strings.Repeat("0", len(signature))),
	} {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestKeysOfFilesAreAWS(t *testing.T) {
	at := moment("2026-01-02T02:03:04Z")
	o := Owner{Account: "111122223333", Region: "eu-west-1"}
	org := Owner{Prefix: "a/AWSLogs", OrganizationID: "o-exampleorgid", Account: "111122223333", Region: "eu-west-1"}
	digests := map[string]DigestKey{
		"AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/01/02/111122223333_CloudTrail-Digest_eu-west-1_t_1_us-east-1_20260102T020304Z.json.gz": {
			Owner: o, Trail: "t_1", HomeRegion: "us-east-1", Time: at,
		},
		"a/AWSLogs/AWSLogs/o-exampleorgid/111122223333/CloudTrail-Digest/eu-west-1/2026/01/02/111122223333_CloudTrail-Digest_eu-west-1_t1_us-east-1_20260102T020304Z_backfill.json.gz": {
			Owner: org, Trail: "t1", HomeRegion: "us-east-1", Time: at, Backfill: true,
		},
	}
	for want, k := range digests {
		if k.String() != want {
			t.Errorf("String = %s, want %s", k, want)
		}
		if got, ok := ParseDigestKey(want); !ok || got != k {
			t.Errorf("ParseDigestKey(%s) = %+v, %v", want, got, ok)
		}
	}
	logs := map[string]LogFileKey{
		"AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/02/111122223333_CloudTrail_eu-west-1_20260102T0203Z_ABCDabcd01234567.json.gz": {
			Owner: o, Kind: KindLog, Time: at.Truncate(time.Minute), Unique: "ABCDabcd01234567",
		},
		"a/AWSLogs/AWSLogs/o-exampleorgid/111122223333/CloudTrail-Insight/eu-west-1/2026/01/02/111122223333_CloudTrail-Insight_eu-west-1_20260102T0203Z_ABCDabcd01234567.json.gz": {
			Owner: org, Kind: KindInsight, Time: at.Truncate(time.Minute), Unique: "ABCDabcd01234567",
		},
	}
	for want, k := range logs {
		if k.String() != want {
			t.Errorf("String = %s, want %s", k, want)
		}
		if got, ok := ParseLogFileKey(want); !ok || got != k {
			t.Errorf("ParseLogFileKey(%s) = %+v, %v", want, got, ok)
		}
		if old := strings.Replace(want, "Z_", "Z", 1); old != want {
			if got, ok := ParseLogFileKey(old); !ok || got != k {
				t.Errorf("ParseLogFileKey(%s) = %+v, %v", old, got, ok)
			}
		}
	}
}

func TestPublicKeysAreReadAsTheAPIAndTheCLIWriteThem(t *testing.T) {
	key := NewPublicKey(&testKeys()[0].PublicKey, moment("2026-01-01T00:00:00Z"), moment("2026-01-31T00:00:00Z"))
	if rsaKey, err := key.RSA(); err != nil || !rsaKey.Equal(&testKeys()[0].PublicKey) {
		t.Fatalf("RSA = %v, %v", rsaKey, err)
	}
	for from, to := range map[string]string{
		`1767225600`:                    `1769817600.0`,
		`"2026-01-01T00:00:00+00:00"`:   `"2026-01-31T00:00:00+00:00"`,
		`"2026-01-01T01:00:00.0+01:00"`: `"2026-01-31T00:00:00Z"`,
	} {
		got, err := ParsePublicKeys(publicKeysJSON(key, from, to))
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], key) {
			t.Errorf("ParsePublicKeys(%s, %s) = %+v, %v", from, to, got, err)
		}
	}
	for name, text := range map[string]string{
		"another's fingerprint": strings.Replace(string(publicKeysJSON(key, "1", "2")), key.Fingerprint[:4], "zzzz", 1),
		"no list":               `{}`,
		"ends before it begins": string(publicKeysJSON(key, "2", "1")),
	} {
		if got, err := ParsePublicKeys([]byte(text)); err == nil {
			t.Errorf("%s: parsed as %+v", name, got)
		}
	}
}
