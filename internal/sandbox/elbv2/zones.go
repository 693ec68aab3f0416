package elbv2

// hosted are the Route 53 hosted zones of load balancers in a Region: of
// Application and of Network Load Balancers. They are those of AWS's endpoint
// tables.
func hosted() map[string][2]string {
	return map[string][2]string{
		"us-east-1":      {"Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"},
		"us-east-2":      {"Z3AADJGX6KTTL2", "ZLMOA37VPKANP"},
		"us-west-1":      {"Z368ELLRRE2KJ0", "Z24FKFUX50B4VW"},
		"us-west-2":      {"Z1H1FL5HABSF5", "Z18D5FSROUN65G"},
		"ca-central-1":   {"ZQSVJUPU6J1EY", "Z2EPGBW3API2WT"},
		"eu-central-1":   {"Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90"},
		"eu-west-1":      {"Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"},
		"eu-west-2":      {"ZHURV8PSTC4K8", "ZD4D7Y8KGAS4G"},
		"eu-west-3":      {"Z3Q77PNBQS71R4", "Z1CMS0P5QUZ6D5"},
		"eu-north-1":     {"Z23TAZ6LKFMNIO", "Z1UDT6IFJ4EJM"},
		"ap-northeast-1": {"Z14GRHDCWA56QT", "Z31USIVHYNEOWT"},
		"ap-northeast-2": {"ZWKZPGTI48KDX", "ZIBE1TIR4HY56"},
		"ap-northeast-3": {"Z5LXEXXYW11ES", "Z1GWIQ4HH19I5X"},
		"ap-southeast-1": {"Z1LMS91P8CMLE5", "ZKVM4W9LS7TM"},
		"ap-southeast-2": {"Z1GM3OXH4ZPM65", "ZCT6FZBF4DROD"},
		"ap-south-1":     {"ZP97RAFLXTNZK", "ZVDDRBQ08TROA"},
		"sa-east-1":      {"Z2P70J7HTTTPLU", "ZTK26PT1VY4CU"},
	}
}

// hostedZone returns the hosted zone of a type of load balancer. A Region that
// is not in the table shares that of us-east-1.
func hostedZone(region, kind string) string {
	zones, ok := hosted()[region]
	if !ok {
		zones = hosted()["us-east-1"]
	}
	if kind == "application" {
		return zones[0]
	}
	return zones[1]
}
