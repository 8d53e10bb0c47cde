//! Codes about schemas: what they say that cannot hold, or that generated code cannot keep.
//!
//! Owns: the `SPEC_*` codes of types. Must not know: how types are lowered.

use super::{Code, Severity};

/// The codes of this family.
pub const CODES: &[&Code] = &[
    &NOT_A_SCHEMA,
    &SCHEMA_EMPTY,
    &TOO_DEEP,
    &TOO_MANY,
    &ALIAS_CYCLE,
    &BRANCH_INCLUDES,
    &TYPE_CONFLICT,
    &TYPE_UNKNOWN,
    &NO_VALUE,
    &ENUM_TYPE,
    &KEYWORD_UNSUPPORTED,
    &KEYWORD_UNTYPED,
    &PARTS_CLOSED,
    &TYPE_IMPLIED,
    &DISCRIMINATOR,
    &DEFAULT_MISFIT,
];

/// Something stands where a schema belongs.
pub const NOT_A_SCHEMA: Code = Code {
    id: "SPEC_NOT_A_SCHEMA",
    severity: Severity::Error,
    title: "a schema is expected here",
    explanation: "A schema is an object, `true` (any value) or `false` (no value). Lists, numbers and strings mean nothing here; \
                  in YAML, look at the indentation first.",
};

/// Nothing stands where a schema belongs.
pub const SCHEMA_EMPTY: Code = Code {
    id: "SPEC_SCHEMA_EMPTY",
    severity: Severity::Warning,
    title: "a schema was left out",
    explanation: "Here stands a key for a schema and nothing (`null`) behind it. It is read as a schema that takes any value. \
                  Write the schema, or `{}` when any value is meant.",
};

/// Nesting beyond all measure.
pub const TOO_DEEP: Code = Code {
    id: "SPEC_TOO_DEEP",
    severity: Severity::Error,
    title: "schemas are nested too deep",
    explanation: "Give the inner schemas names under `components.schemas` and refer to them. References may be as deep and as \
                  circular as they need to be; only what is written inline is bounded.",
};

/// More schemas than can be looked into.
pub const TOO_MANY: Code = Code {
    id: "SPEC_TOO_MANY",
    severity: Severity::Error,
    title: "the contract multiplies its schemas beyond measure",
    explanation: "Schemas that merge each other through `allOf` within their own properties multiply with each level. \
                  Write the properties of the merged schema out instead.",
};

/// A branch of a union that includes the union.
pub const BRANCH_INCLUDES: Code = Code {
    id: "SPEC_BRANCH_INCLUDES",
    severity: Severity::Warning,
    title: "a branch includes the union that lists it",
    explanation: "A schema lists others under `oneOf` or `anyOf`, and these include it through `allOf`. By the letter no value \
                  satisfies that, since each leads back to the other. The branches are read as having what else the schema says. \
                  To say so, move what they share into a schema of its own, without `oneOf`, and let them include that.",
};

/// A schema that is only another name for itself.
pub const ALIAS_CYCLE: Code = Code {
    id: "SPEC_ALIAS_CYCLE",
    severity: Severity::Error,
    title: "a schema refers to nothing but itself",
    explanation: "References between schemas may go round in circles through properties, lists and maps, where each step adds \
                  something. A circle of bare references, `allOf` or branches describes no value at all. Remove one of the \
                  references named.",
};

/// Schemas that apply together and exclude each other.
pub const TYPE_CONFLICT: Code = Code {
    id: "SPEC_TYPE_CONFLICT",
    severity: Severity::Warning,
    title: "schemas that apply together contradict each other",
    explanation: "Schemas joined by `allOf`, or a `$ref` and the keywords beside it, must all hold, and no value has all their \
                  types. The first one is used. Usually a property was redefined with another type; rename it, or make the \
                  shared schema wider.",
};

