package digest

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Archive is where a trail's files lie: S3, or a copy of a bucket. Its methods
// are called from several goroutines at once.
type Archive interface {
	// List returns the objects whose keys begin with prefix and are greater
	// than after, in the order of their keys. It ends after an error.
	List(ctx context.Context, bucket, prefix, after string) iter.Seq2[Object, error]
	// Entries returns what lies directly below prefix, which ends in a slash or
	// is empty: each folder and each object once.
	Entries(ctx context.Context, bucket, prefix string) iter.Seq2[Entry, error]
	// Open reads an object. It returns ErrNotFound if there is none of the
	// name; any other error says that nobody knows.
	Open(ctx context.Context, bucket, key string) (Content, error)
}

// ErrNotFound is what an Archive's Open returns, wrapped or not, for an object
// that is not there.
var ErrNotFound = errors.New("the object does not exist")

// Object is an entry of an Archive's list.
type Object struct {
	Key string
	// Modified is when the object was stored; zero is unknown.
	Modified time.Time
}

// Entry is a folder or an object.
type Entry struct {
	// Name is the part of its key after the prefix, without a slash.
	Name string
	// Object says that it is one, and no folder.
	Object bool
}

// Content is an object as an Archive reads it. The caller closes Body.
type Content struct {
	Body io.ReadCloser
	// Metadata is the user metadata, by lower-case names without x-amz-meta-.
	// Nil says that the archive keeps none, as a copy in a directory does; an
	// object without any has an empty map.
	Metadata map[string]string
}

// Keys tells the public keys of a Region that were valid at some time between
// two moments, as ListPublicKeys does. It may tell more.
type Keys interface {
	PublicKeys(ctx context.Context, region string, from, to time.Time) ([]PublicKey, error)
}
