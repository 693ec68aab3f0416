package sshkey

import "testing"

func TestParseTakesOnlyPublicKeys(t *testing.T) {
	tests := []struct {
		name, line string
		ok         bool
	}{
		{"ed25519", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOtAlK45MAEWZ7MUY2QEmi3M6W+peGL3VCrc0qH54xRu me@here", true},
		{"another type", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIOtAlK45MAEWZ7MUY2QEmi3M6W+peGL3VCrc0qH54xRu", false},
		{"not base64", "ssh-rsa !!!", false},
		{"cut short", "ssh-rsa AAAAB3NzaC1yc2E=", false},
		{"empty", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse(tt.line); (err == nil) != tt.ok {
				t.Errorf("Parse = %v, want ok %v", err, tt.ok)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOtAlK45MAEWZ7MUY2QEmi3M6W+peGL3VCrc0qH54xRu")
	f.Add("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAABAE=")
	f.Fuzz(func(t *testing.T, line string) {
		if key, err := Parse(line); err == nil && key.Fingerprint() == "" {
			t.Error("a key without a fingerprint")
		}
	})
}
