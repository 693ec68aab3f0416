package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/digest"
)

// Dir is a copy of a bucket in a directory, as `aws s3 sync` makes it. It has no
// metadata.
type Dir struct {
	root *os.Root
	// bucket is what the directory is a copy of, and base the part of its keys
	// that the directory leaves out: "" or one that ends in a slash.
	bucket, base string
	// prefix is the trail's.
	prefix string
}

// OpenDir opens a directory. It takes the bucket's name, unless it is given, and
// its prefix from the first digest in it that can be read: a copy made of
// s3://bucket/prefix leaves the prefix out, and its digests tell it.
func OpenDir(dir, bucket string) (*Dir, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the copy of a bucket: %w", err)
	}
	d := &Dir{root: root, bucket: bucket}
	if err := d.recognize(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return d, nil
}

// Close closes the directory.
func (d *Dir) Close() error { return d.root.Close() }

// Bucket is the bucket that the directory is a copy of, and Prefix the trail's.
func (d *Dir) Bucket() string { return d.bucket }

// Prefix is the prefix of the trail's keys in the bucket.
func (d *Dir) Prefix() string { return d.prefix }

// recognize reads the first digest that is one. Where all are damaged, their
// names have to do.
func (d *Dir) recognize() error {
	named := false
	found := errors.New("found")
	err := fs.WalkDir(d.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		k, ok := digest.ParseDigestKey(name)
		if !ok {
			return nil
		}
		if !named {
			named, d.prefix = true, k.Prefix
		}
		recorded, err := d.readDigest(name)
		if err != nil {
			return nil // Verify says what is wrong with it
		}
		base, ok := strings.CutSuffix(recorded.Key, name)
		if !ok || base != "" && !strings.HasSuffix(base, "/") {
			return nil
		}
		d.base, d.prefix = base, strings.Trim(base+k.Prefix, "/")
		if d.bucket == "" {
			d.bucket = recorded.Bucket
		}
		return found
	})
	switch {
	case err == nil && named, errors.Is(err, found):
		return nil
	case err != nil:
		return fmt.Errorf("look for digests in %s: %w", d.root.Name(), err)
	}
	return fmt.Errorf("%s has no digests: is it a copy of a trail's bucket?", d.root.Name())
}

func (d *Dir) readDigest(name string) (*digest.Digest, error) {
	f, err := d.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := digest.ReadAll(f, digest.MaxSize)
	if err != nil {
		return nil, err
	}
	return digest.Parse(raw)
}

// local is the name in the directory of a key.
func (d *Dir) local(bucket, key string) (string, error) {
	name, ok := strings.CutPrefix(key, d.base)
	if bucket != d.bucket || !ok {
		return "", fmt.Errorf("it is not in this copy of s3://%s/%s", d.bucket, d.base)
	}
	return name, nil
}

// folder is the directory of a prefix that ends in a slash.
func (d *Dir) folder(bucket, prefix string) (string, error) {
	name, err := d.local(bucket, prefix)
	return path.Clean(name), err
}

// List implements digest.Archive.
func (d *Dir) List(ctx context.Context, bucket, prefix, after string) iter.Seq2[digest.Object, error] {
	return func(yield func(digest.Object, error) bool) {
		folder, err := d.folder(bucket, prefix)
		if err != nil {
			yield(digest.Object{}, err)
			return
		}
		var all []digest.Object
		err = fs.WalkDir(d.root.FS(), folder, func(name string, entry fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil || entry.IsDir() {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			if key := d.base + name; key > after {
				all = append(all, digest.Object{Key: key, Modified: info.ModTime()})
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(digest.Object{}, err)
			return
		}
		// A directory's order is not that of the whole keys.
		slices.SortFunc(all, func(a, b digest.Object) int { return cmp.Compare(a.Key, b.Key) })
		for _, o := range all {
			if !yield(o, nil) {
				return
			}
		}
	}
}

// Entries implements digest.Archive.
func (d *Dir) Entries(_ context.Context, bucket, prefix string) iter.Seq2[digest.Entry, error] {
	return func(yield func(digest.Entry, error) bool) {
		folder, err := d.folder(bucket, prefix)
		if err != nil {
			yield(digest.Entry{}, err)
			return
		}
		entries, err := fs.ReadDir(d.root.FS(), folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(digest.Entry{}, err)
			return
		}
		for _, e := range entries {
			if !yield(digest.Entry{Name: e.Name(), Object: !e.IsDir()}, nil) {
				return
			}
		}
	}
}

// Open implements digest.Archive. It opens nothing outside of the directory,
// whatever the key is.
func (d *Dir) Open(_ context.Context, bucket, key string) (digest.Content, error) {
	name, err := d.local(bucket, key)
	if err != nil {
		return digest.Content{}, err
	}
	f, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return digest.Content{}, digest.ErrNotFound
	}
	if err != nil {
		return digest.Content{}, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return digest.Content{}, errors.Join(err, f.Close(), errors.New("it is not a file"))
	}
	return digest.Content{Body: f}, nil
}
