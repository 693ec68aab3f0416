package events

import "testing"

// FuzzToken: a token that is taken is one that was given out.
func FuzzToken(f *testing.F) {
	for _, token := range []string{"", "none", writeToken("a-rule"), writeToken(""), "YWZ0ZXI6", "YWZ0ZXI6YR", "YWZ0ZXI6YQ\n"} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if after, ok := readToken(token); ok && writeToken(after) != token {
			t.Errorf("%q stands for %q, whose token is %q", token, after, writeToken(after))
		}
	})
}
