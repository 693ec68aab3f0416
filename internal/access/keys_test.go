package access

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// part is what a file has between two texts.
func part(t *testing.T, file, from, to string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", file))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, begins := strings.Cut(string(b), from)
	text, _, ends := strings.Cut(rest, to)
	if !begins || !ends {
		t.Fatalf("%s has no part from %q to %q", file, from, to)
	}
	return text
}

func TestTheDocumentationListsTheConditionKeys(t *testing.T) {
	text := part(t, "identities.md", "Conditions can ask for", "**A key that is not in this list") +
		part(t, "s3.md", "Beside the global condition keys", "A policy with a condition on another key")
	var listed []string
	for _, key := range regexp.MustCompile("`([a-z0-9]+:[^`]+)`").FindAllStringSubmatch(text, -1) {
		if key[1] != "aws:…" {
			listed = append(listed, key[1])
		}
	}
	slices.Sort(listed)
	listed = slices.Compact(listed)
	own := slices.Sorted(slices.Values(conditionKeys))
	for _, key := range own {
		if !slices.Contains(listed, key) {
			t.Errorf("not in the documentation: %s", key)
		}
	}
	for _, key := range listed {
		if !slices.Contains(own, key) {
			t.Errorf("only in the documentation: %s", key)
		}
	}
}

// Where requests are given keys, they are given as string literals.
func TestTheConditionKeysAreThoseThatRequestsAreGiven(t *testing.T) {
	given := regexp.MustCompile(`"((?:aws|iam|sts|ec2|s3|saml):[A-Za-z0-9_/-]+)"`)
	var all strings.Builder
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "access/keys.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for line := range strings.Lines(string(b)) {
			if regexp.MustCompile(`[sS]et\("`).MatchString(line) {
				for _, key := range given.FindAllStringSubmatch(line, 1) {
					if !KnownKey(key[1] + strings.Repeat("x", strings.Count(key[1], "/"))) {
						t.Errorf("%s gives %s, which is not in the list", path, key[1])
					}
				}
			}
		}
		all.WriteString(strings.ToLower(string(b)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range conditionKeys {
		name, tags := strings.CutSuffix(strings.ToLower(key), "…")
		if _, rest, _ := strings.Cut(name, ":"); tags {
			name = rest // under the prefix of the service
		}
		if !strings.Contains(all.String(), name) {
			t.Errorf("no request is given %s", key)
		}
	}
	for _, keys := range requestKeys {
		for key := range keys {
			if !KnownKey(key) {
				t.Errorf("%s is not in the list", key)
			}
		}
	}
	for key := range connectionKeys {
		if !KnownKey(key) {
			t.Errorf("%s is not in the list", key)
		}
	}
}

func TestAKeyIsKnownInAnyCase(t *testing.T) {
	for key, want := range map[string]bool{
		"aws:sourceip": true, "AWS:SourceIp": true, "aws:PrincipalTag/Team": true, "aws:principaltag/": true, "aws:PrincipalTag": false,
		"aws:SourceIps": false, "ec2:VolumeType": false, "ec2:ResourceTag/a/b": true, "secretsmanager:ResourceTag/a": false,
		"token.actions.githubusercontent.com:sub": true, "sub": false, "": false, "aws:…": false,
	} {
		if KnownKey(key) != want {
			t.Errorf("%q is known: %t", key, !want)
		}
	}
}
