// Package logs sends what trails want to log groups of CloudWatch Logs: one log
// event for each event, in a stream for each account.
//
// Every event that a trail wants is sent at least once, in the order of the
// journal. The position of a trail is stored after what lies before it was
// taken, so what was sent within the last second may be sent again after a crash.
// Deliveries to S3 do not depend on it. A trail that is deleted still sends what it
// wants, the event of its deletion included.
package logs
