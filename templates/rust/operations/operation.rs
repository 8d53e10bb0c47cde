//! What is known about an operation before anyone calls it.
//!
//! Owns: the form of the table. Must not know: how a host enforces it.

use super::policy::{RateClass, Role};
use crate::errors::ErrorCode;
use crate::validate::Schema;
use crate::wire::Parameter;

/// An operation of the contract.
#[derive(Debug)]
pub struct Operation {
    /// Its id in the contract.
    pub id: &'static str,
    /// HTTP method in capitals.
    pub method: &'static str,
    /// Path as the contract writes it, such as `/projects/{projectId}`.
    pub path: &'static str,
    /// The path between its slashes.
    pub segments: &'static [&'static [PathPart]],
    /// The group it belongs to.
    pub domain: &'static str,
    /// One line about it.
    pub summary: &'static str,
    /// Anyone may call it.
    pub public: bool,
    /// The lowest role that may call it. `None`, and not public: any caller who is signed in.
    pub role: Option<Role>,
    /// What a call takes from which buckets.
    pub rate_class: Option<&'static RateClass>,
    /// Takes an `Idempotency-Key`.
    pub idempotent: bool,
    /// Failures of the catalog that it may answer with.
    pub errors: &'static [ErrorCode],
    /// Requirement ids.
    pub requirements: &'static [&'static str],
    /// Ways to sign in: one of the alternatives, all schemes of it, each with its scopes.
    pub security: &'static [&'static [(&'static str, &'static [&'static str])]],
    /// Path, query, header and cookie parameters.
    pub parameters: &'static [Parameter],
    /// A body must be sent.
    pub body_required: bool,
    /// Media types of the body; empty: it takes none.
    pub consumes: &'static [Media],
    /// Media types of its answers.
    pub produces: &'static [&'static str],
    /// Headers of its answers.
    pub headers: &'static [Parameter],
}

/// A piece of a path segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathPart {
    /// Fixed text.
    Fixed(&'static str),
    /// The parameter of this name.
    Parameter(&'static str),
}

/// A media type of a body.
#[derive(Debug)]
pub struct Media {
    /// As the contract writes it.
    pub media: &'static str,
    /// An empty body is a body too: text, bytes, a form without fields.
    pub may_be_empty: bool,
    /// What such a body is. Bytes are not looked into.
    pub schema: &'static Schema,
    /// Fields of forms.
    pub fields: &'static [Parameter],
    /// How fields of a form are written that are not named.
    pub rest: Option<&'static Parameter>,
}

/// By id, so that a table lookup compares one string; two operations with one id do not exist.
impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Operation {}

impl Operation {
    /// Whether a call changes nothing by definition of its method.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }
}
