// Package topic is what SNS does: it keeps topics and their subscriptions, takes
// messages, and delivers them by HTTP and HTTPS, signed as SNS signs them.
//
// # What holds
//
// Publish returns after the message and a delivery for each subscription that
// wants it are durable, in one transaction. A delivery is done when its endpoint
// answered, or given up when the retries of its delivery policy are used up; only
// then is it forgotten, so a crash repeats deliveries and loses none. Endpoints
// get a message at least once, in no order.
//
// Every subscription has a line of its own with a few deliveries under way at a
// time. An endpoint that is dead or slow holds up nothing but its own line. A
// line is bounded: what is published to a subscription whose line is full is
// dropped for it, and counted.
//
// # Endpoints
//
// Messages go wherever a subscription says, loopback and private networks
// included unless Options.PublicOnly is set, and never to where clouds serve
// their machines' credentials or to the server itself. Nothing is sent to an endpoint
// but a request for confirmation until it has confirmed. Redirects are not
// followed, and of an answer only the status is looked at.
package topic
