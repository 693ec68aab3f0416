package journal

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// traffic makes events like those of a busy account: about 1.5 KB of JSON, in
// which the names repeat with a long tail and the identifiers do not.
type traffic struct {
	rng   *rand.Rand
	users *rand.Zipf
	names *rand.Zipf
	n     int
}

func newTraffic(seed uint64) *traffic {
	rng := rand.New(rand.NewPCG(seed, 7))
	return &traffic{rng: rng, users: rand.NewZipf(rng, 1.2, 6, 499), names: rand.NewZipf(rng, 1.3, 4, 299)}
}

func (g *traffic) uuid() string {
	a, b := g.rng.Uint64(), g.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", uint32(a), uint16(a>>32), a>>52, b&0xfff, b>>16)
}

// key is an identifier of a user or a key: the same for the same n.
func key(prefix string, n uint64) string {
	return fmt.Sprintf("%s%016X", prefix, n*0x9e3779b97f4a7c15)
}

func (g *traffic) event() []byte {
	g.n++
	user, name := g.users.Uint64(), g.names.Uint64()
	at := time.Date(2026, 8, 1, 0, 0, g.n/60, 0, time.UTC)
	source := fmt.Sprintf("service%d.amazonaws.com", name%37)
	begun := at.Add(-time.Duration(user*97%3600) * time.Second).Truncate(time.Hour)
	p := fmt.Appendf(make([]byte, 0, 2048), `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"%[1]s:session-%[2]d","arn":"arn:aws:sts::111122223333:assumed-role/role-%[3]d/session-%[2]d","accountId":"111122223333","accessKeyId":"%[4]s","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"%[1]s","arn":"arn:aws:iam::111122223333:role/role-%[3]d","accountId":"111122223333","userName":"role-%[3]d"},"attributes":{"creationDate":"%[5]s","mfaAuthenticated":"false"}}},"eventTime":"%[6]s","eventSource":"%[7]s","eventName":"DescribeThings%[8]d","awsRegion":"us-east-1","sourceIPAddress":"10.%[9]d.%[10]d.%[11]d","userAgent":"aws-sdk-go-v2/1.47.6 ua/2.1 os/linux lang/go#1.26.8 md/GOOS#linux md/GOARCH#amd64 api/service#1.63.7",`,
		key("AROA", user/4), user, user/4, key("ASIA", user*1000+uint64(begun.Hour())), begun.Format(time.RFC3339), at.Format(time.RFC3339),
		source, name, user%4, user%250, user*7%250)
	p = fmt.Appendf(p, `"requestParameters":{"thingIds":["i-%017x"],"maxResults":%d,"clientToken":"%s"},`,
		g.rng.Uint64()>>4, g.rng.IntN(100), g.uuid())
	if name%3 == 0 {
		p = append(p, `"responseElements":null,`...)
	} else {
		p = fmt.Appendf(p, `"responseElements":{"requestId":"%s","thing":{"thingId":"i-%017x","state":"running","tagSet":{"items":[{"key":"team","value":"team-%d"},{"key":"stage","value":"production"}]},"networkInterfaceId":"eni-%017x","privateIpAddress":"10.0.%d.%d","subnetId":"subnet-%017x","launchTime":"%s"}},`,
			g.uuid(), g.rng.Uint64()>>4, user%30, g.rng.Uint64()>>4, g.rng.IntN(256), g.rng.IntN(256), user%16*0x9e3779b97f4a7c15>>4, at.Format(time.RFC3339))
	}
	return fmt.Appendf(p, `"requestID":"%s","eventID":"%s","readOnly":%v,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"%s"}}`,
		g.uuid(), g.uuid(), name%3 == 0, source)
}
