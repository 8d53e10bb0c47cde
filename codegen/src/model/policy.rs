//! Policy: who may call what, how often, which failures there are, and where the service runs.
//!
//! Owns: the facts that a contract states under `x-flaresmith`. Must not know: how a server enforces them.

use indexmap::IndexMap;

use super::name::Name;
use super::types::Type;
use crate::diagnostics::Place;

/// Index of a domain in `Model::domains`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId(pub(crate) u32);

impl DomainId {
    /// Position in `Model::domains`.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A group of operations and the types only they use.
#[derive(Debug, Clone, PartialEq)]
pub struct Domain {
    /// Unique in every case style.
    pub name: Name,
    /// For people; default: the name in title case.
    pub title: String,
    /// CommonMark.
    pub description: Option<String>,
}

/// What a contract demands of one operation beyond its shapes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    /// Requirement ids as written (`FR-008`).
    pub requirements: Vec<String>,
    /// The lowest role that may call it: an index into `Model::roles`. `None`: any signed-in caller.
    pub role: Option<usize>,
    /// Rate class by name.
    pub rate_class: Option<String>,
    /// Takes an `Idempotency-Key`.
    pub idempotent: bool,
    /// Codes of the catalog that it may answer with.
    pub errors: Vec<String>,
    /// How it appears as a tool.
    pub mcp: ToolPolicy,
    /// How it runs in a collection.
    pub postman: PostmanPolicy,
}

/// How an operation appears as a tool for language models. Defaults are already filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolPolicy {
    /// Tool name; unique.
    pub name: String,
    /// Changes nothing.
    pub read_only: bool,
    /// May destroy something.
    pub destructive: bool,
    /// Repeating it changes nothing more.
    pub idempotent: bool,
    /// Is a tool at all.
    pub expose: bool,
}

/// How an operation runs in a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostmanPolicy {
    /// Variables set from the answer.
    pub captures: IndexMap<String, Capture>,
    /// Parameter or member of the body -> the variable that it takes, where it has another name.
    pub uses: IndexMap<String, String>,
    /// Codes that are right as well, where no request before makes what this one needs.
    pub refusals: Vec<String>,
    /// Ascending; those without one come last, in document order.
    pub order: Option<i64>,
}

/// Where a captured value stands in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capture {
    /// JSON pointer into the body.
    Body(String),
    /// Header of this name.
    Header(String),
}

/// A token bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateBucket {
    /// Most tokens it holds.
    pub capacity: u64,
    /// Tokens it gains in a minute.
    pub refill_per_minute: u64,
}

/// What one call takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateClass {
    /// Tokens.
    pub tokens: u64,
    /// From which buckets.
    pub buckets: Vec<String>,
    /// Taken again after so many seconds while the connection is open.
    pub every_seconds: Option<u64>,
}

/// One entry of the error catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorCode {
    /// How bad it is.
    pub severity: Severity,
    /// Whether a client may try again by itself.
    pub retry_policy: RetryPolicy,
    /// HTTP status.
    pub status: u16,
    /// What happened.
    pub message: String,
    /// What a person can do.
    pub hint: Option<String>,
    /// Type of `details`.
    pub details: Option<Type>,
    /// Requirement ids.
    pub requirements: Vec<String>,
    /// Where it was written.
    pub place: Place,
}

/// Severity of an error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the words of the spec language")]
pub enum Severity {
    Info,
    Warn,
    Error,
    Critical,
}

impl Severity {
    /// As the spec language writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// Whether a client may repeat a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the words of the spec language")]
pub enum RetryPolicy {
    None,
    Safe,
    Idempotent,
}

impl RetryPolicy {
    /// As the spec language writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Safe => "safe",
            Self::Idempotent => "idempotent",
        }
    }
}

/// A place where the service runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Base URL.
    pub url: String,
    /// What it is.
    pub description: Option<String>,
}

/// A way to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecurityScheme {
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: Basic`.
    Basic,
    /// A key in a header, query parameter or cookie.
    ApiKey {
        /// Where it stands.
        location: super::operation::Location,
        /// Name of the header, parameter or cookie.
        wire: String,
    },
    /// OAuth 2 or OpenID Connect: a bearer token whose origin the contract describes.
    OAuth,
    /// Anything else, by its type.
    Other(String),
}
