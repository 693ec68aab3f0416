package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/cairn-audit/cairn/internal/app"
)

type envCommand struct {
	Data string `help:"Directory of the running server." default:"${data}" env:"CAIRN_DATA" type:"path"`
	Root bool   `help:"Use the root user's key instead of the administrator's."`
}

// Run prints lines for eval "$(cairn env)".
func (c *envCommand) Run() error {
	endpoint, err := app.ReadEndpoint(c.Data)
	if err != nil {
		return err
	}
	keys, err := app.ReadCredentials(c.Data, c.Root)
	if err != nil {
		return err
	}
	lines := [][2]string{
		{"AWS_ENDPOINT_URL", endpoint.URL},
		{"AWS_ACCESS_KEY_ID", keys.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", keys.SecretAccessKey},
		{"AWS_REGION", endpoint.Region},
		{"AWS_DEFAULT_REGION", endpoint.Region},
	}
	if endpoint.CABundle != "" {
		lines = append(lines, [2]string{"AWS_CA_BUNDLE", endpoint.CABundle})
	}
	for _, l := range lines {
		fmt.Printf("export %s=%s\n", l[0], shellQuote(l[1]))
	}
	// A profile or session of the user's own would outrank these keys.
	fmt.Println("unset AWS_PROFILE AWS_SESSION_TOKEN")
	if !endpoint.Running() {
		fmt.Fprintf(os.Stderr, "cairn: no server answers at %s; start one with: cairn serve --data %s\n", endpoint.URL, c.Data)
	}
	return nil
}

func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
