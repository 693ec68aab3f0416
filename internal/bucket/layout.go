package bucket

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/versity/versitygw/backend/meta"
)

// layout is the place of everything that a server keeps in its directory.
type layout struct {
	buckets  string // a directory per bucket
	versions string // earlier versions of objects
	run      string // the socket, while the server runs
	meta     meta.MetadataStorer
	sidecar  bool // metadata is in files of its own
}

// prepare makes the directories and decides where metadata goes: into extended
// attributes, which appear together with the object they belong to, or where
// the file system has none, into files of their own, in DIR/meta. That
// directory's presence is the decision, so a store that is moved to another
// file system stays readable.
func prepare(dir string) (layout, error) {
	l := layout{
		buckets:  filepath.Join(dir, "buckets"),
		versions: filepath.Join(dir, "versions"),
		run:      filepath.Join(dir, "run"),
	}
	for _, d := range []string{dir, l.buckets, l.versions, l.run} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return layout{}, err
		}
	}
	if err := os.Chmod(l.run, 0o700); err != nil {
		return layout{}, err
	}
	sidecar := filepath.Join(dir, "meta")
	_, err := os.Stat(sidecar)
	switch {
	case err == nil:
		l.sidecar = true
	case !errors.Is(err, fs.ErrNotExist):
		return layout{}, err
	case !attributesWork(l.buckets):
		if err := os.Mkdir(sidecar, 0o700); err != nil {
			return layout{}, err
		}
		l.sidecar = true
	}
	if !l.sidecar {
		l.meta = meta.XattrMeta{}
		return l, nil
	}
	if l.meta, err = meta.NewSideCar(sidecar); err != nil {
		return layout{}, fmt.Errorf("open the metadata directory: %w", err)
	}
	return l, nil
}

// attributesWork reports whether a file in dir can carry extended attributes
// of the size that an object's metadata may have. It tries, because file
// systems answer a mere question differently.
func attributesWork(dir string) bool {
	f, err := os.CreateTemp(dir, ".attributes-")
	if err != nil {
		return false
	}
	defer os.Remove(f.Name())
	defer f.Close()
	want := make([]byte, 2<<10) // S3's limit of user metadata
	store := meta.XattrMeta{}
	if err := store.StoreAttribute(f, "", "", "cairn", want); err != nil {
		return false
	}
	got, err := store.RetrieveAttribute(f, "", "", "cairn")
	return err == nil && len(got) == len(want)
}
