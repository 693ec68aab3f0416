package topic

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// timestamps are in SNS's form.
const timestampForm = "2006-01-02T15:04:05.000Z"

// apiVersion tells the endpoint whose URL it is: it serves other APIs as well.
const apiVersion = "2010-03-31"

// field is a member of the JSON that an endpoint gets.
type field struct{ name, value string }

// parcel is what is sent to an endpoint.
type parcel struct {
	url    string
	header http.Header
	body   string
}

// pack makes a message ready for a subscription, signed.
func (b *Broker) pack(m *message, s *Subscription, t *Topic) (*parcel, error) {
	to, err := s.url(b.key)
	if err != nil {
		return nil, err
	}
	out := &parcel{url: to, header: http.Header{
		"Content-Type":         {defaultContentType},
		"User-Agent":           {"Amazon Simple Notification Service Agent"},
		"X-Amz-Sns-Message-Id": {m.ID}, "X-Amz-Sns-Message-Type": {string(m.Type)}, "X-Amz-Sns-Topic-Arn": {t.ARN},
	}}
	if m.Type != confirmation {
		out.header.Set("X-Amz-Sns-Subscription-Arn", s.ARN)
	}
	if m.Type == notification && strings.EqualFold(s.Attributes["RawMessageDelivery"], "true") {
		out.header.Set("X-Amz-Sns-Rawdelivery", "true")
		out.header.Set("Content-Type", s.delivery(t).RequestPolicy.HeaderContentType)
		out.body = m.body(s.Protocol)
		return out, nil
	}
	fields, err := b.signed(b.fields(m, s, t), t.attribute("SignatureVersion"))
	if err != nil {
		return nil, err
	}
	if m.Type == notification {
		fields = append(fields, field{"UnsubscribeURL", b.url("Unsubscribe", field{"SubscriptionArn", s.ARN})})
	}
	out.body = object(fields, m)
	return out, nil
}

// fields are those of a message that are signed, in the order in which SNS sends
// them.
func (b *Broker) fields(m *message, s *Subscription, t *Topic) []field {
	f := []field{{"Type", string(m.Type)}, {"MessageId", m.ID}}
	if m.Type == notification {
		f = append(f, field{"TopicArn", t.ARN})
		if m.Subject != "" {
			f = append(f, field{"Subject", m.Subject})
		}
		return append(f, field{"Message", m.body(s.Protocol)}, field{"Timestamp", stamp(m.Time)})
	}
	text := "You have chosen to subscribe to the topic " + t.ARN +
		".\nTo confirm the subscription, visit the SubscribeURL included in this message."
	if m.Type == farewell {
		text = "You have chosen to deactivate subscription " + s.ARN +
			".\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
	}
	a, err := ParseSubscriptionARN(s.ARN, "SubscriptionArn")
	if err != nil {
		return nil // it was made of one
	}
	token := b.token(a, m.Time)
	return append(f, field{"Token", token}, field{"TopicArn", t.ARN}, field{"Message", text},
		field{"SubscribeURL", b.url("ConfirmSubscription", field{"TopicArn", t.ARN}, field{"Token", token})},
		field{"Timestamp", stamp(m.Time)})
}

func stamp(t time.Time) string { return t.UTC().Format(timestampForm) }

// url is that of an unsigned call of Cairn's own SNS.
func (b *Broker) url(action string, params ...field) string {
	u := b.options.URL + "/?Action=" + action
	for _, p := range append(params, field{"Version", apiVersion}) {
		u += "&" + p.name + "=" + strings.ReplaceAll(url.QueryEscape(p.value), "%3A", ":")
	}
	return u
}

// signed adds the signature and where its certificate is.
func (b *Broker) signed(fields []field, version string) ([]field, error) {
	s, err := b.signer()
	if err != nil {
		return nil, err
	}
	signature, err := s.sign(version, stringToSign(fields))
	if err != nil {
		return nil, err
	}
	return append(fields, field{"SignatureVersion", version}, field{"Signature", signature},
		field{"SigningCertURL", b.options.URL + CertificatePath + s.file()}), nil
}

// stringToSign is the names and the values of the fields, each on a line, sorted
// by name ("Verifying the signatures of Amazon SNS messages").
func stringToSign(fields []field) string {
	sorted := slices.SortedFunc(slices.Values(fields), func(a, b field) int { return strings.Compare(a.name, b.name) })
	var text strings.Builder
	for _, f := range sorted {
		text.WriteString(f.name + "\n" + f.value + "\n")
	}
	return text.String()
}

// object is the JSON, laid out as SNS does.
func object(fields []field, m *message) string {
	var parts []string
	for _, f := range fields {
		parts = append(parts, "  "+compact(f.name)+" : "+compact(f.value))
	}
	if m.Publication != nil && len(m.Attributes) > 0 {
		var attributes []string
		for _, name := range slices.Sorted(maps.Keys(m.Attributes)) {
			a := m.Attributes[name]
			attributes = append(attributes, "    "+compact(name)+` : {"Type":`+compact(a.Type)+`,"Value":`+compact(a.Value)+"}")
		}
		parts = append(parts, "  \"MessageAttributes\" : {\n"+strings.Join(attributes, ",\n")+"\n  }")
	}
	return "{\n" + strings.Join(parts, ",\n") + "\n}"
}
