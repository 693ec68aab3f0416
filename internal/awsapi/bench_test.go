package awsapi

import "testing"

func BenchmarkFindAndDecode(b *testing.B) {
	for _, bench := range []struct {
		name, signing string
		r             *Request
	}{
		{"ec2", "ec2", sent("POST h/", form, "Action=RunInstances&Version=2016-11-15&ImageId=ami-1&MinCount=1&MaxCount=2&InstanceType=t3.micro"+
			"&SecurityGroupId.1=sg-1&SecurityGroupId.2=sg-2&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b")},
		{"json", "dynamodb", sent("POST h/", "X-Amz-Target: DynamoDB_20120810.PutItem", `{"TableName":"t","Item":{"k":{"S":"v"},"n":{"N":"1"},"l":{"L":[{"S":"a"},{"S":"b"}]}}}`)},
		{"rest-json", "lambda", sent("GET h/2015-03-31/functions/f/configuration?Qualifier=1")},
		{"s3 get", "s3", sent("GET b.s3.eu-west-1.amazonaws.com/a/key?versionId=1", "Range: bytes=0-1")},
		{"s3 put", "s3", sent("PUT h/b/k", "Content-Type: text/plain", "x-amz-meta-a: b")},
	} {
		b.Run(bench.name, func(b *testing.B) {
			catalog := sharedCatalog(b)
			b.ReportAllocs()
			for b.Loop() {
				found, err := catalog.Find(bench.signing, bench.r)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := found.Decode(bench.r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
