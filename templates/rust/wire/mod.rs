//! How values are written in URLs, headers, cookies and forms.
//!
//! Owns: what a parameter is, both directions of every style, percent-encoding. Must not know: HTTP libraries, operations.

mod read;
mod shapes;
mod text;
mod write;

pub use read::{Found, Pairs, read_cookie, read_header, read_pairs, read_path, scalar};
pub use shapes::*;
pub use text::{percent_decode, percent_encode, percent_encode_reserved};
pub use write::{write_cookie, write_header, write_pairs, write_path};

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
    /// What its values look like.
    pub shape: &'static Shape,
}

/// What values look like: as much as is needed to tell the text `12` from the number 12.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Only `null`.
    Null,
    /// Anything.
    Any,
    /// Items of one shape.
    List(&'static Shape),
    /// Members by name, and the shape of members that are not named, if there may be any.
    Object(&'static [(&'static str, &'static Shape)], Option<&'static Shape>),
    /// One of several.
    OneOf(&'static [&'static Shape]),
}

impl Shape {
    /// The shape of the items, when a list is among the alternatives.
    pub(crate) fn items(&self) -> Option<&'static Shape> {
        match self {
            Self::List(item) => Some(item),
            Self::OneOf(shapes) => shapes.iter().find_map(|shape| shape.items()),
            _ => None,
        }
    }

    /// The shape of a member, when an object is among the alternatives.
    pub(crate) fn member(&self, name: &str) -> Option<&'static Shape> {
        match self {
            Self::Object(members, rest) => {
                let named = members.iter().find(|(member, _)| *member == name);
                named.map(|(_, shape)| *shape).or(*rest)
            }
            Self::OneOf(shapes) => shapes.iter().find_map(|shape| shape.member(name)),
            _ => None,
        }
    }

    /// Whether an object is among the alternatives.
    pub(crate) fn is_object(&self) -> bool {
        match self {
            Self::Object(..) => true,
            Self::OneOf(shapes) => shapes.iter().any(|shape| shape.is_object()),
            _ => false,
        }
    }

    /// Whether a single text can be such a value.
    pub(crate) fn is_scalar(&self) -> bool {
        match self {
            Self::List(_) | Self::Object(..) | Self::Null => false,
            Self::OneOf(shapes) => shapes.iter().any(|shape| shape.is_scalar()),
            _ => true,
        }
    }
}
