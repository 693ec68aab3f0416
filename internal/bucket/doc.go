// Package bucket is Cairn's way to S3: the server that is built in, and the
// client of any other.
//
// The server is versitygw, run inside this process over a directory and heard
// only on a private unix socket. Its users are AWS's accounts, whose secret is
// made anew at each start, so it knows whose a bucket is. Who may do what is
// decided before: the gateway authenticates a client's request, asks
// [Server.ResourcePolicy], and gives it to [Server.Forward], which signs it anew.
// Forward also adds what the server itself lacks:
//
//   - A change is durable when its answer arrives. The server writes files and
//     never syncs them; each successful change is therefore followed by one
//     syncfs, shared by all changes that wait for it.
//   - An upload that ends early stores nothing. The server keeps a body that
//     was cut off unless its length is part of the coding, so Forward sends
//     every upload aws-chunked, with the client's own trailing checksum.
//   - A bucket has a policy. The server takes none that names principals of AWS.
//   - A bucket has a Region. The server has one Region for all of them.
//
// # One server per process
//
// The server resolves its paths against the working directory of the process,
// and keeps settings in package variables. Start therefore changes the working
// directory and Close changes it back; there is one server at a time, and a
// program that starts one has to make its own paths absolute before.
package bucket
