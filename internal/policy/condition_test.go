package policy

import "testing"

// Each row is a statement that allows everything under one condition, and a
// request: the key is missing where context is empty. The groups name the page
// of the IAM User Guide that they are from.
var conditionCases = []struct {
	condition string
	context   []string
	want      bool
}{
	// reference_policies_elements_condition_operators, String
	{`"StringEquals":{"aws:PrincipalTag/job":"audit"}`, []string{"aws:PrincipalTag/job=audit"}, true},
	{`"StringEquals":{"aws:PrincipalTag/job":"audit"}`, []string{"aws:PrincipalTag/job=Audit"}, false},
	{`"StringEquals":{"aws:PrincipalTag/job":"audit"}`, []string{"AWS:principaltag/JOB=audit"}, true},
	{`"StringEquals":{"aws:PrincipalTag/job":"audit"}`, nil, false},
	{`"StringEquals":{"aws:PrincipalTag/job":"a*"}`, []string{"aws:PrincipalTag/job=audit"}, false},
	{`"StringEquals":{"aws:PrincipalTag/job":"a*"}`, []string{"aws:PrincipalTag/job=a*"}, true},
	{`"StringEquals":{"aws:PrincipalTag/job":["ops","audit"]}`, []string{"aws:PrincipalTag/job=audit"}, true},
	{`"StringNotEquals":{"k:x":"audit"}`, []string{"k:x=ops"}, true},
	{`"StringNotEquals":{"k:x":"audit"}`, []string{"k:x=audit"}, false},
	{`"StringNotEquals":{"k:x":["audit","ops"]}`, []string{"k:x=ops"}, false},
	{`"StringNotEquals":{"k:x":["audit","ops"]}`, []string{"k:x=dev"}, true},
	{`"StringNotEquals":{"k:x":"audit"}`, nil, true},
	{`"StringEqualsIgnoreCase":{"k:x":"Audit"}`, []string{"k:x=aUDIT"}, true},
	{`"StringEqualsIgnoreCase":{"k:x":"Audit"}`, []string{"k:x=auditor"}, false},
	{`"StringNotEqualsIgnoreCase":{"k:x":"Audit"}`, []string{"k:x=aUDIT"}, false},
	{`"StringNotEqualsIgnoreCase":{"k:x":"Audit"}`, nil, true},
	{`"StringLike":{"s3:prefix":["","home/","home/${aws:username}/*"]}`, []string{"s3:prefix=", "aws:username=ann"}, true},
	{`"StringLike":{"s3:prefix":["","home/","home/${aws:username}/*"]}`, []string{"s3:prefix=home/ann/a/b", "aws:username=ann"}, true},
	{`"StringLike":{"s3:prefix":["","home/","home/${aws:username}/*"]}`, []string{"s3:prefix=home/bob/a", "aws:username=ann"}, false},
	{`"StringLike":{"k:x":"t?.*"}`, []string{"k:x=t2.micro"}, true},
	{`"StringLike":{"k:x":"t?.*"}`, []string{"k:x=t22.micro"}, false},
	{`"StringLike":{"k:x":"T?.*"}`, []string{"k:x=t2.micro"}, false},
	{`"StringNotLike":{"k:x":"t*"}`, []string{"k:x=t2"}, false},
	{`"StringNotLike":{"k:x":["t*","m*"]}`, []string{"k:x=c5"}, true},
	{`"StringNotLike":{"k:x":"t*"}`, nil, true},

	// reference_policies_elements_condition_operators, Numeric
	{`"NumericEquals":{"s3:max-keys":"10"}`, []string{"s3:max-keys=10"}, true},
	{`"NumericEquals":{"s3:max-keys":10}`, []string{"s3:max-keys=10.0"}, true},
	{`"NumericEquals":{"s3:max-keys":"10"}`, []string{"s3:max-keys=1o"}, false},
	{`"NumericEquals":{"s3:max-keys":"10"}`, nil, false},
	{`"NumericNotEquals":{"s3:max-keys":"10"}`, []string{"s3:max-keys=11"}, true},
	{`"NumericNotEquals":{"s3:max-keys":"10"}`, nil, true},
	{`"NumericLessThan":{"s3:max-keys":"10"}`, []string{"s3:max-keys=9"}, true},
	{`"NumericLessThan":{"s3:max-keys":"10"}`, []string{"s3:max-keys=10"}, false},
	{`"NumericLessThanEquals":{"s3:max-keys":"10"}`, []string{"s3:max-keys=10"}, true},
	{`"NumericLessThanEquals":{"s3:max-keys":"10"}`, []string{"s3:max-keys=100"}, false},
	{`"NumericLessThanEquals":{"s3:max-keys":"10"}`, nil, false},
	{`"NumericGreaterThan":{"k:n":"-1.5"}`, []string{"k:n=-1.25"}, true},
	{`"NumericGreaterThan":{"k:n":"-1.5"}`, []string{"k:n=-2"}, false},
	{`"NumericGreaterThanEquals":{"k:n":"9007199254740993"}`, []string{"k:n=9007199254740992"}, false},
	{`"NumericGreaterThanEquals":{"k:n":"9007199254740993"}`, []string{"k:n=9007199254740993"}, true},
	{`"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}`, []string{"aws:MultiFactorAuthAge=300"}, true},

	// reference_policies_elements_condition_operators, Date
	{`"DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:01Z"}`, []string{"aws:TokenIssueTime=2020-01-01T00:00:02Z"}, true},
	{`"DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:01Z"}`, []string{"aws:TokenIssueTime=2020-01-01T00:00:01Z"}, false},
	{`"DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:01Z"}`, nil, false},
	{`"DateGreaterThanEquals":{"aws:CurrentTime":"2020-01-01T00:00:01Z"}`, []string{"aws:CurrentTime=2020-01-01T01:00:01+01:00"}, true},
	{`"DateLessThan":{"aws:CurrentTime":"2020-01-02"}`, []string{"aws:CurrentTime=2020-01-01T23:59:59.999Z"}, true},
	{`"DateLessThan":{"aws:CurrentTime":"2020-01-02"}`, []string{"aws:CurrentTime=2020-01-02T00:00:00Z"}, false},
	{`"DateLessThanEquals":{"aws:EpochTime":"1577836800"}`, []string{"aws:EpochTime=1577836800"}, true},
	{`"DateLessThanEquals":{"aws:EpochTime":1577836800}`, []string{"aws:CurrentTime=1", "aws:EpochTime=1577836801"}, false},
	{`"DateEquals":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}`, []string{"aws:CurrentTime=1577836800"}, true},
	{`"DateEquals":{"aws:CurrentTime":"2020-01"}`, []string{"aws:CurrentTime=2020-01-01T00:00Z"}, true},
	{`"DateNotEquals":{"aws:CurrentTime":"2020-01-01"}`, []string{"aws:CurrentTime=2020-01-02"}, true},
	{`"DateNotEquals":{"aws:CurrentTime":"2020-01-01"}`, nil, true},
	{`"DateLessThan":{"aws:CurrentTime":"9223372036854775807"}`, []string{"aws:CurrentTime=2020-01-02"}, true},

	// reference_policies_elements_condition_operators, Boolean
	{`"Bool":{"aws:SecureTransport":"false"}`, []string{"aws:SecureTransport=false"}, true},
	{`"Bool":{"aws:SecureTransport":"false"}`, []string{"aws:SecureTransport=true"}, false},
	{`"Bool":{"aws:SecureTransport":true}`, []string{"aws:SecureTransport=True"}, true},
	{`"Bool":{"aws:MultiFactorAuthPresent":"true"}`, nil, false},
	{`"Bool":{"aws:MultiFactorAuthPresent":"false"}`, nil, false},
	{`"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}`, nil, true},
	{`"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}`, []string{"aws:MultiFactorAuthPresent=true"}, false},

	// reference_policies_elements_condition_operators, Binary
	{`"BinaryEquals":{"k:b":"QmluYXJ5"}`, []string{"k:b=Binary"}, true},
	{`"BinaryEquals":{"k:b":"QmluYXJ5"}`, []string{"k:b=QmluYXJ5"}, false},
	{`"BinaryEquals":{"k:b":"QmluYXJ5"}`, nil, false},

	// reference_policies_elements_condition_operators, IP address
	{`"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`, []string{"aws:SourceIp=203.0.113.255"}, true},
	{`"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`, []string{"aws:SourceIp=203.0.114.0"}, false},
	{`"IpAddress":{"aws:SourceIp":"203.0.113.7"}`, []string{"aws:SourceIp=203.0.113.7"}, true},
	{`"IpAddress":{"aws:SourceIp":"203.0.113.7"}`, []string{"aws:SourceIp=203.0.113.8"}, false},
	{`"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}`, []string{"aws:SourceIp=2001:db8:1234:5678::1"}, true},
	{`"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}`, []string{"aws:SourceIp=2001:db8:1234:5679::1"}, false},
	{`"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`, []string{"aws:SourceIp=::ffff:203.0.113.9"}, true},
	{`"IpAddress":{"aws:SourceIp":"::ffff:203.0.113.0/120"}`, []string{"aws:SourceIp=203.0.113.9"}, true},
	{`"IpAddress":{"aws:SourceIp":"203.0.113.77/24"}`, []string{"aws:SourceIp=203.0.113.9"}, true},
	{`"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}`, []string{"aws:SourceIp=cloudformation.amazonaws.com"}, false},
	{`"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}`, nil, false},
	{`"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]}`, []string{"aws:SourceIp=203.0.113.1"}, false},
	{`"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]}`, []string{"aws:SourceIp=198.51.100.1"}, true},
	{`"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}`, nil, true},

	// reference_policies_elements_condition_operators, ARN
	{`"ArnLike":{"aws:SourceArn":"arn:aws:someservice:*:111122223333:finance/*"}`,
		[]string{"aws:SourceArn=arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"}, false},
	{`"StringLike":{"aws:SourceArn":"arn:aws:someservice:*:111122223333:finance/*"}`,
		[]string{"aws:SourceArn=arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"}, true},
	{`"ArnLike":{"aws:SourceArn":"arn:aws:someservice:*:111122223333:finance/*"}`,
		[]string{"aws:SourceArn=arn:aws:someservice:us-east-2:111122223333:finance/a:b/c"}, true},
	{`"ArnEquals":{"aws:SourceArn":"arn:aws:sns:*:123456789012:t?pic"}`, []string{"aws:SourceArn=arn:aws:sns:eu-west-1:123456789012:topic"}, true},
	{`"ArnEquals":{"aws:SourceArn":"arn:aws:sns:eu-west-1:123456789012:topic"}`, []string{"aws:SourceArn=arn:aws:sns:eu-west-1:123456789012:Topic"}, false},
	{`"ArnEquals":{"aws:SourceArn":"arn:aws:sns:eu-west-1:123456789012:topic"}`, nil, false},
	{`"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::444455556666:user/ann"}`, []string{"aws:PrincipalArn=arn:aws:iam::444455556666:user/bob"}, true},
	{`"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::444455556666:user/ann"}`, []string{"aws:PrincipalArn=arn:aws:iam::444455556666:user/ann"}, false},
	{`"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/ops-*"}`, []string{"aws:PrincipalArn=arn:aws:iam::1:role/ops-1"}, false},
	{`"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/ops-*"}`, nil, true},
	{`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:PrincipalAccount}:role/*"}`,
		[]string{"aws:PrincipalArn=arn:aws:iam::1:role/a", "aws:PrincipalAccount=1"}, true},
	{`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:PrincipalAccount}:role/*"}`,
		[]string{"aws:PrincipalArn=arn:aws:iam::1:role/a", "aws:PrincipalAccount=2"}, false},
	{`"ArnLike":{"aws:SourceArn":"arn:aws:sns:*"}`, []string{"aws:SourceArn=arn:aws:sns:eu-west-1:123456789012:topic"}, true},
	{`"ArnLike":{"aws:SourceArn":"arn:aws:sns:eu-west-1"}`, []string{"aws:SourceArn=arn:aws:sns:eu-west-1:123456789012:topic"}, false},
	{`"ArnLike":{"aws:SourceArn":"arn:aws:sns:*c"}`, []string{"aws:SourceArn=arn:aws:sns:eu-west-1:123456789012:topic"}, false},

	// reference_policies_elements_condition_operators, IfExists and Null
	{`"StringLikeIfExists":{"ec2:InstanceType":["t1.*","t2.*"]}`, nil, true},
	{`"StringLikeIfExists":{"ec2:InstanceType":["t1.*","t2.*"]}`, []string{"ec2:InstanceType=t2.micro"}, true},
	{`"StringLikeIfExists":{"ec2:InstanceType":["t1.*","t2.*"]}`, []string{"ec2:InstanceType=c5.large"}, false},
	{`"StringNotEqualsIfExists":{"k:x":"a"}`, nil, true},
	{`"StringNotEqualsIfExists":{"k:x":"a"}`, []string{"k:x=a"}, false},
	{`"NumericLessThanIfExists":{"aws:MultiFactorAuthAge":"3600"}`, nil, true},
	{`"ArnEqualsIfExists":{"aws:SourceArn":"arn:aws:s3:::b"}`, nil, true},
	{`"IpAddressIfExists":{"aws:SourceIp":"10.0.0.0/8"}`, []string{"aws:SourceIp=11.0.0.1"}, false},
	{`"Null":{"aws:TokenIssueTime":"true"}`, nil, true},
	{`"Null":{"aws:TokenIssueTime":"true"}`, []string{"aws:TokenIssueTime=2020-01-01T00:00:00Z"}, false},
	{`"Null":{"aws:TokenIssueTime":"false"}`, nil, false},
	{`"Null":{"aws:TokenIssueTime":false}`, []string{"aws:TokenIssueTime=2020-01-01T00:00:00Z"}, true},

	// reference_policies_condition-logic-multiple-context-keys-or-values:
	// operators and keys are joined by AND, values by OR
	{`"StringEquals":{"k:a":"1","k:b":["2","3"]}`, []string{"k:a=1", "k:b=3"}, true},
	{`"StringEquals":{"k:a":"1","k:b":["2","3"]}`, []string{"k:a=1", "k:b=4"}, false},
	{`"StringEquals":{"k:a":"1"},"Bool":{"k:c":"true"}`, []string{"k:a=1", "k:c=true"}, true},
	{`"StringEquals":{"k:a":"1"},"Bool":{"k:c":"true"}`, []string{"k:a=1", "k:c=false"}, false},
	{`"StringEquals":{"k:a":"1"},"Bool":{"k:c":"true"}`, []string{"k:c=true"}, false},
	{`"StringLike":{"k:a":"x*"},"StringNotEquals":{"k:a":["xa","xb"]}`, []string{"k:a=xc"}, true},
	{`"StringLike":{"k:a":"x*"},"StringNotEquals":{"k:a":["xa","xb"]}`, []string{"k:a=xb"}, false},
	{``, nil, true},

	// reference_policies_multi-value-conditions
	{`"ForAllValues:StringLike":{"dynamodb:Attributes":["PostDateTime","Message","Tags"]}`, []string{"dynamodb:Attributes=PostDateTime,Message"}, true},
	{`"ForAllValues:StringLike":{"dynamodb:Attributes":["PostDateTime","Message","Tags"]}`, []string{"dynamodb:Attributes=PostDateTime,UserName"}, false},
	{`"ForAllValues:StringLike":{"dynamodb:Attributes":["PostDateTime"]}`, nil, true},
	{`"ForAllValues:StringLike":{"dynamodb:Attributes":["PostDateTime"]}`, []string{"dynamodb:Attributes="}, true},
	{`"ForAnyValue:StringLike":{"dynamodb:Attributes":["ID","PostDateTime"]}`, []string{"dynamodb:Attributes=UserName,Message,PostDateTime"}, true},
	{`"ForAnyValue:StringLike":{"dynamodb:Attributes":["ID","PostDateTime"]}`, []string{"dynamodb:Attributes=UserName"}, false},
	{`"ForAnyValue:StringLike":{"dynamodb:Attributes":["ID","PostDateTime"]}`, nil, false},
	{`"ForAnyValue:StringLike":{"dynamodb:Attributes":["*"]}`, []string{"dynamodb:Attributes="}, false},
	{`"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":["a"]}`, nil, true},

	// reference_policies_condition_examples-multi-valued-context-keys
	{`"ForAllValues:StringNotLike":{"aws:TagKeys":"key1*"}`, []string{"aws:TagKeys=key1:legal"}, false},
	{`"ForAllValues:StringNotLike":{"aws:TagKeys":"key1*"}`, []string{"aws:TagKeys=key1:hr,key1:personnel"}, false},
	{`"ForAllValues:StringNotLike":{"aws:TagKeys":"key1*"}`, []string{"aws:TagKeys=key2:audit"}, true},
	{`"ForAllValues:StringNotLike":{"aws:TagKeys":"key1*"}`, nil, true},
	{`"ForAllValues:StringNotLike":{"aws:TagKeys":"key1*"},"Null":{"aws:TagKeys":"false"}`, nil, false},
	{`"ForAllValues:StringEquals":{"aws:TagKeys":["environment","cost"]}`, []string{"aws:TagKeys=cost,environment"}, true},
	{`"ForAllValues:StringEquals":{"aws:TagKeys":["environment","cost"]}`, []string{"aws:TagKeys=cost,Environment"}, false},
	{`"ForAnyValue:StringNotEquals":{"aws:TagKeys":["cost"]}`, []string{"aws:TagKeys=cost,owner"}, true},
	{`"ForAnyValue:StringNotEquals":{"aws:TagKeys":["cost"]}`, []string{"aws:TagKeys=cost"}, false},
	{`"ForAnyValue:StringNotEquals":{"aws:TagKeys":["cost"]}`, nil, false},
	{`"ForAnyValue:NumericLessThan":{"k:n":"5"}`, []string{"k:n=7,4"}, true},
	{`"ForAllValues:NumericLessThan":{"k:n":"5"}`, []string{"k:n=7,4"}, false},
	{`"ForAnyValue:ArnLike":{"k:arns":"arn:aws:s3:::a*"}`, []string{"k:arns=arn:aws:s3:::b,arn:aws:s3:::ab"}, true},

	// reference_policies_variables
	{`"StringEquals":{"k:x":"${aws:username}"}`, []string{"k:x=ann", "aws:username=ann"}, true},
	{`"StringEquals":{"k:x":"${AWS:UserName}"}`, []string{"k:x=ann", "aws:username=ann"}, true},
	{`"StringEquals":{"k:x":"${aws:username}"}`, []string{"k:x=${aws:username}"}, false},
	{`"StringNotEquals":{"k:x":"${aws:username}"}`, []string{"k:x=ann"}, true},
	{`"StringEquals":{"k:x":"${aws:username}"}`, []string{"k:x=ann", "aws:username=ann,bob"}, false},
	{`"StringEquals":{"k:x":"${aws:userid, 'anonymous'}"}`, []string{"k:x=anonymous"}, true},
	{`"StringEquals":{"k:x":"${aws:userid, 'anonymous'}"}`, []string{"k:x=anonymous", "aws:userid=AIDA1"}, false},
	{`"StringEquals":{"k:x":"${aws:PrincipalTag/team,'none'}!"}`, []string{"k:x=none!"}, true},
	{`"StringEquals":{"k:x":"${aws:PrincipalTag/team, none}"}`, []string{"k:x=none"}, false},
	{`"StringEquals":{"k:x":"a${*}b${?}c${$}{d}"}`, []string{"k:x=a*b?c${d}"}, true},
	{`"StringLike":{"k:x":"a${*}*"}`, []string{"k:x=a*bc"}, true},
	{`"StringLike":{"k:x":"a${*}*"}`, []string{"k:x=abc"}, false},
	{`"StringLike":{"k:x":"a${?}"}`, []string{"k:x=ab"}, false},
	{`"StringLike":{"k:x":"${k:y}/*"}`, []string{"k:x=a/b", "k:y=*"}, false},
	{`"StringLike":{"k:x":"${k:y}/*"}`, []string{"k:x=*/b", "k:y=*"}, true},
	{`"StringEquals":{"k:x":"${unclosed"}`, []string{"k:x=${unclosed"}, true},
	{`"StringEqualsIgnoreCase":{"k:x":"${aws:username}"}`, []string{"k:x=ANN", "aws:username=ann"}, true},
	{`"Bool":{"k:x":"${k:y}"}`, []string{"k:x=true", "k:y=true"}, true},
	{`"Bool":{"k:x":"${k:y}"}`, []string{"k:x=yes", "k:y=yes"}, false},

	// Keys of several values without a set operator
	{`"StringEquals":{"k:x":"a"}`, []string{"k:x=b,a"}, true},
	{`"StringNotEquals":{"k:x":"a"}`, []string{"k:x=b,a"}, false},
	{`"StringEquals":{"k:x":[]}`, []string{"k:x=a"}, false},
}

