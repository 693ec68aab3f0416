package topic

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// retryPolicy says when deliveries that failed are tried again, as the
// healthyRetryPolicy of SNS's delivery policies does. Delays are in seconds.
type retryPolicy struct {
	MinDelayTarget     int    `json:"minDelayTarget"`
	MaxDelayTarget     int    `json:"maxDelayTarget"`
	NumRetries         int    `json:"numRetries"`
	NumMaxDelayRetries int    `json:"numMaxDelayRetries"`
	NumNoDelayRetries  int    `json:"numNoDelayRetries"`
	NumMinDelayRetries int    `json:"numMinDelayRetries"`
	BackoffFunction    string `json:"backoffFunction"`
}

// defaultRetries are SNS's for HTTP: three retries, 20 seconds apart.
var defaultRetries = retryPolicy{MinDelayTarget: 20, MaxDelayTarget: 20, NumRetries: 3, BackoffFunction: "linear"}

// UnmarshalJSON fills in the defaults of what is left out.
func (p *retryPolicy) UnmarshalJSON(text []byte) error {
	type plain retryPolicy
	filled := plain(defaultRetries)
	if err := strictly(text, &filled); err != nil {
		return err
	}
	*p = retryPolicy(filled)
	return nil
}

// curves are the ways from the first delay of the backoff phase to its last. AWS
// shows their shapes and gives no formulas. x goes from 0 to 1 in n steps.
var curves = map[string]func(low, high, x float64, n int) float64{
	"linear": func(low, high, x float64, _ int) float64 { return low + (high-low)*x },
	"arithmetic": func(low, high, x float64, n int) float64 {
		i := x * float64(n)
		return low + (high-low)*i*(i+1)/float64(n*(n+1))
	},
	"geometric": func(low, high, x float64, _ int) float64 { return low * math.Pow(high/low, x) },
	"exponential": func(low, high, x float64, n int) float64 {
		return low + (high-low)*(math.Pow(2, x*float64(n))-1)/(math.Pow(2, float64(n))-1)
	},
}

