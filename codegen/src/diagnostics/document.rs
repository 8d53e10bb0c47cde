//! Codes about documents as such: text that cannot be read, references that lead nowhere.
//!
//! Owns: the `SPEC_*` codes of reading and resolving. Must not know: what a document means.

use super::{Code, Severity};

/// The codes of this family.
pub const CODES: &[&Code] = &[
    &SYNTAX,
    &ENCODING,
    &TOO_LARGE,
    &DUPLICATE_KEY,
    &REF_UNRESOLVED,
    &SCHEMA_MISSING,
    &REF_OUTSIDE_ROOT,
    &REF_CIRCULAR,
    &CALLBACK_CIRCULAR,
    &REFS_TOO_FAR,
    &SWAGGER_2,
    &VERSION_UNKNOWN,
    &NO_CONTRACT,
    &OPERATION_DUPLICATE,
    &COMPONENT_RENAMED,
    &DIALECT_MIXED,
    &CONSTRUCT_IGNORED,
];

/// The text is not YAML or JSON.
pub const SYNTAX: Code = Code {
    id: "SPEC_SYNTAX",
    severity: Severity::Error,
    title: "the file is not valid YAML or JSON",
    explanation: "The parser could not read the file at this place. Nothing in the file was used. \
                  Fix the text; in YAML, look at the indentation and at unquoted `:` and `#` first.",
};

/// The same key twice in one object.
pub const DUPLICATE_KEY: Code = Code {
    id: "SPEC_DUPLICATE_KEY",
    severity: Severity::Error,
    title: "the same key stands twice in one object",
    explanation: "Tools disagree about which of the two counts, so neither is used. Remove one of them.",
};

/// A `$ref` names something that does not exist.
pub const REF_UNRESOLVED: Code = Code {
    id: "SPEC_REF_UNRESOLVED",
    severity: Severity::Error,
    title: "a `$ref` leads nowhere",
    explanation: "The file or the place in it that the reference names does not exist. \
                  References are relative to the file in which they stand.",
};

/// A schema is referred to but not there.
pub const SCHEMA_MISSING: Code = Code {
    id: "SPEC_SCHEMA_MISSING",
    severity: Severity::Warning,
    title: "a schema that is referred to does not exist",
    explanation: "The file exists, but not the schema that the reference names. Published contracts have such gaps, so any value is \
                  taken at this place and everything else is generated. `--strict` makes it an error.",
};

/// A `$ref` points out of the repository.
pub const REF_OUTSIDE_ROOT: Code = Code {
    id: "SPEC_REF_OUTSIDE_ROOT",
    severity: Severity::Error,
    title: "a `$ref` leaves the repository",
    explanation: "References may name files of the repository only: no absolute paths, no `..` above the root, no URLs. \
                  Copy the file into the repository and refer to the copy.",
};

/// The bytes are not UTF-8.
pub const ENCODING: Code = Code {
    id: "SPEC_ENCODING",
    severity: Severity::Error,
    title: "the file is not UTF-8",
    explanation: "Specs are read as UTF-8. Save the file in that encoding; a byte order mark is allowed.",
};

/// The file is larger than any spec.
pub const TOO_LARGE: Code = Code {
    id: "SPEC_TOO_LARGE",
    severity: Severity::Error,
    title: "the file is too large to be read",
    explanation: "Files above 64 MiB are not read, so that a wrong path cannot exhaust the memory.",
};

/// References that only lead to each other.
pub const REF_CIRCULAR: Code = Code {
    id: "SPEC_REF_CIRCULAR",
    severity: Severity::Error,
    title: "references lead in a circle",
    explanation: "Each reference of the chain names the next one and none of them says anything itself. \
                  Replace one of them by what is meant. (A type that holds itself is fine.)",
};

/// A callback among whose requests it is itself.
pub const CALLBACK_CIRCULAR: Code = Code {
    id: "SPEC_CALLBACK_CIRCULAR",
    severity: Severity::Warning,
    title: "a callback leads back to itself",
    explanation: "A callback has a request that has the same callback again, and so on without an end. It is written out up to where it \
                  would begin again; from there on it is left out.",
};

/// References that together lead to more than anybody can go through.
pub const REFS_TOO_FAR: Code = Code {
    id: "SPEC_REFS_TOO_FAR",
    severity: Severity::Error,
    title: "references lead too far",
    explanation: "Responses, headers, media types and callbacks refer to each other so often, or so deep, that writing out what they mean \
                  would not come to an end. Take references out of the chain that is told. (References to schemas do not count.)",
};

/// A document of the version before OpenAPI.
pub const SWAGGER_2: Code = Code {
    id: "SPEC_SWAGGER_2",
    severity: Severity::Error,
    title: "Swagger 2.0 is not read",
    explanation: "Convert the document to OpenAPI 3 first, for example with `npx swagger2openapi swagger.json -o openapi.json`, \
                  and keep the result as the contract.",
};

/// A version of OpenAPI that is not known.
pub const VERSION_UNKNOWN: Code = Code {
    id: "SPEC_VERSION_UNKNOWN",
    severity: Severity::Error,
    title: "this version of OpenAPI is not known",
    explanation: "The versions 3.0, 3.1 and 3.2 are read. Write one of them behind `openapi:`, for example `openapi: 3.1.0`.",
};

/// Nothing to generate from.
pub const NO_CONTRACT: Code = Code {
    id: "SPEC_NO_CONTRACT",
    severity: Severity::Error,
    title: "no OpenAPI document was found",
    explanation: "A contract is a YAML or JSON file with the key `openapi:`. It is looked for below the folders of `specs` in \
                  flaresmith.toml, in the files of `contracts`, and, when there are none, beside flaresmith.toml. \
                  `flaresmith init` writes a first one.",
};

/// Two operations with the same method and path.
pub const OPERATION_DUPLICATE: Code = Code {
    id: "SPEC_OPERATION_DUPLICATE",
    severity: Severity::Error,
    title: "two contracts define the same operation",
    explanation: "All contracts of a repository make one service, in which a method and path can be served once. \
                  Remove the operation from one of the files.",
};

/// Two different components of one name.
pub const COMPONENT_RENAMED: Code = Code {
    id: "SPEC_COMPONENT_RENAMED",
    severity: Severity::Warning,
    title: "two files define different components of the same name",
    explanation: "The second one was renamed after its file, so that both exist. Give one of them another name, or make them the \
                  same by referring from one file to the other.",
};

/// A keyword of another version of OpenAPI.
pub const DIALECT_MIXED: Code = Code {
    id: "SPEC_DIALECT_MIXED",
    severity: Severity::Warning,
    title: "a keyword of another version of OpenAPI",
    explanation: "The keyword was understood as it was surely meant, but other tools will ignore it. In 3.1 write \
                  `type: [string, 'null']` instead of `nullable: true`, and a number behind `exclusiveMinimum`. In 3.0, keywords \
                  beside `$ref` have no effect; wrap the reference in `allOf`.",
};

/// Something that is read but has no effect.
pub const CONSTRUCT_IGNORED: Code = Code {
    id: "SPEC_CONSTRUCT_IGNORED",
    severity: Severity::Warning,
    title: "a construct that no target can express yet",
    explanation: "It was left out of everything that is generated. The rest of the document is not affected.",
};