func TestConditionsHoldAsDocumented(t *testing.T) {
	for _, c := range conditionCases {
		d := document(t, `"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+c.condition+`}`)
		got := Evaluate(
			Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Principal: user("ann"), Context: keys(c.context...)},
			Policies{Identity: []*Document{d}},
		)
		if got.Allowed != c.want {
			t.Errorf("{%s} with %q: allowed %v, want %v", c.condition, c.context, got.Allowed, c.want)
		}
	}
	t.Logf("%d cases", len(conditionCases))
}

func TestDocumentsOfTheOldVersionHaveNoVariables(t *testing.T) {
	const statement = `"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:username}",
		"Condition":{"StringEquals":{"k:x":"${aws:username}"}}}}`
	r := Request{Action: "s3:GetObject", Principal: user("ann"), Context: keys("aws:username=ann")}
	for _, version := range []string{``, `"Version":"2008-10-17",`} {
		p := Policies{Identity: []*Document{parse(t, `{`+version+statement)}}
		r.Resource = "arn:aws:s3:::b/ann"
		r.Context.Set("k:x", "ann")
		if Evaluate(r, p).Allowed {
			t.Errorf("version %q: a variable is replaced", version)
		}
		r.Resource = "arn:aws:s3:::b/${aws:username}"
		r.Context.Set("k:x", "${aws:username}")
		if !Evaluate(r, p).Allowed {
			t.Errorf("version %q: ${aws:username} is not text", version)
		}
	}
}
