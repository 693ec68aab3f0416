package bucket

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncFileSystem writes out the file system that f is on. Since Linux 5.8 it
// reports errors of writes that happened in the background before.
func syncFileSystem(f *os.File) error {
	return os.NewSyscallError("syncfs", unix.Syncfs(int(f.Fd())))
}
