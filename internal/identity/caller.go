package identity

import "context"

type callerKey struct{}

// NewContext returns a context that carries who makes a call, for services that
// need to know more of the caller than an event shows. c is without its secret.
func NewContext(ctx context.Context, c Credential) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// FromContext returns who makes the call; the zero Credential is nobody known.
func FromContext(ctx context.Context) Credential {
	c, _ := ctx.Value(callerKey{}).(Credential)
	return c
}
