package sigv4

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// verifying is a server that verifies each request and its body, and answers
// with the body it read, or with the refusal.
func verifying(t *testing.T, secret string, tls bool) (*httptest.Server, func() *Signature) {
	t.Helper()
	var last *Signature
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sig, err := Parse(FromHTTP(r))
		last = sig
		var body []byte
		if err == nil {
			body, err = readProven(sig, r.Body, secret)
		}
		if err != nil {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, err)
			var e *Error
			if errors.As(err, &e) {
				fmt.Fprint(w, e.Explain())
			}
			return
		}
		w.Header().Set("ETag", `"x"`)
		w.Write(body)
	})
	server := httptest.NewUnstartedServer(handler)
	if tls {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server, func() *Signature { return last }
}

// readProven is what a server does: hash the body where it must, else stream it.
func readProven(sig *Signature, body io.ReadCloser, secret string) ([]byte, error) {
	if sig.NeedsBody() {
		whole, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		return whole, sig.Verify(secret, time.Now(), HashHex(whole))
	}
	if err := sig.Verify(secret, time.Now(), ""); err != nil {
		return nil, err
	}
	proven, err := sig.Body(body, secret)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(proven)
}

func TestVerifyAcceptsWhatSignSigns(t *testing.T) {
	server, last := verifying(t, suiteSecret, false)
	signer := NewSigner()
	for _, service := range []string{"lambda", "s3"} {
		for _, target := range []string{"/", "/a/b", "/a%20b/c%2Fd", "/%E1%88%B4", "/key%2Bplus+plus", "/~tilde/(paren)!*'@:$,;=", "/100%25",
			"/a//b", "/a/./b", "/?a", "/?a=&b=1&a=0", "/?x=%2F&y=a-b&y=a%2Fb", "/?q=a+b%26c"} {
			for _, key := range []Key{
				{AccessKeyID: "AKIDEXAMPLE", Secret: suiteSecret},
				{AccessKeyID: "ASIAEXAMPLE", Secret: suiteSecret, SessionToken: suiteToken},
			} {
				key.Region, key.Service = "eu-west-1", service
				const body = "a body\x00\xff"
				r, err := http.NewRequest("POST", server.URL+target, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("X-Amz-Meta-Odd", "two  spaces")
				r.Header.Add("X-Amz-Meta-Odd", "\ttab\tinside ")
				if err := signer.Sign(t.Context(), r, key, HashHex([]byte(body)), time.Now()); err != nil {
					t.Fatal(err)
				}
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				got, _ := io.ReadAll(answer.Body)
				answer.Body.Close()
				if answer.StatusCode != 200 || string(got) != body {
					t.Errorf("%s %s: %d %s", service, target, answer.StatusCode, got)
				}
				if sig := last(); sig.AccessKeyID != key.AccessKeyID || sig.SessionToken != key.SessionToken || sig.Service != service {
					t.Errorf("%s %s: %+v", service, target, sig)
				}
			}
		}
	}
}

func TestVerifyAcceptsWhatTheSDKPresigns(t *testing.T) {
	server, _ := verifying(t, suiteSecret, false)
	signer := v4.NewSigner()
	for _, service := range []string{"sts", "s3"} {
		for _, target := range []string{"/bucket/a%20key+%E1%88%B4?X-Amz-Expires=604800", "/?X-Amz-Expires=60&versionId=a%2Fb&x"} {
			hash := emptyHash
			if service == "s3" {
				hash = unsignedPayload
			}
			r, err := http.NewRequest("GET", server.URL+target, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Amz-Meta-A", "signed and sent")
			r.Header.Set("X-Amz-Request-Payer", "hoisted")
			uri, headers, err := signer.PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: "A", SecretAccessKey: suiteSecret, SessionToken: suiteToken},
				r, hash, service, "us-east-1", time.Now(), func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
			if err != nil {
				t.Fatal(err)
			}
			get := func(uri string, headers http.Header) (int, string) {
				r, err := http.NewRequest("GET", uri, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header = headers.Clone()
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer answer.Body.Close()
				text, _ := io.ReadAll(answer.Body)
				return answer.StatusCode, string(text)
			}
			headers.Del("Host")
			if status, text := get(uri, headers); status != 200 {
				t.Errorf("%s %s: %d %s", service, target, status, text)
			}
			if status, _ := get(uri+"&extra=1", headers); status == 200 {
				t.Errorf("%s %s: a parameter could be added", service, target)
			}
			headers.Set("X-Amz-Acl", "public-read")
			if status, _ := get(uri, headers); status == 200 {
				t.Errorf("%s %s: an x-amz- header could be added", service, target)
			}
		}
	}
}

func TestBodyProvesWhatTheS3ClientSends(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	for _, tls := range []bool{false, true} {
		server, last := verifying(t, suiteSecret, tls)
		client := s3.New(s3.Options{
			BaseEndpoint: &server.URL, UsePathStyle: true, Region: "us-east-1", HTTPClient: server.Client(),
			Credentials:                credentials.NewStaticCredentialsProvider("AKID", suiteSecret, ""),
			RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		})
		for _, key := range []string{"plain", "a b/ሴ+(x)!*'$&@=;:,?/..//%2F~"} {
			_, err := client.PutObject(context.Background(), &s3.PutObjectInput{
				Bucket: aws.String("bucket"), Key: &key, Body: bytes.NewReader(body), Metadata: map[string]string{"k": "v  v"},
			})
			if err != nil {
				t.Fatalf("tls %v, %q: %v", tls, key, err)
			}
			want := PayloadHash
			if tls {
				want = PayloadUnsignedTrailer
			}
			if last().Payload != want {
				t.Errorf("tls %v: payload %v, %q", tls, last().Payload, last().DeclaredHash)
			}
			presigned, err := s3.NewPresignClient(client).PresignGetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: &key})
			if err != nil {
				t.Fatal(err)
			}
			answer, err := server.Client().Get(presigned.URL)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Body.Close(); answer.StatusCode != 200 {
				t.Errorf("tls %v, presigned %q: %s", tls, key, answer.Status)
			}
		}
	}
}

func TestVerifyAcceptsAPresignedGetCallerIdentity(t *testing.T) {
	server, last := verifying(t, suiteSecret, false)
	client := sts.New(sts.Options{BaseEndpoint: &server.URL, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("AKID", suiteSecret, "")})
	presigned, err := sts.NewPresignClient(client).PresignGetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(presigned.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(u.String())
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 || last().Service != "sts" {
		t.Errorf("%s, %+v", answer.Status, last())
	}
}
