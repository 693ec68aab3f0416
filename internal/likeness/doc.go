// Package likeness holds the test that the sandbox answers as others do: the same
// calls of a real client to the sandbox and to a real emulator of AWS, and the
// shapes of the answers compared.
package likeness
