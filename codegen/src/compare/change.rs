//! A change of a contract, as data.
//!
//! Owns: its shape, and the order in which changes are told. Must not know: how one is found or printed.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostics::change::Class;
use crate::diagnostics::{Code, Place};

/// What a change is about. The order of the variants is the order in which they are told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Subject {
    /// The head of the contract and its servers.
    Service,
    /// An operation, as it is now; as it was, when it is gone.
    Operation {
        /// Path template.
        path: String,
        /// In capitals.
        method: String,
        /// Operation id.
        id: String,
    },
    /// A request that the service sends.
    Webhook {
        /// Its name.
        name: String,
        /// In capitals.
        method: String,
    },
    /// A request that the service sends because of an operation.
    Callback {
        /// Method and path of the operation.
        of: String,
        /// Its name.
        name: String,
        /// In capitals.
        method: String,
    },
    /// A parameter, answer, header, body or callback that several operations may refer to.
    Component {
        /// Section of `components`.
        section: String,
        /// Its name there.
        name: String,
    },
    /// A named schema.
    Schema {
        /// Its name in the bundled contract.
        name: String,
    },
    /// An entry of the error catalog.
    Error {
        /// Its code.
        code: String,
    },
    /// A lifecycle.
    Lifecycle {
        /// Name of the schema that has it.
        name: String,
    },
    /// A table.
    Table {
        /// Its name in the database.
        name: String,
    },
    /// A requirement or success criterion of a feature.
    Requirement {
        /// With its feature: `001/FR-007a`.
        id: String,
    },
    /// Something that operations refer to: a role, a rate class, a way to sign in.
    Policy {
        /// Its name, or what kind of thing it is.
        name: String,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service => write!(out, "service"),
            Self::Operation { path, method, .. } => write!(out, "{method} {path}"),
            Self::Webhook { name, method } => write!(out, "webhook {method} {name}"),
            Self::Callback { of, name, method } => write!(out, "callback {method} {name} of {of}"),
            Self::Component { section, name } => {
                let word = match section.as_str() {
                    "responses" => "response",
                    "parameters" => "parameter",
                    "requestBodies" => "request body",
                    "headers" => "header",
                    "callbacks" => "callback",
                    "pathItems" => "path item",
                    other => other,
                };
                write!(out, "{word} {name}")
            }
            Self::Schema { name } => write!(out, "schema {name}"),
            Self::Error { code } => write!(out, "error {code}"),
            Self::Lifecycle { name } => write!(out, "lifecycle of {name}"),
            Self::Table { name } => write!(out, "table {name}"),
            Self::Requirement { id } => write!(out, "requirement {id}"),
            Self::Policy { name } => write!(out, "{name}"),
        }
    }
}

/// One of the two states that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// What was.
    Before,
    /// What is now.
    After,
}

/// One change, complete: what, how bad, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractChange {
    /// What it does to those who rely on the contract.
    pub class: Class,
    /// Its kind.
    pub code: &'static Code,
    /// What it is about.
    pub subject: Subject,
    /// What happened, in one sentence that does not repeat the subject.
    pub message: String,
    /// In which state the place is: where the thing is now, or where it was when it is gone.
    pub side: Side,
    /// Where it stands there.
    pub place: Place,
    /// What was, in a few words.
    pub before: Option<String>,
    /// What is now, in a few words.
    pub after: Option<String>,
    /// For a schema or another component: how many operations and webhooks reach it.
    pub reached_by: usize,
    /// The first few of those, as `GET /projects`.
    pub first: Vec<String>,
}
