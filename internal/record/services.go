package record

// services are the rows of single services, by their id. What a row does not
// say is the rule: camel style, jdk8 timestamps, the signing name as source.
var services = map[string]serviceRules{
	"autoscaling": {mark: removed},
	"application-autoscaling": {
		source:     "autoscaling.amazonaws.com", // 8e2bb8d3
		additional: `{"service":"application-autoscaling"}`,
	},
	"cloudfront": {
		apiVersion: "2020_05_31", suffix: "2020_05_31", // doc: CloudFront guide; published UpdateDistribution2020_05_31
	},
	"cloudtrail": {stamp: jdk9}, // records of 2023 and later
	"cloudwatch": {
		blindErrors: set("DashboardNotFoundError"), // 3a7c24eb
	},
	"dynamodb":        {apiVersion: "2012-08-10"}, // published DescribeTable and GetRecords
	"dynamodbstreams": {apiVersion: "2012-08-10"},
	"ec2": {
		style:           styleEC2,
		keepsRefused:    true,
		hidesServiceKey: true,                  // 21 of 21 records
		alwaysArray:     set("InstanceIdsSet"), // e40a9c19 CreateFleet
		mark:            removed,
		extras: map[string][]extra{
			"InternetGateway": {{"association", "{}"}}, // 2b2a87bf
			// 5e1fb8e0
			"InstanceNetworkInterface":        {{"tagSet", "{}"}},
			"InstanceMetadataOptionsResponse": {{"httpProtocolIpv4", `"enabled"`}},
		},
	},
	"ecs": {
		answersReads: set("ListTagsForResource"),                        // f53bf60c
		blindErrors:  set("ClientException"),                            // e8411136
		extras:       map[string][]extra{"Service": {{"version", "0"}}}, // b022c9ab
	},
	"eks":    {stamp: epochSeconds},                   // doc: EKS guide, CreateCluster
	"elb":    {apiVersion: "2012-06-01"},              // 96a861ee
	"elbv2":  {apiVersion: "2015-12-01"},              // 57f6c0e3
	"events": {apiVersion: "2015-10-07", stamp: jdk9}, // doc: EventBridge guide, PutRule and PutPartnerEvents of 2026
	"iam":    {stamp: jdk20},                          // 44d2eea3, 2026
	"kms":    {stamp: jdk9},
	"lambda": {names: lambdaNames},
	"logs":   {apiVersion: "20140328"}, // 6f2a60e1
	"s3": {
		style: styleS3, keepsRefused: true, bracketsAgent: true,
		names: s3Names,
	},
	"s3control": {
		style: styleS3, keepsRefused: true, bracketsAgent: true,
		names: s3controlNames,
	},
	"sts": {
		stamp:         jdk9, // 522949b1, 2026
		tellsEndpoint: true,
		// 899f0a00 AssumeRoleWithWebIdentity of 2023, 7b72a207 GetSessionToken
		keepsDenied:  set("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "GetSessionToken"),
		answersReads: set("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"), // 522949b1, 423fa918, ef0464cd
	},
}

// signingSources are sources of requests whose operation is not known.
var signingSources = map[string]string{
	"application-autoscaling": "autoscaling.amazonaws.com",
}

// throttlingCodes are errors that mean that calls came too often. EC2 counts
// them as the client's fault although their status is 503.
var throttlingCodes = set(
	"Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded",
	"RequestThrottled", "RequestThrottledException", "TooManyRequestsException", "SlowDown",
)

// recordedCodes are wire codes that CloudTrail records under another name.
var recordedCodes = map[string]string{
	"ValidationError":       "ValidationException", // 3869ce29 autoscaling
	"AccessDeniedException": "AccessDenied",        // 90 of 90 records, modelled or not (c2636af5)
	// SNS's own, on the wire and as it is modelled: published records of
	// ListTopics, ListSubscriptions and three more.
	"AuthorizationError":          "AccessDenied",
	"AuthorizationErrorException": "AccessDenied",
	"Throttling":                  "ThrottlingException",
}

func set(names ...string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, n := range names {
		s[n] = true
	}
	return s
}
