package app

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/cairn-audit/cairn/internal/gateway"
	"github.com/cairn-audit/cairn/internal/loggroup"
	"github.com/cairn-audit/cairn/internal/services/logs"
	"github.com/cairn-audit/cairn/internal/state"
)

// logsFile keeps log events, which may be many: not in the file of the small
// state, each of whose changes waits for the others.
const logsFile = "logs.db"

// openLogs opens the log groups, which the built-in CloudWatch Logs shows.
func (s *Server) openLogs(_ context.Context, p *parts) error {
	kept, err := state.Open(filepath.Join(s.options.Data, logsFile))
	if err != nil {
		return fmt.Errorf("open the log groups: %w", err)
	}
	s.cleanups.add("the log groups", func(context.Context) error { return kept.Close() })
	if p.logs, err = loggroup.New(kept); err != nil {
		return err
	}
	s.background("the retention of log groups", func(ctx context.Context) error {
		return p.logs.Run(ctx, func(err error) {
			s.options.Logger.Error("log events could not be removed; it is tried again", "error", err)
		})
	})
	return nil
}

// routeLogs lets Cairn's own CloudWatch Logs answer where nothing else does.
func routeLogs(p *parts, r *gateway.Routes) {
	p.inventories["logs"] = taggedGroups(logGroups{p.logs})
	r.BuiltIn["logs"] = gateway.BuiltIn(gateway.Validated(logs.New(p.logs)))
}
