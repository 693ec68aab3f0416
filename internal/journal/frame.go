package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/klauspost/compress/zstd"
)

// A frame is what is written, checked and unpacked as one: a header, then the
// records, packed.
//
//	 0  4  magic
//	 4  1  what it holds
//	 5  3  zero
//	 8  4  number of records
//	12  4  length of the packed records
//	16  4  their length unpacked
//	20  4  distance from the start of the write that this frame was part of
//	24  8  number of the first record
//	32  8  time of their commit, nanoseconds since 1970; in a sealed segment that
//	       of its last record
//	40 32  running hash after the last
//	72  4  CRC-32C of the segment's salt and the packed records
//	76  4  CRC-32C of the segment's salt and the 76 bytes before
//
// Numbers are little-endian. Unpacked, there is for each record its kind (1
// byte), how many records before it the intent lies that it settles (uvarint, 0
// for none) and its length (uvarint); then the data of all of them.
//
// The salt makes sure that nothing that a client sends, and no remains of
// another file, can pass for a frame when recovery looks for one.
const (
	frameMagic     = 0x4d5246c1 // "\xc1FRM"
	frameHeaderLen = 80

	// MaxAppendBytes is the most that one Append may bring: the data of its
	// records, and recordOverhead for each.
	MaxAppendBytes = 64 << 20

	recordOverhead = 24
	// frameFill is how much data makes a frame full. The last append to go into
	// a frame may exceed it.
	frameFill    = 512 << 10
	frameRecords = 64

	maxFrameRaw    = MaxAppendBytes + frameFill + recordOverhead*frameRecords
	maxFramePacked = maxFrameRaw + maxFrameRaw>>8 + 1024
)

type frameKind uint8

const (
	// recordFrame holds records.
	recordFrame frameKind = 1
	// carryFrame holds the intents that are open when a segment begins. Instead
	// of the intent that it settles, each has its own number.
	carryFrame frameKind = 2
)

var (
	crcTable = crc32.MakeTable(crc32.Castagnoli)

	errNoFrame   = errors.New("no frame here")
	errBadFrame  = errors.New("malformed frame")
	errChecksum  = errors.New("checksum does not match")
	errHash      = errors.New("running hash does not match")
	errTruncated = errors.New("file ends too early")
)

type salt [16]byte

// crc is the checksum of the salt followed by p.
func (s *salt) crc(p []byte) uint32 {
	return crc32.Update(crc32.Checksum(s[:], crcTable), crcTable, p)
}

type frameHeader struct {
	kind   frameKind
	count  uint32
	packed uint32
	raw    uint32
	// batch is how far into its write the frame begins.
	batch uint32
	first Seq
	when  time.Time
	hash  Hash
	crc   uint32
}

// last is the number of the frame's last record.
func (h *frameHeader) last() Seq { return h.first + Seq(h.count) - 1 }

func (h *frameHeader) size() int64 { return frameHeaderLen + int64(h.packed) }

func (h *frameHeader) put(p []byte, s *salt) {
	clear(p[:frameHeaderLen])
	le := binary.LittleEndian
	le.PutUint32(p[0:], frameMagic)
	p[4] = byte(h.kind)
	le.PutUint32(p[8:], h.count)
	le.PutUint32(p[12:], h.packed)
	le.PutUint32(p[16:], h.raw)
	le.PutUint32(p[20:], h.batch)
	le.PutUint64(p[24:], uint64(h.first))
	le.PutUint64(p[32:], uint64(h.when.UnixNano()))
	copy(p[40:72], h.hash[:])
	le.PutUint32(p[72:], h.crc)
	le.PutUint32(p[76:], s.crc(p[:76]))
}

// parseFrameHeader checks a header and its claims as far as it can alone.
func parseFrameHeader(p []byte, s *salt) (frameHeader, error) {
	le := binary.LittleEndian
	if len(p) < frameHeaderLen || le.Uint32(p) != frameMagic {
		return frameHeader{}, errNoFrame
	}
	if le.Uint32(p[76:]) != s.crc(p[:76]) {
		return frameHeader{}, errChecksum
	}
	h := frameHeader{
		kind:   frameKind(p[4]),
		count:  le.Uint32(p[8:]),
		packed: le.Uint32(p[12:]),
		raw:    le.Uint32(p[16:]),
		batch:  le.Uint32(p[20:]),
		first:  Seq(le.Uint64(p[24:])),
		when:   time.Unix(0, int64(le.Uint64(p[32:]))).UTC(),
		hash:   Hash(p[40:72]),
		crc:    le.Uint32(p[72:]),
	}
	switch {
	case h.kind != recordFrame && h.kind != carryFrame,
		h.count == 0, h.packed > maxFramePacked, h.raw > maxFrameRaw,
		// A record takes three bytes at least.
		uint64(h.count)*3 > uint64(h.raw), h.count > maxFrameRaw/recordOverhead,
		h.kind == recordFrame && h.first == 0,
		h.first+Seq(h.count) < h.first:
		return frameHeader{}, errBadFrame
	}
	return h, nil
}

