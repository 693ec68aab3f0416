package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/record"
	"github.com/cairn-audit/cairn/internal/region"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

// objectStores are the signing names whose requests are S3's: their bodies may
// be of any size, and their signatures do not depend on them.
var objectStores = map[string]bool{
	"s3": true, "s3express": true, "s3-object-lambda": true, "s3-outposts": true,
}

// identify finds out what the request claims to be: its signature, its service,
// its operation. Nothing is proven yet. What is wrong with the claim is kept for
// later, since a caller is authenticated before its request is judged.
func (x *exchange) identify(context.Context) error {
	x.readSignature()
	unproven := identity.Unproven(x.signature.AccessKeyID)
	x.call.Identity, x.call.SigningName = &unproven, x.signature.Service
	x.request.SigningRegion = x.signature.Region
	if x.gateway.regions.Known(x.signature.Region) {
		x.call.Region = x.signature.Region
	}
	wire := x.wireRequest()
	if x.signature.Service == "" && x.http.Method != http.MethodPost {
		// Without a signature S3's requests are known by their path. Bodies
		// that tell more, forms, are posted.
		if found, err := x.gateway.Catalog.Find("", wire); err == nil && objectStores[found.Service.SigningName] {
			x.note(found, nil)
			return nil
		}
	}
	if !objectStores[x.signature.Service] {
		body, err := x.readWhole(x.body)
		if err != nil {
			found, _ := x.gateway.Catalog.Find(x.signature.Service, wire)
			x.note(found, nil)
			return err
		}
		x.request.Body, wire.Body = body, body
	}
	found, err := x.gateway.Catalog.Find(x.signature.Service, wire)
	if err != nil && x.signature.Service == "" && len(wire.Body) == 0 {
		// Unsigned and claimed by no service: what a browser sends for a
		// public object.
		if object, objectErr := x.gateway.Catalog.Find("s3", wire); objectErr == nil {
			found, err = object, nil
		}
	}
	x.note(found, err)
	return nil
}

// wireRequest is the request without its body, in the codecs' form.
func (x *exchange) wireRequest() *awsapi.Request {
	return &awsapi.Request{
		Method: x.http.Method, Host: x.http.Host, Path: sigv4.FromHTTP(x.http).Path,
		RawQuery: x.request.RawQuery, Header: x.request.Header,
	}
}

// note keeps what was found of the operation.
func (x *exchange) note(found awsapi.Found, err error) {
	x.request.Found, x.foundErr = found, err
	x.call.Operation, x.call.Protocol, x.call.EventName = found.Operation, found.Protocol, found.Name
	if found.Service != nil {
		if x.call.SigningName == "" {
			x.call.SigningName = found.Service.SigningName
		}
		if globalServices[found.Service.SigningName] {
			x.call.Region = region.Global
		}
	}
}

func (x *exchange) isObjectStore() bool { return objectStores[x.call.SigningName] }

// authenticate proves who calls, or in --auth open takes the claim, and makes
// the body ready: an object's body is proven while it is read.
func (x *exchange) authenticate(ctx context.Context) error {
	credential, err := x.credential(ctx)
	if err != nil {
		x.call.Refused = record.Authentication
		return err
	}
	if x.call.Identity = &credential.Identity; credential.AccountID != "" {
		x.call.AccountID = credential.AccountID
	}
	x.call.SessionFromConsole = credential.Session != nil && credential.Session.Console
	x.noteCaller(credential)
	if !x.isObjectStore() {
		return nil
	}
	return x.openBody(credential)
}

// noteCaller keeps who calls for the destination, and that the key was used.
func (x *exchange) noteCaller(c identity.Credential) {
	c.SecretAccessKey = ""
	x.caller = c
	if c.AccessKeyID != "" {
		x.gateway.Identities.Used(c, identity.Use{Time: x.started, Service: x.call.SigningName, Region: x.call.Region})
	}
}

func (x *exchange) credential(ctx context.Context) (identity.Credential, error) {
	if x.gateway.Auth == AuthOpen {
		return x.claimed(ctx)
	}
	if x.needsNoSignature() {
		return identity.Credential{AccountID: x.gateway.Account, Identity: identity.Anonymous()}, nil
	}
	if x.mayBeAnonymous() {
		return identity.Credential{Identity: identity.Anonymous()}, nil
	}
	now := time.Now()
	if err := x.checkSignature(now); err != nil {
		return identity.Credential{}, x.refuseSignature(err)
	}
	id := x.signature.AccessKeyID
	credential, err := x.gateway.Identities.Credential(ctx, id, x.signature.SessionToken)
	switch {
	case errors.Is(err, identity.ErrUnknownKey) || err == nil && credential.Inactive:
		return identity.Credential{}, x.refuseSignature(sigv4.Refuse(sigv4.UnknownKey, id))
	case errors.Is(err, identity.ErrInvalidToken):
		return identity.Credential{}, x.refuseSignature(sigv4.Refuse(sigv4.InvalidToken, id))
	case errors.Is(err, identity.ErrExpiredToken):
		return identity.Credential{}, x.refuseSignature(sigv4.Refuse(sigv4.ExpiredToken, id))
	case err != nil:
		return identity.Credential{}, err
	}
	if err := x.verifySignature(credential, now); err != nil {
		return identity.Credential{}, x.refuseSignature(err)
	}
	return credential, nil
}

