//! How values are written in URLs, headers, cookies and forms.
//!
//! Owns: what a parameter is, both directions of every style, percent-encoding. Must not know: HTTP libraries, operations.

mod read;
mod shape;
mod text;
mod write;

pub use read::{Found, Pairs, read_cookie, read_header, read_pairs, read_path, scalar};
pub use text::{percent_decode, percent_encode, percent_encode_reserved};
pub use write::{write_cookie, write_header, write_pairs, write_path};

use crate::validate::Schema;

/// Where a value stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Location {
    /// In the path of the URL.
    Path,
    /// In the query of the URL.
    Query,
    /// In a header.
    Header,
    /// In a cookie.
    Cookie,
    /// In the body.
    Body,
}

impl Location {
    /// The word for it: `path`, `query`, `header`, `cookie` or `body`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
        }
    }
}

/// How lists and objects are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// `a,b`
    Simple,
    /// `.a.b`
    Label,
    /// `;name=a;name=b`
    Matrix,
    /// `name=a&name=b`
    Form,
    /// `name=a%20b`
    SpaceDelimited,
    /// `name=a|b`
    PipeDelimited,
    /// `name[key]=a`
    DeepObject,
    /// One JSON text.
    Json,
}

/// A parameter, a response header or a field of a form: its name and how its value is written.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Name on the wire.
    pub name: &'static str,
    /// Where it stands.
    pub location: Location,
    /// Must be present.
    pub required: bool,
    /// How lists and objects are written.
    pub style: Style,
    /// Whether lists and objects repeat the name.
    pub explode: bool,
    /// What its values are.
    pub schema: &'static Schema,
}
