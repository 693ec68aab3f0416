// Package audit lets any program have its own actions recorded, beside the calls
// to AWS's APIs: an event is sent with CloudTrail's PutAuditEvents through a
// channel, and is in the event history when Record returns.
//
//	cfg, err := config.LoadDefaultConfig(ctx) // AWS_ENDPOINT_URL names the Cairn
//	…
//	log, err := audit.NewClient(cfg, channelARN)
//	…
//	id, err := log.Record(ctx, audit.Event{
//		Source: "payments.example.com",
//		Name:   "RefundPayment",
//		Actor:  audit.Actor{Type: "Employee", ID: "ana"},
//	})
//
// A channel is made once, with any client of AWS:
//
//	aws cloudtrail create-channel --name payments --source Payments \
//	    --destinations Type=EVENT_DATA_STORE,Location=event-history
//
// # What an error means
//
// When Record returns nil, the event is durable. A program that must not act
// unrecorded calls it before it acts, or before it answers, and gives up if it
// fails. An *EventError says that the event itself is not acceptable, an *Error
// that the whole request is not; neither is recorded, and to send the same again
// is in vain. After any other error it is not known whether the event is there.
// It may be sent again: Cairn recognises an event by its ID and its content, and
// records it once. So set ID and Time where you send again yourself; Record sends
// again by itself as the configuration's retryer says.
//
// The package speaks to AWS's own CloudTrail Lake as well, which does not
// recognise repeats.
package audit
