//go:build unix

package bucket

import "net"

// listenUnlinked listens on a socket that stays when it is closed.
func listenUnlinked(path string) (net.Listener, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	return l, nil
}
