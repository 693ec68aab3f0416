package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cairn-audit/cairn/internal/app"
	"github.com/cairn-audit/cairn/internal/demo"
)

type demoCommand struct {
	Keep bool `help:"Leave the server running, and its data in place, until interrupted."`
}

func (c *demoCommand) Run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "cairn-demo-")
	if err != nil {
		return err
	}
	server, err := app.Start(ctx, app.Options{
		Data: dir, Listen: "127.0.0.1:0", Logger: newLogger("warn", "text"),
	})
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, server.Stop(stop))
		if !c.Keep {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	key, err := app.ReadCredentials(dir, false)
	if err != nil {
		return err
	}
	at := server.Endpoint()
	fmt.Printf("A Cairn of its own is at %s, account %s.\n", at.URL, at.Account)
	if err := demo.Play(ctx, demo.Target{URL: at.URL, Region: at.Region, Account: at.Account, Key: key}, os.Stdout); err != nil {
		return err
	}
	if c.Keep {
		fmt.Printf("\nThe server goes on until interrupted. In another shell:\n  eval \"$(cairn env --data %s)\"\n  aws cloudtrail lookup-events\n", dir)
		<-ctx.Done()
	}
	return nil
}
