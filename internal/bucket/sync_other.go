//go:build unix && !linux

package bucket

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncFileSystem writes out all file systems; where there is no syncfs, errors
// cannot be had.
func syncFileSystem(*os.File) error {
	return unix.Sync()
}
