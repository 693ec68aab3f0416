package awsapi

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestXMLAnswersCarryEveryOutput(t *testing.T) {
	for _, p := range []Protocol{Query, EC2} {
		forEachOperation(t, p, func(t *testing.T, r *rand.Rand, op *Operation) {
			if op.Output == nil {
				return
			}
			root := &Member{Shape: op.Output}
			out := without(root, generateValue(r, op.Output, 5), emptyFlat).(map[string]any)
			body, err := encodeXMLAnswer(op, p, out, "id-1")
			if err != nil {
				t.Fatalf("%s: %v", op.Name, err)
			}
			got, err := decodeXMLAnswer(op, p, body)
			if err != nil {
				t.Fatalf("%s: %v\nof %s", op.Name, err, body)
			}
			wantEqual(t, op.Name, got, out)
		})
	}
}

func TestXMLBodiesCarryEveryRestMessage(t *testing.T) {
	forEachOperation(t, RestXML, func(t *testing.T, r *rand.Rand, op *Operation) {
		if op.Input != nil {
			carryXMLBody(t, r, op.InputRoot)
		}
		if op.Output != nil {
			carryXMLBody(t, r, Member{Shape: op.Output})
		}
	})
}

func carryXMLBody(t *testing.T, r *rand.Rand, root Member) {
	t.Helper()
	if payload := root.Shape.Member(root.Shape.Payload); payload != nil {
		if payload.Shape.Kind != Structure || payload.Shape.EventStream {
			return // the bytes themselves are the body
		}
		root = *payload
	}
	v := generateStructure(r, root.Shape, 5)
	for _, m := range root.Shape.Members {
		if m.Location != "" {
			delete(v, m.Name)
		}
	}
	v = without(&root, without(&root, v, isShadowed), emptyFlat).(map[string]any)
	body, err := encodeXMLBody(root, v)
	if err != nil {
		t.Fatalf("%s: %v", root.Shape.Name, err)
	}
	got, err := decodeXMLBody(&root, body)
	if err != nil {
		t.Fatalf("%s: %v\nof %s", root.Shape.Name, err, body)
	}
	if rootMember(&root) != nil && len(v) == 0 {
		return // an empty root element is the empty value, never none
	}
	wantEqual(t, root.Shape.Name, got, v)
}

func TestEncodeXMLAnswer(t *testing.T) {
	type list = []any
	type object = map[string]any
	created := time.Date(2021, 4, 19, 6, 57, 16, 0, time.UTC)
	for _, test := range []struct {
		service, operation string
		protocol           Protocol
		out                object
		want               string
	}{
		{"iam", "ListUsers", Query,
			object{"Users": list{object{"UserName": "a&b", "Path": "/", "CreateDate": created}}, "IsTruncated": false},
			`<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersResult><Users><member>` +
				`<Path>/</Path><UserName>a&amp;b</UserName><CreateDate>2021-04-19T06:57:16.000Z</CreateDate></member></Users>` +
				`<IsTruncated>false</IsTruncated></ListUsersResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></ListUsersResponse>`},
		{"iam", "ListUsers", Query, object{"Users": list{}},
			`<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersResult><Users></Users></ListUsersResult>` +
				`<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></ListUsersResponse>`},
		{"iam", "DeleteUser", Query, nil,
			`<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DeleteUserResponse>`},
		{"sns", "GetTopicAttributes", Query, object{"Attributes": object{"b": "2", "a": "1"}},
			`<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetTopicAttributesResult><Attributes>` +
				`<entry><key>a</key><value>1</value></entry><entry><key>b</key><value>2</value></entry></Attributes></GetTopicAttributesResult>` +
				`<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetTopicAttributesResponse>`},
		{"sdb", "ListDomains", Query, object{"DomainNames": list{"a", "b"}},
			`<ListDomainsResponse xmlns="http://sdb.amazonaws.com/doc/2009-04-15/"><ListDomainsResult><DomainName>a</DomainName><DomainName>b</DomainName>` +
				`</ListDomainsResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></ListDomainsResponse>`},
		{"ec2", "DescribeVpcs", EC2, object{"Vpcs": list{object{"VpcId": "vpc-1", "IsDefault": true, "Tags": list{}}}},
			xmlHeader + `<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>id-1</requestId><vpcSet><item>` +
				`<isDefault>true</isDefault><tagSet></tagSet><vpcId>vpc-1</vpcId></item></vpcSet></DescribeVpcsResponse>`},
		{"ec2", "DeleteVpc", EC2, nil,
			xmlHeader + `<DeleteVpcResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>id-1</requestId><return>true</return></DeleteVpcResponse>`},
	} {
		op := operation(t, test.service, test.operation)
		got, err := encodeXMLAnswer(op, test.protocol, test.out, "id-1")
		if err != nil {
			t.Errorf("%s: %v", test.operation, err)
		} else if string(got) != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.operation, got, test.want)
		}
		if _, err := encodeXMLAnswer(op, test.protocol, object{"Nope": 1}, ""); err == nil && op.Output != nil {
			t.Errorf("%s: a member that the model does not have was written", test.operation)
		}
	}
}

