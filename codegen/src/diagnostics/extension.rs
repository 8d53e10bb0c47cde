//! Codes about `x-flaresmith`: what a contract says beyond OpenAPI.
//!
//! Owns: the codes of policy, tables and lifecycles. Must not know: what is made of them.

use super::{Code, Severity};

/// The codes of this family.
pub const CODES: &[&Code] = &[
    &UNKNOWN_FIELD,
    &INVALID,
    &MISPLACED,
    &POLICY_UNKNOWN,
    &TABLE_INVALID,
    &TABLE_KEY_MISSING,
    &LIFECYCLE_INVALID,
];

/// A field that the language does not have.
pub const UNKNOWN_FIELD: Code = Code {
    id: "SPEC_EXTENSION_UNKNOWN_FIELD",
    severity: Severity::Error,
    title: "`x-flaresmith` has no field of that name",
    explanation: "A misspelt field would be ignored in silence, so every unknown one is an error. The language is described in \
                  docs/spec-language.md.",
};

/// A value of the wrong type.
pub const INVALID: Code = Code {
    id: "SPEC_EXTENSION_INVALID",
    severity: Severity::Error,
    title: "a value under `x-flaresmith` cannot be used",
    explanation: "The value has another type than the field takes, or is not one of the words it knows.",
};

/// The extension stands where it means nothing.
pub const MISPLACED: Code = Code {
    id: "SPEC_EXTENSION_MISPLACED",
    severity: Severity::Error,
    title: "`x-flaresmith` means nothing here",
    explanation: "The extension is read at the root of a contract, on operations and on schemas. Move it to one of those.",
};

/// A name that the root does not define.
pub const POLICY_UNKNOWN: Code = Code {
    id: "SPEC_POLICY_UNKNOWN",
    severity: Severity::Error,
    title: "a role, rate limit, bucket, error code or variable is not defined",
    explanation: "Operations refer to what the root of the contract lists under `x-flaresmith`. Define it there, or correct the name. \
                  What a request of a collection uses, another one captures; what may refuse it is among the operation's `errors`.",
};

/// A table that cannot be made.
pub const TABLE_INVALID: Code = Code {
    id: "SPEC_TABLE_INVALID",
    severity: Severity::Error,
    title: "a table cannot be made as it is described",
    explanation: "Keys, indexes and references name properties of the schema (not columns), and references name schemas that have \
                  a table. Names of tables and columns are unique.",
};

/// A table without a key.
pub const TABLE_KEY_MISSING: Code = Code {
    id: "SPEC_TABLE_KEY_MISSING",
    severity: Severity::Error,
    title: "a table has no primary key",
    explanation: "Write `primaryKey: [property]` under `table`, or give the schema a property `id`.",
};

/// A lifecycle that cannot work.
pub const LIFECYCLE_INVALID: Code = Code {
    id: "SPEC_LIFECYCLE_INVALID",
    severity: Severity::Error,
    title: "a lifecycle contradicts itself or its schema",
    explanation: "The field of a lifecycle is a property whose schema is an enumeration of strings; its values are the states. Every \
                  transition names known states, and in one state an event leads to one other state only. Every state can be reached.",
};
