//! Codes about OpenAPI documents that say less than the contract.
//!
//! Owns: the codes of what the published documents leave out or tell otherwise. Must not know: how that is done.

use super::{Code, Severity};

/// The codes of this family.
pub const CODES: &[&Code] = &[
    &DOWNCONVERTED,
    &DOWNCONVERT_REFUSED,
    &KEYWORD_DROPPED,
    &INTERNAL_PUBLISHED,
];

/// Something that 3.0 cannot say.
pub const DOWNCONVERTED: Code = Code {
    id: "EMIT_DOWNCONVERTED",
    severity: Severity::Info,
    title: "the 3.0 document says less than the contract",
    explanation: "Older tools read `openapi-3.0.json`, and OpenAPI 3.0 has no words for some of what the contract says. It was left out \
                  there, or told in the nearest words; whatever the contract admits, the 3.0 document admits too. The 3.1 document \
                  says everything. Told once for each kind of loss, with the number of places.",
};

/// A 3.0 document that the typed reader does not take.
pub const DOWNCONVERT_REFUSED: Code = Code {
    id: "EMIT_DOWNCONVERT_REFUSED",
    severity: Severity::Warning,
    title: "the 3.0 document cannot be read by typed readers",
    explanation: "The 3.0 document was written, but a reader with OpenAPI 3.0's types refuses it. Usually the contract itself has a \
                  value of a wrong type somewhere, which 3.1 tools pass over; the message names it.",
};

/// A key that OpenAPI 3.1 does not have.
pub const KEYWORD_DROPPED: Code = Code {
    id: "EMIT_KEYWORD_DROPPED",
    severity: Severity::Info,
    title: "a key is not of OpenAPI 3.1 and is not published",
    explanation: "The contract has a key at a place where OpenAPI 3.1 has none of that name: a slip, or something newer. The bundled \
                  documents are strictly 3.1 and 3.0, so they go without it. Keys that begin with `x-` are kept. Told once for each \
                  key, with the number of places.",
};

/// An internal schema that callers see.
pub const INTERNAL_PUBLISHED: Code = Code {
    id: "EMIT_INTERNAL_PUBLISHED",
    severity: Severity::Info,
    title: "an internal schema is part of the public documents",
    explanation: "The schema says `internal: true`, yet an operation or a public schema refers to it, so callers need it and it is \
                  published. Refer to another schema, or take `internal` away.",
};
