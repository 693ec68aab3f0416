package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/cairn-audit/cairn/internal/journal"
)

// The index file of a sealed segment, numbers in little-endian order:
//
//	magic
//	order blocks      the events sorted by (time, sequence): (time, offset)
//	posting blocks    the postings, sorted
//	directory         the first element, place and checksum of each block
//	footer            of fixed length: what the file is for, and where things are
//
// A block has blockLen elements (the last of its kind has what is left). Its
// first element stands in the directory, the others as differences in varints.
// So an event takes two bytes in the order blocks, and a posting mostly one or
// two, a value that occurs once seven.
//
// A lookup has the directory in memory (about a quarter of a byte an event) and reads the
// blocks that it needs. Everything is covered by a CRC-32C: the blocks by the
// directory's, the directory by the footer's, the footer by its own.
const (
	magic      = "cairnix1"
	blockLen   = 1024
	orderEntry = 8 + 4 + 4 + 4 // time, offset, place, checksum
	postEntry  = 8 + 4 + 4     // posting, place, checksum
	footerSize = 136

	// maxIndexSize keeps places in 32 bits.
	maxIndexSize = math.MaxUint32
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// footer is the end of an index file.
type footer struct {
	key         hashKey
	first, last journal.Seq  // the segment's records
	hash        journal.Hash // and their running hash
	minTime     int64        // of its events, if there are any
	maxTime     int64
	events      uint32
	postings    uint64
	directory   uint64 // where it begins
	dirChecksum uint32
}

func (f *footer) append(b []byte) []byte {
	begin := len(b)
	b = append(b, f.key[:]...)
	b = append(b, f.hash[:]...)
	for _, v := range []uint64{
		uint64(f.first), uint64(f.last), uint64(f.minTime), uint64(f.maxTime),
		uint64(f.events), f.postings, f.directory, uint64(f.dirChecksum),
	} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	b = append(b, make([]byte, footerSize-12-(len(b)-begin))...)
	b = binary.LittleEndian.AppendUint32(b, checksum(b[begin:]))
	return append(b, magic...)
}

var errNotIndex = errors.New("not an index file of this version")

// parse reads a footer and checks that a file of the given size can have it.
func (f *footer) parse(b []byte, size int64) error {
	if len(b) != footerSize || string(b[footerSize-len(magic):]) != magic {
		return errNotIndex
	}
	sum := binary.LittleEndian.Uint32(b[footerSize-12:])
	if checksum(b[:footerSize-12]) != sum {
		return errors.New("the footer's checksum is wrong")
	}
	n := copy(f.key[:], b)
	n += copy(f.hash[:], b[n:])
	var v [8]uint64
	for i := range v {
		v[i] = binary.LittleEndian.Uint64(b[n+8*i:])
	}
	f.first, f.last = journal.Seq(v[0]), journal.Seq(v[1])
	f.minTime, f.maxTime = int64(v[2]), int64(v[3])
	f.postings, f.directory = v[5], v[6]
	if v[4] > maxEvents || v[7] > math.MaxUint32 || f.postings > maxIndexSize || f.directory > maxIndexSize {
		return errors.New("the footer's numbers are too large")
	}
	f.events, f.dirChecksum = uint32(v[4]), uint32(v[7])
	if f.size() != size {
		return fmt.Errorf("the file has %d bytes, not what its footer says", size)
	}
	return nil
}

func (f *footer) orderBlocks() int   { return blocks(uint64(f.events)) }
func (f *footer) postingBlocks() int { return blocks(f.postings) }
func (f *footer) directorySize() int64 {
	return int64(f.orderBlocks())*orderEntry + int64(f.postingBlocks())*postEntry
}

// size is the length of the file.
func (f *footer) size() int64 { return int64(f.directory) + f.directorySize() + footerSize }

func blocks(elements uint64) int { return int((elements + blockLen - 1) / blockLen) }

// inBlock is how many of so many elements are in a block.
func inBlock(block int, elements uint64) int {
	return int(min(blockLen, elements-uint64(block)*blockLen))
}
