// Package policy is the IAM policy language: it parses documents, says whether
// one may be attached where it is to be attached, and decides requests. It is
// pure: what a decision rests on is in the Request and the Policies.
//
// # Documents
//
// Parse is strict. It refuses what AWS refuses (unknown elements, wrong types,
// unknown operators) and what could be read in two ways (duplicate names,
// invalid UTF-8). A Document that it returned is immutable and may be shared.
// Check then holds a document to the rules of the place it is for: an identity's
// policy names no principal, a trust policy no resource.
//
// # Matching
//
// Actions match without regard to case. In a pattern, * stands for any
// characters, none included, and ? for one.
//
// A resource pattern and an ARN are split at their first five colons and matched
// part by part, so a * before the fifth colon stays within its part; in the last
// part it matches ":" and "/" as well. A pattern of fewer parts that ends in *
// matches all that follows: "If the * is the last character of a resource ARN
// segment, it can expand to match beyond the colon boundaries"
// (reference_policies_elements_resource). The operators ArnEquals and ArnLike
// match in the same way.
//
// Variables (${aws:username}, ${aws:PrincipalTag/team, 'none'}, ${*}) are
// replaced in documents of version 2012-10-17: in the last part of a resource
// and in the values of string, ARN and Bool operators. What replaces a variable
// is never a wildcard. A variable without a value, or with several, matches
// nothing, so that a negated operator over it holds ("the value is effectively
// null. There is no equal or like value", reference_policies_variables).
//
// # Decisions
//
// Evaluate follows "Policy evaluation logic" of the IAM User Guide. A deny that
// applies always wins. What a resource-based policy grants in its own account
// depends on how it names the caller:
//
//   - the user, the session, or everybody: that alone is enough, whatever the
//     caller's permissions boundary and session policies leave out;
//   - the role of a session, or the user of a federated session: enough in place
//     of an identity-based policy, and limited by boundary and session policies;
//   - the account: not enough by itself. It leaves the decision to the account,
//     whose identity-based policies have to allow the call.
//
// Across accounts both sides have to allow.
package policy
