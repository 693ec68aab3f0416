// Package rule is what EventBridge does on the default bus of every account and
// Region: it keeps rules, and sends the events that they want to their targets,
// the events of the journal and those that callers put.
//
// # What holds
//
// An event of the journal that a rule wants is durable in the queue, with a
// delivery for each of the rule's targets, before the cursor moves past its
// record; one that is put is so before Put returns. A delivery ends when its
// target took the event, or refused it for good, or when the target's retry
// policy is used up; only then is it forgotten. So a crash repeats deliveries and
// loses none. Targets get an event at least once and in no order. The event's id
// is the same each time, so they can tell.
//
// Every target has a line of its own. One that is slow or dead holds up nothing
// but its line. A line is bounded on disk: what comes when it is full is dropped
// for that target, counted and logged. Memory holds only what is under way.
// Where hundreds of targets are slow with large events, others wait for room there,
// in turn with the attempts to all of them.
//
// A rule begins with the events that are recorded after it was made or enabled.
// A change is about the events that are read after it, which is within moments of
// their being recorded. What is on its way to a target goes out under the
// target's settings of the moment, and ends with the target.
//
// # Which events
//
// As in AWS, an event is for the bus of the account and Region that it was
// recorded for, if a trail that is logging wants it, and if it has at most 256 KB.
//
// # What there is not
//
// Buses beside the default one, schedules, archives and replays. Dead-letter
// queues are SQS's, which is not here: a target can name one, and what would go
// there is logged, counted and dropped.
package rule
