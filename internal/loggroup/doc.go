// Package loggroup keeps log groups: streams of log events, read by time. It is
// the store behind the CloudWatch Logs API.
//
// # What holds
//
// When Put returns nil, the events are durable and can be read. The events of one
// Put are kept together or not at all. Events that are equal are kept as often as
// they were put.
//
// # Layout
//
// A Put makes one batch: a packed value whose key begins with the stream's id and
// the time of its oldest event. A batch spans 24 hours at most (the API's limit),
// so the events of a time are in the batches whose keys lie in that time and the
// 24 hours before it. Ids, unlike names, are never used again: what is left of a
// stream that was deleted cannot turn up in another.
package loggroup