// packer makes frames. It is not safe for concurrent use.
type packer struct {
	zstd *zstd.Encoder
	raw  []byte
}

func newPacker() (*packer, error) {
	// At the next level frames of this size are no smaller.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false), zstd.WithZeroFrames(true), zstd.WithWindowSize(frameFill), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("journal: zstd: %w", err)
	}
	return &packer{zstd: enc}, nil
}

// pack appends a frame to dst. Its header is not complete until [stamp].
func (p *packer) pack(dst []byte, kind frameKind, first Seq, recs []Record, hash Hash) []byte {
	raw := p.raw[:0]
	for i := range recs {
		r := &recs[i]
		raw = append(raw, byte(r.Kind))
		ref := uint64(r.Settles)
		if kind == recordFrame && r.Settles != 0 {
			ref = uint64(first) + uint64(i) - uint64(r.Settles)
		}
		raw = binary.AppendUvarint(raw, ref)
		raw = binary.AppendUvarint(raw, uint64(len(r.Data)))
	}
	for i := range recs {
		raw = append(raw, recs[i].Data...)
	}
	start := len(dst)
	dst = append(dst, make([]byte, frameHeaderLen)...)
	dst = p.zstd.EncodeAll(raw, dst)
	h := frameHeader{
		kind:   kind,
		count:  uint32(len(recs)),
		packed: uint32(len(dst) - start - frameHeaderLen),
		raw:    uint32(len(raw)),
		first:  first,
		when:   time.Unix(0, 0),
		hash:   hash,
	}
	h.put(dst[start:], &salt{})
	if cap(raw) > 4*frameFill {
		raw = nil
	}
	p.raw = raw
	return dst
}

// stamp completes the header of a frame that pack made: what depends on the
// segment that it goes to and on when.
func stamp(frame []byte, s *salt, batch uint32, when time.Time) {
	h, err := parseFrameHeader(frame, &salt{})
	if err != nil {
		panic("journal: stamp of a frame that pack did not make: " + err.Error())
	}
	h.batch, h.when = batch, when
	h.crc = s.crc(frame[frameHeaderLen:])
	h.put(frame, s)
}

// unpacker opens frames. It is safe for concurrent use.
type unpacker struct{ zstd *zstd.Decoder }

func newUnpacker() (*unpacker, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true),
		zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(maxFrameRaw))
	if err != nil {
		return nil, fmt.Errorf("journal: zstd: %w", err)
	}
	return &unpacker{zstd: dec}, nil
}

func (u *unpacker) close() { u.zstd.Close() }

// unpack returns the records of a frame. They share one allocation. Those of a
// carryFrame have their own numbers in Settles.
func (u *unpacker) unpack(h *frameHeader, packed []byte) ([]Record, error) {
	raw, err := u.zstd.DecodeAll(packed, make([]byte, 0, h.raw))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadFrame, err)
	}
	if len(raw) != int(h.raw) {
		return nil, fmt.Errorf("%w: %d bytes, not %d", errBadFrame, len(raw), h.raw)
	}
	return parseRecords(h, raw)
}

func parseRecords(h *frameHeader, raw []byte) ([]Record, error) {
	recs := make([]Record, h.count)
	lens := make([]int, h.count)
	total := 0
	for i := range recs {
		if len(raw) == 0 {
			return nil, errBadFrame
		}
		kind := Kind(raw[0])
		ref, n := binary.Uvarint(raw[1:])
		if n <= 0 {
			return nil, errBadFrame
		}
		length, m := binary.Uvarint(raw[1+n:])
		if m <= 0 || length > maxFrameRaw {
			return nil, errBadFrame
		}
		raw = raw[1+n+m:]
		if total += int(length); total > maxFrameRaw {
			return nil, errBadFrame
		}
		if h.kind == recordFrame && ref != 0 {
			self := uint64(h.first) + uint64(i)
			if ref >= self {
				return nil, errBadFrame
			}
			ref = self - ref
		}
		recs[i], lens[i] = Record{Kind: kind, Settles: Seq(ref)}, int(length)
	}
	if total != len(raw) {
		return nil, errBadFrame
	}
	for i, n := range lens {
		recs[i].Data, raw = raw[:n:n], raw[n:]
	}
	return recs, nil
}
