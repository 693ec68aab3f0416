package delivery

import (
	"encoding/binary"
	"errors"
	"iter"

	"github.com/cairn-audit/cairn/internal/journal"
)

// numbers are those of a file's records, ascending: the distance of each from the
// one before, in the form of encoding/binary's uvarint. Most take a byte.
type numbers []byte

// errNumbers means that numbers are not what was stored.
var errNumbers = errors.New("the list of a file's records is damaged")

// after appends a number to those that end with last.
func (n numbers) after(last, next journal.Seq) numbers {
	return binary.AppendUvarint(n, uint64(next-last))
}

// batches yields the numbers, at most size at a time. What is yielded is
// overwritten by the next.
func (n numbers) batches(size int) iter.Seq2[[]journal.Seq, error] {
	return func(yield func([]journal.Seq, error) bool) {
		batch := make([]journal.Seq, 0, size)
		var last journal.Seq
		for rest := n; len(rest) > 0; {
			distance, width := binary.Uvarint(rest)
			next := last + journal.Seq(distance)
			if width <= 0 || next <= last {
				yield(nil, errNumbers)
				return
			}
			rest, last = rest[width:], next
			batch = append(batch, next)
			if len(batch) == size {
				if !yield(batch, nil) {
					return
				}
				batch = batch[:0]
			}
		}
		if len(batch) > 0 {
			yield(batch, nil)
		}
	}
}
