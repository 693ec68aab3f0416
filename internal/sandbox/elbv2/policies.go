package elbv2

import (
	"strings"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// Ciphers, by the versions of TLS that have them, in the order of preference.
const (
	ciphers13 = "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256"
	ciphers12 = "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA256 ECDHE-RSA-AES128-SHA256 " +
		"ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-ECDSA-AES256-SHA384 ECDHE-RSA-AES256-SHA384"
	ciphers12GCM = "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384"
	ciphers10    = "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA256 ECDHE-RSA-AES128-SHA256 " +
		"ECDHE-ECDSA-AES128-SHA ECDHE-RSA-AES128-SHA ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384 " +
		"ECDHE-ECDSA-AES256-SHA384 ECDHE-RSA-AES256-SHA384 ECDHE-RSA-AES256-SHA ECDHE-ECDSA-AES256-SHA " +
		"AES128-GCM-SHA256 AES128-SHA256 AES128-SHA AES256-GCM-SHA384 AES256-SHA256 AES256-SHA"
	ciphersRSA = " AES128-GCM-SHA256 AES128-SHA256 AES256-GCM-SHA384 AES256-SHA256"
)

// sslPolicies are those of the guide's tables that are used most: a name, the
// versions of TLS and the ciphers.
func sslPolicies(*engine.Exec) []engine.Attrs {
	var all []engine.Attrs
	for _, row := range [][3]string{
		{"ELBSecurityPolicy-2016-08", "TLSv1 TLSv1.1 TLSv1.2", ciphers10},
		{"ELBSecurityPolicy-TLS13-1-2-2021-06", "TLSv1.2 TLSv1.3", ciphers13 + " " + ciphers12},
		{"ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "TLSv1.2 TLSv1.3", ciphers13 + " " + ciphers12GCM},
		{"ELBSecurityPolicy-TLS13-1-3-2021-06", "TLSv1.3", ciphers13},
		{"ELBSecurityPolicy-TLS-1-2-2017-01", "TLSv1.2", ciphers12 + ciphersRSA},
		{"ELBSecurityPolicy-TLS-1-1-2017-01", "TLSv1.1 TLSv1.2", ciphers10},
		{"ELBSecurityPolicy-FS-1-2-Res-2020-10", "TLSv1.2", ciphers12GCM},
	} {
		a := engine.Attrs{"Name": row[0], ".Name": row[0]}
		a.Set("SslProtocols", strings.Fields(row[1]))
		a.Set("SupportedLoadBalancerTypes", []string{"application", "network"})
		for i, name := range strings.Fields(row[2]) {
			a.Append("Ciphers", map[string]any{"Name": name, "Priority": i + 1})
		}
		all = append(all, a)
	}
	return all
}

func policyKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "ssl-policy", Shape: "SslPolicy", ID: ".Name", Static: sslPolicies,
		Unknown: engine.Refuse("SSLPolicyNotFoundException", "The specified SSL policy does not exist"),
	}}
}

func policyOps() []engine.Op {
	return []engine.Op{
		{Name: "DescribeSSLPolicies", Do: engine.Describe{Kind: "ssl-policy", IDs: []string{"Names"}, Where: []engine.Match{
			{Param: "LoadBalancerType", Path: "SupportedLoadBalancerTypes"},
		}}},
	}
}
