//go:build !linux

package durable

import "os"

// datasync is a whole sync where there is no fdatasync(2) to be trusted.
func datasync(f *os.File) error { return f.Sync() }
