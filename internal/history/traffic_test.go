package history

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// traffic makes events like those of a busy account: 1.5 KB of record, eight
// attributes, of which the EventId is unique and names and users follow a long
// tail; events a little out of order, one in a thousand late.
type traffic struct {
	rng      *rand.Rand
	names    *rand.Zipf
	users    *rand.Zipf
	things   *rand.Zipf
	n        int
	perSec   int
	accounts int
}

func newTraffic(seed uint64) *traffic {
	rng := rand.New(rand.NewPCG(seed, 1))
	return &traffic{
		rng: rng, perSec: 60, accounts: 2,
		names:  rand.NewZipf(rng, 1.2, 4, 399),
		users:  rand.NewZipf(rng, 1.1, 8, 1999),
		things: rand.NewZipf(rng, 1.02, 50, 1_000_000),
	}
}

func (g *traffic) id() string {
	a, b := g.rng.Uint64(), g.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", uint32(a), uint16(a>>32), a>>52, b&0xfff, b>>16)
}

func (g *traffic) entry() Entry {
	g.n++
	at := epoch.Add(time.Duration(g.n/g.perSec-g.rng.IntN(3)) * time.Second)
	if g.rng.IntN(1000) == 0 {
		at = at.Add(-time.Duration(g.rng.IntN(86400)) * time.Second)
	}
	name, user, thing := g.names.Uint64(), g.users.Uint64(), g.things.Uint64()
	e := Entry{
		Time: at, Account: fmt.Sprintf("%012d", 111122223333+g.rng.IntN(g.accounts)), Region: "us-east-1",
		Category: Management,
		Attributes: Attributes{
			EventID:     g.id(),
			EventName:   fmt.Sprintf("DescribeThings%d", name),
			ReadOnly:    []string{"true", "false"}[min(1, name%4)],
			Username:    fmt.Sprintf("service-role-session-%d", user),
			EventSource: fmt.Sprintf("service%d.amazonaws.com", name%40),
			AccessKeyID: fmt.Sprintf("ASIA%016d", user*100+uint64(g.n/200000)%100),
			Resources:   []Resource{{fmt.Sprintf("AWS::Service%d::Thing", name%40), fmt.Sprintf("arn:aws:service%d:us-east-1:111122223333:thing/i-%017x", name%40, thing*0x9e3779b97f4a7c15>>4)}},
		},
	}
	e.JSON = g.record(&e)
	return e
}

func (g *traffic) record(e *Entry) []byte {
	return fmt.Appendf(make([]byte, 0, 1700), `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLEEXAMPLEXX:%[1]s","arn":"arn:aws:sts::%[2]s:assumed-role/service-role/%[1]s","accountId":"%[2]s","accessKeyId":"%[3]s","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLEEXAMPLEXX","arn":"arn:aws:iam::%[2]s:role/service-role","accountId":"%[2]s","userName":"service-role"},"attributes":{"creationDate":"%[4]s","mfaAuthenticated":"false"}}},"eventTime":"%[4]s","eventSource":"%[5]s","eventName":"%[6]s","awsRegion":"us-east-1","sourceIPAddress":"10.%[7]d.%[8]d.%[9]d","userAgent":"aws-sdk-go-v2/1.47.6 ua/2.1 os/linux lang/go#1.26.8 md/GOOS#linux md/GOARCH#amd64 api/service#1.63.7","requestParameters":{"thingIds":["%[10]s"],"maxResults":%[11]d,"clientToken":"%[12]s"},"responseElements":%[16]s,"requestID":"%[13]s","eventID":"%[14]s","readOnly":%[15]s,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"%[2]s","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"%[5]s"}}`,
		e.Username, e.Account, e.AccessKeyID, e.Time.Format(time.RFC3339), e.EventSource, e.EventName,
		g.rng.IntN(4), g.rng.IntN(256), g.rng.IntN(256), e.Resources[0].Name, g.rng.IntN(1000), g.id(), g.id(), e.EventID, e.ReadOnly,
		g.answer(e))
}

func (g *traffic) answer(e *Entry) string {
	if e.ReadOnly == "true" {
		return "null"
	}
	return fmt.Sprintf(`{"thing":{"thingId":"%s","state":"running","createdBy":"%s","tags":[{"key":"team","value":"team-%d"},{"key":"stage","value":"production"}],"createTime":"%s","network":{"interface":"eni-%x","address":"10.0.%d.%d","subnet":"subnet-0a1b2c3d4e5f6a7b8","groups":["sg-0123456789abcdef0"]}}}`,
		e.Resources[0].Name, e.Username, g.rng.IntN(30), e.Time.Format(time.RFC3339), g.rng.Uint64(), g.rng.IntN(256), g.rng.IntN(256))
}

// query asks for what the last event that was made has.
func (g *traffic) query(a Attribute, like *Entry) Query {
	q := Query{Account: like.Account, Region: like.Region, Attribute: a, Limit: 50}
	switch a {
	case EventID:
		q.Value = like.EventID
	case EventName:
		q.Value = like.EventName
	case ReadOnly:
		q.Value = like.ReadOnly
	case Username:
		q.Value = like.Username
	case ResourceType:
		q.Value = like.Resources[0].Type
	case ResourceName:
		q.Value = like.Resources[0].Name
	case EventSource:
		q.Value = like.EventSource
	case AccessKeyID:
		q.Value = like.AccessKeyID
	}
	return q
}
