package gateway

import (
	"errors"
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/sigv4"
)

// unsigned are operations that need no signature though the API's model does not
// say so, by service id and operation, with the parameter whose ARN says where
// they are made. Endpoints of SNS subscriptions make them by visiting a URL that
// they were sent ("Step 2" of "Subscribing an HTTPS endpoint", SNS Developer
// Guide): the token proves the one, and anybody who knows the ARN may do the
// other unless the subscription is guarded.
var unsigned = map[string]map[string]string{
	"sns": {"ConfirmSubscription": "TopicArn", "Unsubscribe": "SubscriptionArn"},
}

// needsNoSignature reports whether Cairn itself answers the call and its
// operation is one of those that prove the caller by what is in them.
func (x *exchange) needsNoSignature() bool {
	op := x.request.Found.Operation
	if op == nil || !op.Unauthenticated && unsigned[op.Service.ID][op.Name] == "" || !errors.Is(x.signatureErr, sigv4.NotSigned) {
		return false
	}
	_, own := x.gateway.Routes.To(x.serviceID(), x.call.SigningName).(builtin)
	return own
}

// placeUnsigned takes the Region of a call from its resource's ARN, where no
// signature names one.
func (x *exchange) placeUnsigned(op *awsapi.Operation, params map[string]any) {
	arn, _ := params[unsigned[op.Service.ID][op.Name]].(string)
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && errors.Is(x.signatureErr, sigv4.NotSigned) && x.gateway.regions.Known(parts[3]) {
		x.call.Region = parts[3]
	}
}
