// Package engine runs the backends of the sandbox from tables.
//
// A service is a [Service]: a list of resource kinds and a list of operations.
// A [Kind] says how its resources are identified, what a new one looks like,
// which states follow each other, what must be unique and what keeps one from
// being deleted. An [Op] says what an operation does with a kind, by an
// [Action]: create, describe, update, delete, or a function for the few steps
// that no table says well.
//
// What the API model already says is not repeated in a table:
//
//   - A request member goes to the attribute of the same name, where both have
//     the same form.
//   - An answer is made of the resource by the output shape: a member whose
//     shape is the kind's holds the resource, a list of that shape holds all of
//     them, and any other takes the attribute of its name.
//   - A request member with the name of a kind's id, or its plural, refers to
//     resources of that kind, which must exist.
//   - A filter's name is its attribute's, in kebab case.
//
// Attributes are values as awsapi describes them, keyed by the member names of
// the kind's shape. An attribute whose name begins with a dot is kept and never
// shown.
//
// # Time
//
// No state is changed by a timer. A state that ends by itself is kept with the
// time at which it began, and whoever reads the resource later sees the states
// that have followed since.
//
// What a service does of itself, as when an Auto Scaling group launches
// instances, follows from the state too ([Service.Settle]): it is done after a
// change, by calls of other services, and done again after a crash.
//
// # Scopes and transactions
//
// All state belongs to one account in one Region. Calls that change it run one
// at a time in each such scope; a call's changes reach the store in one step,
// or not at all.
package engine
