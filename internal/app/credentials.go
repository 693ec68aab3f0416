package app

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cairn-audit/cairn/internal/identity"
)

// The credentials file holds the keys made at the first start, in the format of
// the AWS CLI's, so that AWS_SHARED_CREDENTIALS_FILE may name it.
const (
	credentialsFile = "credentials"
	adminProfile    = "default"
	rootProfile     = "root"
)

func formatCredentials(root, administrator identity.Credential) []byte {
	var b strings.Builder
	for _, p := range []struct {
		name, who string
		key       identity.Credential
	}{
		{adminProfile, "IAM user " + identity.AdministratorName, administrator},
		{rootProfile, "the root user", root},
	} {
		fmt.Fprintf(&b, "# %s of account %s\n[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n\n",
			p.who, p.key.AccountID, p.name, p.key.AccessKeyID, p.key.SecretAccessKey)
	}
	return []byte(b.String())
}

// ReadCredentials reads a key that the first start made: the administrator's,
// or the root user's.
func ReadCredentials(data string, root bool) (identity.Credential, error) {
	profile := adminProfile
	if root {
		profile = rootProfile
	}
	path := filepath.Join(data, credentialsFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return identity.Credential{}, fmt.Errorf("%s is not there: the first start of a server makes it, and its keys cannot be shown again", path)
	}
	if err != nil {
		return identity.Credential{}, err
	}
	defer f.Close()
	var c identity.Credential
	section := ""
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if section != profile || !ok {
			continue
		}
		switch strings.TrimSpace(key) {
		case "aws_access_key_id":
			c.AccessKeyID = strings.TrimSpace(value)
		case "aws_secret_access_key":
			c.SecretAccessKey = strings.TrimSpace(value)
		}
	}
	if err := lines.Err(); err != nil {
		return identity.Credential{}, fmt.Errorf("read %s: %w", path, err)
	}
	if c.AccessKeyID == "" || c.SecretAccessKey == "" {
		return identity.Credential{}, fmt.Errorf("%s has no profile %s", path, profile)
	}
	return c, nil
}
