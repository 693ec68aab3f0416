// Package history finds events: by the attributes of LookupEvents, within an
// account, a Region, a category and a time range, newest first.
//
// It decides how an event stands in the journal ([Entry]) and keeps an index of
// each of the journal's segments. The index of a segment that is being written
// is in memory, and has an event before the event's Append returns: what is
// durable is visible. When the segment is sealed, its index becomes a file beside
// it that never changes. Both hold nothing that the journal does not: an index
// that is missing or damaged is built again from its segment.
//
// Results are ordered by (time, sequence number). An event may be late, older
// than those before it in the journal, by seconds in the ordinary course and by
// years where records are imported. A file therefore numbers the events of its
// segment in the order of results; in memory, an event carries the latest time
// among all before it, which says how far a reader must look back.
//
// A page is what the indexes held when the first page of its query was made,
// less what retention has dropped since: its position names the newest record of
// that moment, and nothing later is shown.
package history
