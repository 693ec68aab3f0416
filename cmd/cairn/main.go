// Cairn records every AWS API call as a CloudTrail event before it is answered.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/cairn-audit/cairn/internal/app"
)

// Exit codes: 0 done, 1 failed, 2 the command line is wrong. A command may have
// others; see exitError.
const (
	exitFailed = 1
	exitUsage  = 2
)

type commands struct {
	Serve   serveCommand   `cmd:"" help:"Record AWS API calls and answer them."`
	Env     envCommand     `cmd:"" help:"Print shell lines that point aws and the SDKs at the running server."`
	Demo    demoCommand    `cmd:"" help:"Start a server, play a few scenes through the AWS SDK, and show what was recorded, what a trail delivered, and how a forgery is found."`
	Verify  verifyCommand  `cmd:"" help:"Check delivered log files and digests: that all are there and none was changed."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	var c commands
	parser, err := kong.New(&c,
		kong.Name("cairn"),
		kong.Description("A CloudTrail that anyone can run."),
		kong.Vars{
			"data": app.DefaultData, "listen": app.DefaultListen,
			"account": app.DefaultAccount, "region": app.DefaultRegion,
		},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cairn:", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if err != nil {
		var usage *kong.ParseError
		if errors.As(err, &usage) {
			_ = usage.Context.PrintUsage(true)
		}
		fmt.Fprintln(os.Stderr, "cairn:", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(); err != nil {
		code, said := exitFailed, false
		if exit, ok := errors.AsType[*exitError](err); ok {
			code, said = exit.code, exit.error == nil
		}
		if !said {
			fmt.Fprintln(os.Stderr, "cairn:", err)
		}
		return code
	}
	return 0
}

// exitError ends the program with a code of a command's own. Without an error
// all has been said.
type exitError struct {
	error
	code int
}

func (e *exitError) Error() string {
	if e.error == nil {
		return ""
	}
	return e.error.Error()
}

func (e *exitError) Unwrap() error { return e.error }
