// Package journal is the event log: opaque records, numbered densely from 1 in
// the order of their commit, in a row of segment files.
//
// # What holds
//
// When [Journal.Append] returns nil, its records are durable and the [Indexer]
// has been told of them. The records of one Append commit together or not at
// all. When it returns an error, none of them is readable, and their sequence
// numbers go to others. One doubt remains, and only across a crash: if the
// process dies right after a failed write, before the journal could begin a new
// segment, a record whose append failed may be found by the next [Open]. It is
// then a record like any other, exactly once.
//
// # Files
//
// A segment is named by its first sequence number. It begins with a header,
// then come frames. The one that is being written is zero-filled ahead of its
// end, so that a commit changes no metadata and the space for the outcomes of
// open intents is already there. A segment that is full or old enough is closed
// and the next begins; then it is sealed: small frames repacked into larger ones, with a
// table of them and the running hash at its end, in a new file that takes the
// old one's place. A sealed segment never changes again.
//
// Where two segments disagree, the later one is right: what a segment holds at
// or beyond the sequence number by which its successor is named was never
// committed, and is ignored. This is how a failed write is undone even if it did
// reach the disk.
//
// # Running hash
//
// H(0) is 32 zero bytes. With ‖ for concatenation and big-endian numbers,
//
//	H(n) = SHA-256(H(n-1) ‖ kind, 1 byte ‖ settles, 8 ‖ length of data, 8 ‖ data)
//
// Each frame states the value after its last record, each segment the values
// before its first and after its last. Packing does not enter into it.
//
// # Damage
//
// A torn frame at the very end of the last segment is what a crash leaves: it is
// cut off. Anything else that does not check is damage: the journal opens and
// serves all the rest, logs it, and whoever reads the records concerned gets a
// [*CorruptError] that says where to go on. A damaged segment is kept as it is
// until retention drops it. Only if the last segment cannot say how far it went
// (its header is unreadable) does [Open] fail: going on would give out sequence
// numbers twice.
package journal
