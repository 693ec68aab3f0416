package app

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/cairn-audit/cairn/internal/bucket"
	"github.com/cairn-audit/cairn/internal/gateway"
)

// routeObjects starts the built-in S3 and lets it answer where nothing else does.
// Its buckets' policies have a say then: another S3 decides about its own.
func (s *Server) routeObjects(ctx context.Context, p *parts, r *gateway.Routes) error {
	o := bucket.Options{
		Dir: filepath.Join(s.options.Data, objectsDir), Account: s.endpoint.Account, Store: p.store,
		Logger: s.options.Logger.With("component", "s3"),
	}
	if s.ownIdentities() {
		o.Principals = p.directory
	}
	objects, err := bucket.Start(ctx, o)
	if err != nil {
		return fmt.Errorf("start the built-in S3: %w", err)
	}
	s.cleanups.add("the built-in S3", objects.Close)
	p.objects = objects
	r.BuiltIn["s3"] = gateway.Objects(objects, gateway.Limits{Answer: s.options.Config.Limits.AnswerBytes})
	if r.StandsIn("s3") {
		p.policies["s3"] = objects
	}
	return nil
}
