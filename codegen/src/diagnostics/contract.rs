//! Codes about operations: paths, parameters, bodies, responses.
//!
//! Owns: the `SPEC_*` codes of what stands under `paths` and beside it. Must not know: how operations are lowered.

use super::{Code, Severity};

/// The codes of this family.
pub const CODES: &[&Code] = &[
    &OPERATION_ID_REPEATED,
    &OPERATION_REPEATED,
    &PATH_SYNTAX,
    &PATH_PARAMETER_UNDECLARED,
    &PATH_PARAMETER_UNUSED,
    &PARAMETER_INVALID,
    &PARAMETER_IGNORED,
    &STATUS_INVALID,
    &SECURITY_UNKNOWN,
    &OPERATION_PART_UNSUPPORTED,
];

/// Two operations with the same id.
pub const OPERATION_ID_REPEATED: Code = Code {
    id: "SPEC_OPERATION_ID_REPEATED",
    severity: Severity::Warning,
    title: "two operations have the same id",
    explanation: "Functions, tools and requests are named after `operationId`. The second one gets a number behind its name, \
                  which changes when the order does. Give each operation an id of its own.",
};

/// Two operations with the same method and path.
pub const OPERATION_REPEATED: Code = Code {
    id: "SPEC_OPERATION_REPEATED",
    severity: Severity::Warning,
    title: "two operations answer the same requests",
    explanation: "Two paths that differ only in the names of their parameters match the same requests. Clients, tools and \
                  collections have both operations; a server answers with the first, and the second can never be reached. Merge \
                  them, or change one of the paths.",
};

/// A path that is not one.
pub const PATH_SYNTAX: Code = Code {
    id: "SPEC_PATH_SYNTAX",
    severity: Severity::Error,
    title: "a path template cannot be read",
    explanation: "A path begins with `/`. Parameters stand in braces, each with a name and closed in the same segment, and no \
                  name stands twice: `/projects/{projectId}/files/{fileId}.json`.",
};

/// A parameter of the path that nobody declares.
pub const PATH_PARAMETER_UNDECLARED: Code = Code {
    id: "SPEC_PATH_PARAMETER_UNDECLARED",
    severity: Severity::Warning,
    title: "a parameter in the path is not declared",
    explanation: "Every name in braces needs a parameter with `in: path`, of the operation or of its path. Without one it is any \
                  string.",
};

/// A declared path parameter that the path does not have.
pub const PATH_PARAMETER_UNUSED: Code = Code {
    id: "SPEC_PATH_PARAMETER_UNUSED",
    severity: Severity::Warning,
    title: "a path parameter is declared that the path does not have",
    explanation: "A parameter with `in: path` must stand in braces in the path, spelt alike. It is left out.",
};

/// A parameter that cannot be read.
pub const PARAMETER_INVALID: Code = Code {
    id: "SPEC_PARAMETER_INVALID",
    severity: Severity::Warning,
    title: "a parameter is not understood",
    explanation: "A parameter needs a `name`, and an `in` that is `path`, `query`, `header` or `cookie`. Its `style` must be one \
                  that its place admits. What is not understood is left out, or takes the default.",
};

/// A parameter that another part of the contract is for.
pub const PARAMETER_IGNORED: Code = Code {
    id: "SPEC_PARAMETER_IGNORED",
    severity: Severity::Info,
    title: "a header parameter is ignored",
    explanation: "`Accept`, `Content-Type` and `Authorization` follow from media types and security schemes; OpenAPI gives \
                  header parameters of these names no meaning.",
};

/// A response under a key that is no status.
pub const STATUS_INVALID: Code = Code {
    id: "SPEC_STATUS_INVALID",
    severity: Severity::Warning,
    title: "a response has a key that is no status",
    explanation: "Responses stand under a status (`'404'`), a range of statuses (`4XX`), or `default`. This one is left out.",
};

/// A requirement of a scheme that does not exist.
pub const SECURITY_UNKNOWN: Code = Code {
    id: "SPEC_SECURITY_UNKNOWN",
    severity: Severity::Warning,
    title: "a security scheme is not defined",
    explanation: "`security` names schemes under `components.securitySchemes`. An unknown name cannot be enforced, so nothing is \
                  generated from it.",
};

/// A part of an operation that no target knows.
pub const OPERATION_PART_UNSUPPORTED: Code = Code {
    id: "SPEC_OPERATION_PART_UNSUPPORTED",
    severity: Severity::Warning,
    title: "a part of an operation does not reach the generated code",
    explanation: "The part is kept in the bundled OpenAPI document; no other target knows it.",
};
