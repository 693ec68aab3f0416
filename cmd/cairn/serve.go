package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/gateway"
)

type serveCommand struct {
	Data             string        `help:"Directory that holds everything: the journal, objects, keys." default:"${data}" env:"CAIRN_DATA" type:"path"`
	Listen           string        `help:"Address of the endpoint; port 0 takes a free one." default:"${listen}"`
	TLSCert          string        `help:"Certificate file (PEM); with --tls-key the endpoint speaks TLS." name:"tls-cert" type:"existingfile"`
	TLSKey           string        `help:"Key file (PEM) of the certificate." name:"tls-key" type:"existingfile"`
	Upstream         string        `help:"Endpoint that answers every service that Cairn itself is not. Without it, the built-in sandbox does." placeholder:"URL"`
	Auth             string        `help:"verify: only signatures of known keys; open: any key, for use in front of emulators." enum:"verify,open" default:"verify"`
	Account          string        `help:"Account id for the first start (default ${account})." placeholder:"ID"`
	Region           string        `help:"Region of calls that name none." default:"${region}"`
	LookupTPS        float64       `help:"Limit of LookupEvents calls per second, account and Region, as AWS's 2; 0 is no limit." name:"lookup-tps" default:"0"`
	DeliveryInterval time.Duration `help:"How often trails deliver log files." default:"5m"`
	DigestInterval   time.Duration `help:"How often trails deliver digests." default:"1h"`
	Config           string        `help:"Configuration file (YAML)." type:"existingfile"`
	LogLevel         string        `help:"Least level to log." enum:"debug,info,warn,error" default:"info"`
	LogFormat        string        `help:"Form of the log." enum:"text,json" default:"text"`
}

func (c *serveCommand) Run(ctx context.Context) error {
	options := app.Options{
		Data: c.Data, Listen: c.Listen, TLSCert: c.TLSCert, TLSKey: c.TLSKey, Upstream: c.Upstream,
		Auth: gateway.Auth(c.Auth), Account: c.Account, Region: c.Region, LookupTPS: c.LookupTPS,
		DeliveryInterval: c.DeliveryInterval, DigestInterval: c.DigestInterval,
		Logger: newLogger(c.LogLevel, c.LogFormat),
	}
	if c.Config != "" {
		config, err := app.ReadConfig(c.Config)
		if err != nil {
			return err
		}
		options.Config = config
	}
	server, err := app.Start(ctx, options)
	if err != nil {
		return err
	}
	if made := server.FirstStart(); made != "" {
		fmt.Printf("Made account %s. Its keys are in %s.\n", server.Endpoint().Account, made)
	}
	fmt.Printf("Cairn is ready at %s (account %s, auth %s).\n", server.Endpoint().URL, server.Endpoint().Account, c.Auth)
	return server.Run(ctx)
}

func newLogger(level, format string) *slog.Logger {
	var least slog.Level
	// The level was checked with the flags.
	_ = least.UnmarshalText([]byte(level))
	options := &slog.HandlerOptions{Level: least}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
