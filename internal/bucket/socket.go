package bucket

import (
	"os"
	"path/filepath"
)

// maxSocketPath is the longest path of a unix socket that all systems take:
// sun_path has 104 bytes on the BSDs and 108 on Linux, one of them the
// terminator.
const maxSocketPath = 103

// socket is the place of the server's unix socket. The directory around it can
// be entered by its owner only, so nobody else can connect, whatever the
// socket's own mode is at the moment it is made.
type socket struct {
	path string
	temp string // the directory made for it alone, if any
}

// newSocket finds a place in dir, or in a directory of its own below the
// system's temporary directory if the path would be too long. A socket that
// a killed process left is removed by the listener.
func newSocket(dir string) (socket, error) {
	path := filepath.Join(dir, "s3.sock")
	if len(path) <= maxSocketPath {
		return socket{path: path}, nil
	}
	temp, err := os.MkdirTemp("", "cairn-s3-")
	if err != nil {
		return socket{}, err
	}
	return socket{path: filepath.Join(temp, "s3.sock"), temp: temp}, nil
}

// remove removes what may be left of the socket.
func (s socket) remove() error {
	if s.temp != "" {
		return os.RemoveAll(s.temp)
	}
	if err := os.Remove(s.path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}
