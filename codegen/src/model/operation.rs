//! Operations: what can be asked of the service, and what it answers.
//!
//! Owns: methods, paths, parameters, bodies, responses. Must not know: routers, clients, or any other spelling of a target.

use indexmap::IndexMap;

use super::name::Name;
use super::policy::{DomainId, Policy};
use super::types::{Docs, Type};
use crate::diagnostics::Place;
use crate::tree::Value;

/// One operation of the contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// The author's operation id, or one derived from method and path; unique in every case style.
    pub id: Name,
    /// HTTP method.
    pub method: Method,
    /// Path template.
    pub path: PathTemplate,
    /// The group it belongs to.
    pub domain: DomainId,
    /// One line about it.
    pub summary: Option<String>,
    /// What the source says about it.
    pub docs: Docs,
    /// Path, query, header and cookie parameters, those of the path item included; order of the source.
    pub parameters: Vec<Parameter>,
    /// What it takes as a body.
    pub body: Option<Body>,
    /// What it answers: exact statuses ascending, then ranges, then the default.
    pub responses: Vec<Response>,
    /// Alternatives of schemes that must all be satisfied (`scheme -> scopes`). Empty list: nothing is said.
    pub security: Vec<IndexMap<String, Vec<String>>>,
    /// Anyone may call it: security is an explicit empty list or holds an empty alternative.
    pub public: bool,
    /// What the runtime enforces and the other targets tell about it.
    pub policy: Policy,
    /// JSON pointer of the operation in the bundled document.
    pub pointer: String,
    /// Where it was written.
    pub place: Place,
}

/// A request that the service sends to somebody else.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// Its name.
    pub name: Name,
    /// HTTP method.
    pub method: Method,
    /// One line about it.
    pub summary: Option<String>,
    /// What the source says about it.
    pub docs: Docs,
    /// What it sends.
    pub body: Option<Body>,
    /// Where it was written.
    pub place: Place,
}

/// A request that the service sends, with everything that is said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// Index of the operation whose callback it is; `None` for a webhook.
    pub by: Option<usize>,
    /// Name of the callback or webhook, as written.
    pub name: String,
    /// What is sent, and what is taken as an answer. The path of a callback is the expression that its address is made of,
    /// in one piece; that of a webhook is empty.
    pub request: Operation,
}

/// HTTP methods of OpenAPI. Their order here is the order within a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the variants are the method names")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    Trace,
}

impl Method {
    /// Every method, in order.
    pub const ALL: [Self; 8] = [
        Self::Get,
        Self::Head,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
        Self::Options,
        Self::Trace,
    ];

    /// The method in capitals.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
        }
    }

    /// The method in small letters, as OpenAPI writes it.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Head => "head",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::Options => "options",
            Self::Trace => "trace",
        }
    }
}

/// A path with its parameters taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate {
    /// As written: `/projects/{projectId}`.
    pub raw: String,
    /// Segments between slashes; each is a list of parts, so `/{a}.json` and `/{x}:verb` can be told.
    pub segments: Vec<Vec<PathPart>>,
}

/// A piece of a path segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathPart {
    /// Fixed text.
    Fixed(String),
    /// The parameter of this name.
    Parameter(String),
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the variants are the places OpenAPI names")]
pub enum Location {
    Path,
    Query,
    Header,
    Cookie,
}

/// How a parameter's value is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the styles OpenAPI names")]
pub enum Style {
    Simple,
    Label,
    Matrix,
    Form,
    SpaceDelimited,
    PipeDelimited,
    DeepObject,
    /// The value is one JSON text (`content: application/json`).
    Json,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name on the wire.
    pub wire: String,
    /// The same as words.
    pub name: Name,
    /// Where it stands.
    pub location: Location,
    /// Must be present. Always true in paths.
    pub required: bool,
    /// Type of its value.
    pub ty: Type,
    /// How lists and objects are written.
    pub style: Style,
    /// Whether lists and objects repeat the parameter.
    pub explode: bool,
    /// Value that absence stands for.
    pub default: Option<Value>,
    /// What the source says about it; `examples` holds those of the parameter, then those of its schema.
    pub docs: Docs,
}

/// What an operation takes as a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Must be present.
    pub required: bool,
    /// Words about it.
    pub description: Option<String>,
    /// The media types, JSON first, then in the order of the source.
    pub contents: Vec<Content>,
}

/// One media type of a body or response.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// As written, parameters included.
    pub media: String,
    /// The family it is handled as.
    pub kind: MediaKind,
    /// Type of the body; of each event for event streams; `None` when nothing is said.
    pub ty: Option<Type>,
    /// How the parts of a form are written, by property.
    pub encodings: IndexMap<String, Encoding>,
    /// Examples in the order of the source.
    pub examples: Vec<Example>,
    /// JSON pointer of the media type object in the bundled document.
    pub pointer: String,
}

/// How one part of a form is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoding {
    /// Media type of the part.
    pub content_type: Option<String>,
    /// Style of the part in URL-encoded forms.
    pub style: Option<Style>,
    /// Whether lists and objects repeat the name.
    pub explode: Option<bool>,
}

/// A named example.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its key, or `default`.
    pub name: String,
    /// One line about it.
    pub summary: Option<String>,
    /// The value.
    pub value: Value,
}

/// Families of media types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaKind {
    /// `application/json`, `application/*+json`, `text/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/*`.
    Multipart,
    /// `text/event-stream`.
    EventStream,
    /// `text/*`.
    Text,
    /// Everything else.
    Bytes,
}

/// What an operation answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// For which statuses.
    pub status: Status,
    /// What it means.
    pub description: String,
    /// Headers, in the order of the source.
    pub headers: Vec<Header>,
    /// Media types, JSON first. Empty: no body.
    pub contents: Vec<Content>,
    /// JSON pointer of the response in the bundled document.
    pub pointer: String,
}

/// A header of a response.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Its name on the wire.
    pub wire: String,
    /// The same as words.
    pub name: Name,
    /// Always present.
    pub required: bool,
    /// Type of its value.
    pub ty: Type,
    /// Words about it.
    pub docs: Docs,
}

/// Statuses of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Exactly this one.
    Exact(u16),
    /// All of a hundred: `4` for `4XX`.
    Range(u8),
    /// All others.
    Default,
}

impl Status {
    /// Whether it can only mean success (2xx or 3xx).
    #[must_use]
    pub fn is_success(self) -> bool {
        match self {
            Self::Exact(code) => (200..400).contains(&code),
            Self::Range(hundred) => hundred == 2 || hundred == 3,
            Self::Default => false,
        }
    }
}

impl Operation {
    /// The response of the lowest success status, if one is declared.
    #[must_use]
    pub fn success(&self) -> Option<&Response> {
        self.responses.iter().find(|response| response.status.is_success())
    }
}