// delay is how long to wait after the failed-th failure; ok is false where that
// was the last attempt.
func (p *retryPolicy) delay(failed int) (d time.Duration, ok bool) {
	if failed > p.NumRetries {
		return 0, false
	}
	seconds := float64(p.MaxDelayTarget)
	backoff := p.NumRetries - p.NumNoDelayRetries - p.NumMinDelayRetries - p.NumMaxDelayRetries
	switch step := failed - p.NumNoDelayRetries - p.NumMinDelayRetries; {
	case failed <= p.NumNoDelayRetries:
		seconds = 0
	case step <= 0 || step == 1 && backoff == 1:
		seconds = float64(p.MinDelayTarget)
	case step <= backoff:
		n := backoff - 1
		seconds = curves[p.BackoffFunction](float64(p.MinDelayTarget), seconds, float64(step-1)/float64(n), n)
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// check holds a policy to SNS's limits ("Creating an HTTP/S delivery policy").
func (p *retryPolicy) check() error {
	const longest = 3600
	switch {
	case p.NumRetries < 0 || p.NumRetries > 100:
		return errors.New("numRetries must be between 0 and 100")
	case p.MinDelayTarget < 1 || p.MaxDelayTarget > longest || p.MinDelayTarget > p.MaxDelayTarget:
		return fmt.Errorf("minDelayTarget and maxDelayTarget must be between 1 and %d, and in this order", longest)
	case p.NumNoDelayRetries < 0 || p.NumMinDelayRetries < 0 || p.NumMaxDelayRetries < 0 ||
		p.NumNoDelayRetries > p.NumRetries || p.NumMinDelayRetries > p.NumRetries || p.NumMaxDelayRetries > p.NumRetries ||
		p.NumNoDelayRetries+p.NumMinDelayRetries+p.NumMaxDelayRetries > p.NumRetries:
		return errors.New("the retries of the phases must not be more than numRetries")
	case curves[p.BackoffFunction] == nil:
		return errors.New("backoffFunction must be arithmetic, exponential, geometric or linear")
	}
	var total time.Duration
	for n := 1; n <= p.NumRetries; n++ {
		d, _ := p.delay(n)
		total += d
	}
	if total > longest*time.Second {
		return fmt.Errorf("the retries must not take longer than %d seconds", longest)
	}
	return nil
}

// throttlePolicy bounds deliveries to an endpoint; 0 is no bound.
type throttlePolicy struct {
	MaxReceivesPerSecond int `json:"maxReceivesPerSecond"`
}

// requestPolicy says how raw messages are labelled.
type requestPolicy struct {
	HeaderContentType string `json:"headerContentType"`
}

// topicDelivery is a topic's DeliveryPolicy.
type topicDelivery struct {
	HTTP httpDelivery `json:"http"`
}

type httpDelivery struct {
	DefaultHealthyRetryPolicy    *retryPolicy    `json:"defaultHealthyRetryPolicy,omitempty"`
	DisableSubscriptionOverrides bool            `json:"disableSubscriptionOverrides"`
	DefaultThrottlePolicy        *throttlePolicy `json:"defaultThrottlePolicy,omitempty"`
	DefaultRequestPolicy         *requestPolicy  `json:"defaultRequestPolicy,omitempty"`
}

// subscriptionDelivery is a subscription's DeliveryPolicy, and what is in force.
type subscriptionDelivery struct {
	HealthyRetryPolicy *retryPolicy    `json:"healthyRetryPolicy"`
	SicklyRetryPolicy  *retryPolicy    `json:"sicklyRetryPolicy"`
	ThrottlePolicy     *throttlePolicy `json:"throttlePolicy"`
	RequestPolicy      *requestPolicy  `json:"requestPolicy,omitempty"`
	Guaranteed         bool            `json:"guaranteed"`
}

const defaultContentType = "text/plain; charset=UTF-8"

// contentTypes are those that a raw message may have ("headerContentType").
var contentTypes = map[string]bool{
	defaultContentType: true, "text/plain": true, "application/json": true, "application/octet-stream": true, "application/x-www-form-urlencoded": true,
	"application/xml": true, "application/atom+xml": true, "application/soap+xml": true, "application/xhtml+xml": true, "application/svg+xml": true,
	"text/css": true, "text/csv": true, "text/html": true, "text/xml": true,
}

func checkTopicDelivery(text string) error {
	var d topicDelivery
	if err := strictly([]byte(text), &d); err != nil {
		return invalid("DeliveryPolicy: %v", err)
	}
	return checkParts(d.HTTP.DefaultHealthyRetryPolicy, d.HTTP.DefaultThrottlePolicy, d.HTTP.DefaultRequestPolicy)
}

func checkSubscriptionDelivery(text string) error {
	var d subscriptionDelivery
	if err := strictly([]byte(text), &d); err != nil {
		return invalid("DeliveryPolicy: %v", err)
	}
	return checkParts(d.HealthyRetryPolicy, d.ThrottlePolicy, d.RequestPolicy)
}

func checkParts(r *retryPolicy, t *throttlePolicy, q *requestPolicy) error {
	if r != nil {
		if err := r.check(); err != nil {
			return invalid("DeliveryPolicy: %v", err)
		}
	}
	if t != nil && t.MaxReceivesPerSecond < 1 {
		return invalid("DeliveryPolicy: maxReceivesPerSecond must be at least 1")
	}
	if q != nil && !contentTypes[q.HeaderContentType] {
		return invalid("DeliveryPolicy: headerContentType %q is not one of those that can be chosen", q.HeaderContentType)
	}
	return nil
}

// delivery is the topic's policy with what it leaves out.
func (t *Topic) delivery() topicDelivery {
	var d topicDelivery
	if text := t.Attributes["DeliveryPolicy"]; text != "" {
		// It was checked when it was set.
		_ = json.Unmarshal([]byte(text), &d)
	}
	if d.HTTP.DefaultHealthyRetryPolicy == nil {
		retries := defaultRetries
		d.HTTP.DefaultHealthyRetryPolicy = &retries
	}
	if d.HTTP.DefaultRequestPolicy == nil {
		d.HTTP.DefaultRequestPolicy = &requestPolicy{HeaderContentType: defaultContentType}
	}
	return d
}

func (t *Topic) effectiveDelivery() string { return compact(t.delivery()) }

// delivery is the policy in force for a subscription of the topic.
func (s *Subscription) delivery(t *Topic) subscriptionDelivery {
	of := t.delivery().HTTP
	var d subscriptionDelivery
	if text := s.Attributes["DeliveryPolicy"]; text != "" && !of.DisableSubscriptionOverrides {
		_ = json.Unmarshal([]byte(text), &d) // it was checked when it was set
	}
	if d.HealthyRetryPolicy == nil {
		d.HealthyRetryPolicy = of.DefaultHealthyRetryPolicy
	}
	if d.ThrottlePolicy == nil {
		d.ThrottlePolicy = of.DefaultThrottlePolicy
	}
	if d.RequestPolicy == nil {
		d.RequestPolicy = of.DefaultRequestPolicy
	}
	return d
}

// strictly reads one JSON value without members that its type does not have.
func strictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// compact is a value's JSON without the escapes that are for HTML.
func compact(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	// What is encoded here are the package's own types, which can be.
	_ = e.Encode(v)
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