func TestXMLBodies(t *testing.T) {
	type list = []any
	type object = map[string]any
	s3NS := ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`
	for _, test := range []struct {
		name string
		root Member
		v    any
		want string
	}{
		{"a payload with its namespace", *operation(t, "s3", "PutBucketTagging").Input.Member("Tagging"),
			object{"TagSet": list{object{"Key": "k", "Value": "v"}}},
			`<Tagging` + s3NS + `><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>`},
		{"an attribute", *operation(t, "s3", "PutBucketAcl").Input.Member("AccessControlPolicy"),
			object{"Grants": list{object{"Grantee": object{"Type": "Group", "URI": "http://x"}, "Permission": "READ"}}},
			`<AccessControlPolicy` + s3NS + `><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">` +
				`<URI>http://x</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`},
		{"flattened lists", *operation(t, "s3", "DeleteObjects").Input.Member("Delete"),
			object{"Objects": list{object{"Key": "a"}, object{"Key": " b\r\n"}}, "Quiet": true},
			`<Delete` + s3NS + `><Object><Key>a</Key></Object><Object><Key> b&#xD;&#xA;</Key></Object><Quiet>true</Quiet></Delete>`},
		{"a root that is its member", Member{Shape: operation(t, "s3", "GetBucketLocation").Output, NamespaceURI: "http://s3.amazonaws.com/doc/2006-03-01/"},
			object{"LocationConstraint": "eu-west-1"}, `<LocationConstraint` + s3NS + `>eu-west-1</LocationConstraint>`},
		{"a root named by the operation", operation(t, "route53", "CreateHostedZone").InputRoot,
			object{"Name": "example.com", "CallerReference": "r"},
			`<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>example.com</Name><CallerReference>r</CallerReference></CreateHostedZoneRequest>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			body, err := encodeXMLBody(test.root, test.v)
			if err != nil {
				t.Fatal(err)
			}
			if string(body) != xmlHeader+test.want {
				t.Errorf("got  %s\nwant %s", body, xmlHeader+test.want)
			}
			v, err := decodeXMLBody(&test.root, body)
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "read again", v, test.v)
		})
	}
}

func TestDecodeXMLBodyTakesWhatClientsWrite(t *testing.T) {
	root := operation(t, "s3", "PutBucketAcl").Input.Member("AccessControlPolicy")
	want := map[string]any{"Grants": []any{map[string]any{"Grantee": map[string]any{"Type": "Group", "URI": "a<b"}, "Permission": "READ"}}}
	for name, body := range map[string]string{
		"no declaration, no namespace": `<A><AccessControlList><Grant><Grantee xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="Group"><URI>a&lt;b</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></A>`,
		"a prefix, comments, CDATA, unknown elements": `<?xml version="1.0" encoding="utf-8"?><!-- c --><x:A xmlns:x="u"><x:Nope><x:Deep/></x:Nope>
			<x:AccessControlList> <x:Grant><!-- c --><x:Grantee xsi:type="Group"><x:URI><![CDATA[a<]]><!-- c -->b</x:URI></x:Grantee><x:Permission>READ</x:Permission></x:Grant></x:AccessControlList>
			</x:A><!-- c -->`,
	} {
		got, err := decodeXMLBody(root, []byte(body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		wantEqual(t, name, got, want)
	}
}

func TestMalformedXMLIsRefused(t *testing.T) {
	deep := strings.Repeat("<Nope>", 200_000)
	for name, body := range map[string]string{
		"nothing":                  "",
		"only space":               " \n",
		"no XML":                   "Hello",
		"cut off":                  "<Tagging><TagSet><Tag>",
		"a wrong end":              "<Tagging></TagSet>",
		"something behind":         "<Tagging/><Tagging/>",
		"text behind":              "<Tagging/>x",
		"text in a structure":      "<Tagging>x</Tagging>",
		"an element in a value":    "<Tagging><TagSet><Tag><Key><b/></Key></Tag></TagSet></Tagging>",
		"an element twice":         "<Tagging><TagSet/><TagSet/></Tagging>",
		"a document type":          `<!DOCTYPE a [<!ENTITY b "c">]><Tagging/>`,
		"an entity":                `<Tagging><TagSet><Tag><Key>&nbsp;</Key></Tag></TagSet></Tagging>`,
		"an external entity":       `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><Tagging><TagSet><Tag><Key>&b;</Key></Tag></TagSet></Tagging>`,
		"another encoding":         `<?xml version="1.0" encoding="ISO-8859-1"?><Tagging/>`,
		"bytes that are not UTF-8": "<Tagging><TagSet><Tag><Key>\xff</Key></Tag></TagSet></Tagging>",
		"deep elements":            "<Tagging>" + deep,
		"many elements":            "<Tagging>" + strings.Repeat("<a/>", maxXMLParts) + "</Tagging>",
		"many attributes":          "<Tagging " + strings.Repeat(`a="" `, maxXMLTag/5) + "/>",
	} {
		root := operation(t, "s3", "PutBucketTagging").Input.Member("Tagging")
		got, err := decodeXMLBody(root, []byte(body))
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Code != "MalformedXML" || refusal.Status != 400 {
			t.Errorf("%s: got %v and the error %v, want MalformedXML", name, got, err)
		}
	}
}

func TestXMLErrors(t *testing.T) {
	for _, test := range []struct {
		service  string
		protocol Protocol
		err      Error
		want     string
	}{
		{"iam", Query, Error{Code: "NoSuchEntityException", Message: "no <user>", Status: 404},
			`<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>no &lt;user&gt;</Message></Error><RequestId>id-1</RequestId></ErrorResponse>`},
		{"iam", Query, Error{Code: "ServiceFailureException", Message: "oh", ServerFault: true},
			`<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Receiver</Type><Code>ServiceFailure</Code><Message>oh</Message></Error><RequestId>id-1</RequestId></ErrorResponse>`},
		{"ses", Query, Error{Code: "RuleDoesNotExistException", Message: "m", Fields: map[string]any{"Name": "r"}},
			`<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type><Code>RuleDoesNotExist</Code><Message>m</Message><Name>r</Name></Error><RequestId>id-1</RequestId></ErrorResponse>`},
		{"sdb", Query, Error{Code: "NoSuchDomain", Message: "m", Fields: map[string]any{"BoxUsage": 0.5}},
			xmlHeader + `<Response><Errors><Error><Code>NoSuchDomain</Code><Message>m</Message><BoxUsage>0.5</BoxUsage></Error></Errors><RequestID>id-1</RequestID></Response>`},
		{"ec2", EC2, Error{Code: "InvalidInstanceID.NotFound", Message: "m"},
			xmlHeader + `<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>m</Message></Error></Errors><RequestID>id-1</RequestID></Response>`},
		{"s3", RestXML, Error{Code: "NoSuchKey", Message: "m", Fields: map[string]any{"Key": "k", "Resource": "/b/k"}},
			xmlHeader + `<Error><Code>NoSuchKey</Code><Message>m</Message><Key>k</Key><Resource>/b/k</Resource><RequestId>id-1</RequestId><HostId>` + hostID("id-1") + `</HostId></Error>`},
		{"route53", RestXML, Error{Code: "NoSuchHostedZone", Message: "m"},
			xmlHeader + `<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>NoSuchHostedZone</Code><Message>m</Message></Error><RequestId>id-1</RequestId></ErrorResponse>`},
	} {
		svc, err := openCatalog(t).Service(test.service)
		if err != nil {
			t.Fatal(err)
		}
		body := encodeXMLError(svc, test.protocol, &test.err, "id-1")
		if string(body) != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.service, body, test.want)
		}
		got, id, err := decodeXMLError(svc, test.protocol, body)
		if err != nil || id != "id-1" {
			t.Errorf("%s: got the id %q and the error %v", test.service, id, err)
			continue
		}
		if modelCode(errorShape(svc, got.Code), got.Code) != test.err.Code || got.Message != test.err.Message || got.ServerFault != test.err.ServerFault {
			t.Errorf("%s: got %#v, want %#v", test.service, got, test.err)
		}
		if len(got.Fields)+len(test.err.Fields) > 0 {
			wantEqual(t, test.service+" fields", got.Fields, test.err.Fields)
		}
	}
}

func TestXMLErrorsCarryEveryException(t *testing.T) {
	for _, p := range []Protocol{Query, RestXML, EC2} {
		for _, id := range speakers[p] {
			svc, err := openCatalog(t).Service(id)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(2, 3))
			for _, s := range svc.shapes {
				if s.Error == nil || errorShape(svc, wireCode(s, s.Name)) != s {
					continue // codes that several exceptions share name the first of them
				}
				fields := without(&Member{Shape: s}, generateStructure(r, s, 3), emptyFlat).(map[string]any)
				for name := range fields {
					if isErrorElement(name) {
						delete(fields, name)
					}
				}
				e := &Error{Code: s.Name, Message: "m", Fields: fields}
				got, _, err := decodeXMLError(svc, p, encodeXMLError(svc, p, e, "id"))
				if err != nil {
					t.Errorf("%s %s: %v", id, s.Name, err)
					continue
				}
				if want := wireCode(s, s.Name); got.Code != want {
					t.Errorf("%s: got the code %s, want %s", id, got.Code, want)
				}
				if len(got.Fields)+len(fields) > 0 {
					wantEqual(t, id+" "+s.Name, got.Fields, fields)
				}
			}
		}
	}
}

func TestDecodeXMLErrorRefusesWhatIsNone(t *testing.T) {
	svc := operation(t, "iam", "CreateUser").Service
	for _, body := range []string{"", "<html>busy</html>", "<ErrorResponse/>", "<ErrorResponse><Error><Code>", "{}"} {
		if e, _, err := decodeXMLError(svc, Query, []byte(body)); err == nil {
			t.Errorf("%s became %v", body, e)
		}
	}
}

func FuzzDecodeXML(f *testing.F) {
	acl := *operation(f, "s3", "PutBucketAcl").Input.Member("AccessControlPolicy")
	deletes := *operation(f, "s3", "DeleteObjects").Input.Member("Delete")
	instances, topic := operation(f, "ec2", "DescribeInstances"), operation(f, "sns", "GetTopicAttributes")
	f.Add([]byte(`<A><AccessControlList><Grant><Grantee xsi:type="Group"><URI>u</URI></Grantee></Grant></AccessControlList></A>`))
	f.Add([]byte(`<Delete><Object><Key>a</Key><LastModifiedTime>Wed, 28 Oct 2009 22:32:00 GMT</LastModifiedTime></Object><Quiet>1</Quiet></Delete>`))
	f.Add([]byte(`<R><requestId>i</requestId><reservationSet><item><instancesSet><item><launchTime>2021-04-19T06:57:16.000Z</launchTime></item></instancesSet></item></reservationSet></R>`))
	f.Add([]byte(`<R><GetTopicAttributesResult><Attributes><entry><key>a</key><value>1</value></entry></Attributes></GetTopicAttributesResult></R>`))
	f.Add([]byte(`<Response><Errors><Error><Code>a</Code><Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, root := range []Member{acl, deletes} {
			v, err := decodeXMLBody(&root, body)
			if err != nil {
				continue
			}
			again, err := encodeXMLBody(root, v)
			if err != nil {
				t.Fatalf("%v cannot be encoded: %v", v, err)
			}
			got, err := decodeXMLBody(&root, again)
			if err != nil {
				t.Fatalf("%s is refused: %v", again, err)
			}
			wantEqual(t, string(again), got, cutToMillis(v))
		}
		for _, op := range []*Operation{instances, topic} {
			_, _ = decodeXMLAnswer(op, op.Service.Protocols[0], body)
			_, _, _ = decodeXMLError(op.Service, op.Service.Protocols[0], body)
		}
	})
}