/// A word of `type` that does not exist.
pub const TYPE_UNKNOWN: Code = Code {
    id: "SPEC_TYPE_UNKNOWN",
    severity: Severity::Warning,
    title: "there is no type of that name",
    explanation: "`type` knows string, number, integer, boolean, object, array and null. Any other word says nothing, so every \
                  value is taken. A file is `type: string` with `format: binary`; a date is `type: string` with `format: date`.",
};

/// An empty list of values.
pub const NO_VALUE: Code = Code {
    id: "SPEC_NO_VALUE",
    severity: Severity::Warning,
    title: "no value satisfies the schema",
    explanation: "An `enum` is empty, or several lists of values that apply together have none in common.",
};

/// Values that the type beside them excludes.
pub const ENUM_TYPE: Code = Code {
    id: "SPEC_ENUM_TYPE",
    severity: Severity::Warning,
    title: "listed values do not have the type that stands beside them",
    explanation: "In YAML, words such as `1.0`, `true` or `null` are not strings unless quoted. Values in a list of strings are \
                  read as strings; other values that `type` excludes are left out. Quote them, or correct `type`.",
};

/// A keyword that generated code does not keep.
pub const KEYWORD_UNSUPPORTED: Code = Code {
    id: "SPEC_KEYWORD_UNSUPPORTED",
    severity: Severity::Warning,
    title: "a keyword does not reach the generated code",
    explanation: "The keyword is kept in the bundled OpenAPI document, but types and validation do not know it: values that it \
                  excludes are accepted. Say the same with the keywords that are known (`properties`, `required`, `enum`, \
                  `const`, bounds, `pattern`, `oneOf`), or check it in the handler.",
};

/// A keyword that validation keeps and types do not.
pub const KEYWORD_UNTYPED: Code = Code {
    id: "SPEC_KEYWORD_UNTYPED",
    severity: Severity::Warning,
    title: "a keyword is checked in values, but types do not show it",
    explanation: "No Rust or TypeScript type says what the keyword says. Generated validation holds values against it all the \
                  same, as it is written; who makes a value without validating it is not told. Where the keywords that types \
                  know (`properties`, `required`, `enum`, `oneOf`) can say the same, the type is of more use.",
};

/// A closed schema beside other schemas.
pub const PARTS_CLOSED: Code = Code {
    id: "SPEC_PARTS_CLOSED",
    severity: Severity::Warning,
    title: "`additionalProperties` is read as about all schemas that apply together",
    explanation: "`additionalProperties` knows only the `properties` beside it, so that strictly it refuses, or describes, the \
                  members that other schemas of an `allOf` or a branch declare. That is hardly ever meant: members that any of \
                  the schemas declares are admitted. Write `unevaluatedProperties` on the outermost schema instead.",
};

/// A schema without `type`.
pub const TYPE_IMPLIED: Code = Code {
    id: "SPEC_TYPE_IMPLIED",
    severity: Severity::Info,
    title: "a schema without `type` is read as of the type that its keywords are about",
    explanation: "Keywords such as `properties` or `items` say nothing about values of other types, so that strictly every \
                  such value is admitted. That is hardly ever meant: the schema is read as if it said the type. Write `type`. \
                  (Where only bounds are given, such as `minLength`, values of other types are admitted.)",
};

/// A discriminator that does not discriminate.
pub const DISCRIMINATOR: Code = Code {
    id: "SPEC_DISCRIMINATOR",
    severity: Severity::Warning,
    title: "a discriminator cannot tell the branches apart",
    explanation: "Each branch needs a value of the property that no other branch has: by `mapping`, by a `const` in the branch, \
                  or by its schema's name. The union is generated without a tag; its branches are tried in order.",
};

/// A default that is no value of its own schema.
pub const DEFAULT_MISFIT: Code = Code {
    id: "SPEC_DEFAULT_MISFIT",
    severity: Severity::Warning,
    title: "a default does not satisfy its own schema",
    explanation: "Absent values would stand for something that callers may not send. The default is left out; correct it.",
};
