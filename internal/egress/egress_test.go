package egress

import "testing"

func TestNothingIsSentWhereItMustNot(t *testing.T) {
	for address, test := range map[string]struct{ always, publicOnly bool }{
		"127.0.0.1:80":            {true, false},
		"[::1]:80":                {true, false},
		"[::ffff:127.0.0.1]:80":   {true, false},
		"10.1.2.3:80":             {true, false},
		"192.168.0.1:443":         {true, false},
		"100.64.0.1:80":           {true, false},
		"[fd00::1]:80":            {true, false},
		"0.0.0.0:80":              {true, false},
		"93.184.216.34:80":        {true, true},
		"[2606:4700::1]:443":      {true, true},
		"169.254.169.254:80":      {false, false},
		"[fe80::1%eth0]:80":       {false, false},
		"[::ffff:169.254.1.1]:80": {false, false},
		"224.0.0.1:80":            {false, false},
		"nonsense":                {false, false},
	} {
		if got := mayDial(address, false) == nil; got != test.always {
			t.Errorf("%s: %v", address, got)
		}
		if got := mayDial(address, true) == nil; got != test.publicOnly {
			t.Errorf("%s with PublicOnly: %v", address, got)
		}
	}
}