// claimed is who the caller says to be.
func (x *exchange) claimed(ctx context.Context) (identity.Credential, error) {
	id := x.signature.AccessKeyID
	if id == "" {
		return identity.Credential{AccountID: x.gateway.Account, Identity: identity.Anonymous()}, nil
	}
	credential, err := x.gateway.Identities.Credential(ctx, id, x.signature.SessionToken)
	if errors.Is(err, identity.ErrInvalidToken) {
		credential, err = x.gateway.Identities.Credential(ctx, id, "")
	}
	switch {
	case errors.Is(err, identity.ErrExpiredToken):
		return credential, nil // it is known all the same who had it
	case errors.Is(err, identity.ErrUnknownKey):
		if known, ok := x.gateway.Identities.Recall(id); ok {
			return known, nil
		}
		root := identity.Root(x.gateway.Account, identity.Unproven(id).AccessKeyID)
		return identity.Credential{
			AccessKeyID: id, AccountID: x.gateway.Account, Identity: root,
			Principal: identity.Principal{Kind: identity.RootUser, AccountID: x.gateway.Account, ID: x.gateway.Account},
		}, nil
	}
	return credential, err
}

// openBody makes the body of an object store's request ready. A streamed one is
// handed on while it comes in.
func (x *exchange) openBody(credential identity.Credential) error {
	if x.request.Body != nil {
		return nil // posted without a signature, and read to find out what it is
	}
	reader := io.ReadCloser(x.body)
	if x.signatureErr == nil || errors.Is(x.signatureErr, sigv4.NotSigned) {
		signature := *x.signature
		if x.gateway.Auth == AuthOpen || x.anonymous() {
			signature = signature.Unproven()
		}
		var err error
		if reader, err = signature.Body(x.body, credential.SecretAccessKey); err != nil {
			return x.refuseSignature(err)
		}
	}
	if !takesStream(x.request.Found.Operation) {
		body, err := x.readWhole(reader)
		x.request.Body = body
		return x.refuseSignature(err)
	}
	x.request.Stream = &faultNoting{Reader: reader, fault: &x.bodyErr}
	x.request.Raw = &faultNoting{Reader: x.body, fault: &x.bodyErr}
	x.request.Length = x.decodedLength()
	if chunked, ok := reader.(*sigv4.ChunkedReader); ok {
		x.request.Trailer = chunked.Trailer
	}
	return nil
}

// faultNoting remembers that a body could not be read to its end, to tell a
// client's fault from a destination's.
type faultNoting struct {
	io.Reader
	fault *error
}

func (f *faultNoting) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		*f.fault = err
	}
	return n, err
}

// refuseSignature puts the refusal of a signature into the caller's protocol.
func (x *exchange) refuseSignature(err error) error {
	var refused *sigv4.Error
	if !errors.As(err, &refused) {
		return err
	}
	a := refused.Answer(signatureFamily(x.request.Found))
	return &awsapi.Error{Code: a.Code, Status: a.Status, Message: a.Message, Fields: a.Fields}
}

func signatureFamily(found awsapi.Found) sigv4.Family {
	switch {
	case found.Service != nil && objectStores[found.Service.SigningName]:
		return sigv4.S3
	case found.Protocol == awsapi.Query:
		return sigv4.Query
	case found.Protocol == awsapi.EC2:
		return sigv4.EC2
	case found.Protocol == awsapi.RestJSON:
		return sigv4.RestJSON
	case found.Protocol == awsapi.RestXML:
		return sigv4.RestXML
	}
	return sigv4.JSON
}

// decodedLength is the number of bytes that the body decodes to, -1 if the
// client does not say.
func (x *exchange) decodedLength() int64 {
	if !x.signature.Payload.Chunked() {
		return x.http.ContentLength
	}
	n, err := strconv.ParseInt(x.http.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// decode reads the parameters. An operation that is not known is the
// destination's to judge. A request that cannot be read is refused, since its
// record would not say what a destination that can read it does.
func (x *exchange) decode(context.Context) error {
	x.request.Problem = x.foundErr
	if x.foundErr != nil && x.request.Found.Unclear {
		return x.foundErr
	}
	if x.foundErr == nil {
		wire := x.wireRequest()
		wire.Body = x.request.Body
		var err error
		if x.call.Params, err = x.request.Found.Decode(wire); err != nil {
			return err
		}
		x.placeUnsigned(x.request.Found.Operation, x.call.Params)
	}
	x.request.SigningName = x.call.SigningName
	x.request.Call = &awsapi.Call{
		Operation: x.request.Found.Operation, Params: x.call.Params, AccountID: x.call.AccountID, Region: x.call.Region,
		RequestID: x.call.RequestID, Time: x.started, Caller: x.call.Identity,
		SourceIP: x.call.SourceIP, UserAgent: x.call.UserAgent, Secure: x.http.TLS != nil,
	}
	if e := x.endpoint; e != nil {
		x.request.Call.VPCEndpoint = &awsapi.VPCEndpoint{ID: e.ID, AccountID: e.AccountID, VPC: e.VPC}
	}
	return nil
}
