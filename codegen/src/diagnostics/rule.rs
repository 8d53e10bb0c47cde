//! Codes of the rules that a whole model is held to: traceability, lint, secrets.
//!
//! Owns: the `TRACE_*` and `LINT_*` codes and those about secrets. Must not know: how a rule finds what it tells.

use super::{Code, Severity};

/// The codes of this family.
pub const CODES: &[&Code] = &[
    &REQUIREMENT_UNCOVERED,
    &REQUIREMENT_UNKNOWN,
    &REQUIREMENT_AMBIGUOUS,
    &REQUIREMENT_REMOVED,
    &OPERATION_UNTRACED,
    &NO_SUCCESS,
    &NO_ID,
    &SECRET_PLAINTEXT,
];

/// A requirement that nothing carries.
pub const REQUIREMENT_UNCOVERED: Code = Code {
    id: "TRACE_REQUIREMENT_UNCOVERED",
    severity: Severity::Warning,
    title: "nothing in a contract carries a requirement",
    explanation: "Every functional requirement is carried by an operation, a schema or an error code that names it: \
                  `x-flaresmith: { requirements: [FR-008] }`. A requirement that no contract can carry says why in its own text, with a \
                  sentence that begins `Not in the contract:`. Success criteria and other ids are not asked for: tests and metrics \
                  show them.",
};

/// An id that no feature has.
pub const REQUIREMENT_UNKNOWN: Code = Code {
    id: "TRACE_REQUIREMENT_UNKNOWN",
    severity: Severity::Error,
    title: "a contract names a requirement that no feature has",
    explanation: "Within the folder of a feature, the short form `FR-008` means a requirement of that feature; a requirement of another \
                  one is written with its number: `001/FR-008`. The id has to stand in the spec, spelt alike.",
};

/// A short id that several features have.
pub const REQUIREMENT_AMBIGUOUS: Code = Code {
    id: "TRACE_REQUIREMENT_AMBIGUOUS",
    severity: Severity::Warning,
    title: "several features have the requirement that a contract names",
    explanation: "The contract is in no feature's folder, and more than one feature has this id, so it counts for each of them. Write \
                  it with the number of the feature that is meant: `001/FR-008`.",
};

/// A requirement that was taken back.
pub const REQUIREMENT_REMOVED: Code = Code {
    id: "TRACE_REQUIREMENT_REMOVED",
    severity: Severity::Warning,
    title: "a contract names a requirement that was removed",
    explanation: "The spec strikes the requirement out, or says that it was removed. Take its id away from the contract, and with it \
                  whatever was there for it alone.",
};

/// An operation without a requirement.
pub const OPERATION_UNTRACED: Code = Code {
    id: "TRACE_OPERATION_UNTRACED",
    severity: Severity::Warning,
    title: "an operation names no requirement",
    explanation: "In a repository with feature specs, an operation says what it is there for: `x-flaresmith: { requirements: \
                  [FR-008] }`. An operation that nobody asked for is either missing in a spec or not needed.",
};

/// An operation that can only fail.
pub const NO_SUCCESS: Code = Code {
    id: "LINT_OPERATION_NO_SUCCESS",
    severity: Severity::Warning,
    title: "an operation declares no answer but failures",
    explanation: "Declare at least one response with a status below 400, or `default`. Without one, generated servers and clients know \
                  no way to answer well, and answer with an empty 200.",
};

/// An operation without an id.
pub const NO_ID: Code = Code {
    id: "LINT_OPERATION_NO_ID",
    severity: Severity::Info,
    title: "an operation has no `operationId`",
    explanation: "Functions, tools and requests are named after the method and the path instead, so they get other names when the path \
                  changes. An `operationId` keeps them.",
};

/// A secret in the specs.
pub const SECRET_PLAINTEXT: Code = Code {
    id: "SPEC_SECRET_PLAINTEXT",
    severity: Severity::Error,
    title: "something that looks like a real secret stands in plain text",
    explanation: "Specs are committed, and everything in them is copied to documentation, collections and tool descriptors. Whoever can \
                  read those has the secret: revoke it at its provider first, since taking it away leaves it in the history. Then write \
                  a placeholder such as `<token>` or `ghp_****`. A token in the form of a known provider is an error; a private key, a \
                  password in a URL and a random value under a name like `clientSecret` may be made up for an example, and are warnings. \
                  What was published as an example and never was good, in a contract that is not yours to change, is let through by its \
                  fingerprint, which the hint tells: `no_secrets = [\"1f2e3d4c5b6a7980\"]` in flaresmith.toml.",
};
