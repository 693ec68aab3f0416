// Package delivery brings what trails want to S3: log files, digests, and
// notifications of them.
//
// # What holds
//
// Every event that a trail wants is in exactly one log file. A log file has one
// key and one content, however often it is uploaded. A trail whose bucket is away
// holds up no other trail, and loses nothing for 30 days.
//
// # How
//
// Each trail has a worker with a cursor of its own. The worker follows the
// journal from the cursor and adds each event that the trail wants to the group
// of its account, Region and kind; a group is the numbers of its records and the
// hash of the file that they will make. At each interval, or when groups are
// full, it decides: the groups become plans, stored in one transaction with the
// cursor. That transaction is the commit point. Before it nothing was promised,
// and a crash begins again at the cursor. After it the file's key and contents
// stand, and whoever uploads it, for the first time or the tenth, makes it anew
// from the journal, by the records' numbers, and checks its hash.
//
// The transaction that follows an upload removes the plan, and notes the file for
// the next digest and for a notification. If the answer of S3 or that transaction
// is lost, the same file is uploaded again.
//
// # Digests
//
// The time in which a trail logs and validates is a period. In a period each
// account and Region has a chain of digests; all chains of a period end their
// digests at the same moments, the multiples of the interval. A digest is decided
// as a file is, with the step of its chain in the same transaction, and then
// uploaded, after the one before it. When a period is over, its last digests wait
// until the files that were decided in it are delivered or given up.
package delivery
