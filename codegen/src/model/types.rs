//! Types: named definitions, and the uses of types in fields, parameters and bodies.
//!
//! Owns: the shapes that values can have and the rules on them. Must not know: how any language spells a type.

use super::name::Name;
use super::policy::DomainId;
use crate::diagnostics::Place;
use crate::tree::{Number, Value};

/// Index of a definition in `Model::types`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub(crate) u32);

impl TypeId {
    /// Position in `Model::types`.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A named type.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeDef {
    /// Its name; unique among all types in every case style.
    pub name: Name,
    /// What the source says about it.
    pub docs: Docs,
    /// What its values look like.
    pub shape: Shape,
    /// The one domain whose operations use it, or `None` when several do or none does.
    pub domain: Option<DomainId>,
    /// Used, directly or through others, by a request.
    pub in_request: bool,
    /// Used, directly or through others, by a response or webhook.
    pub in_response: bool,
    /// Not part of the public API.
    pub internal: bool,
    /// Requirement ids that the schema carries.
    pub requirements: Vec<String>,
    /// What its schema says that its shape does not: JSON Schemas as they are written, all of which hold besides.
    pub guards: Vec<Value>,
    /// JSON pointer of its schema in the bundled document (`/components/schemas/Project`).
    pub pointer: String,
    /// Whether it was written under a name of its own (a component), rather than inline.
    pub component: bool,
    /// Where it was written.
    pub place: Place,
}

/// Words about a type, field, operation or parameter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Docs {
    /// A short name for people.
    pub title: Option<String>,
    /// CommonMark. Hostile until quoted for a target.
    pub description: Option<String>,
    /// Whether new callers should avoid it.
    pub deprecated: bool,
    /// Example values, as written.
    pub examples: Vec<Value>,
}

/// What the values of a named type look like.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// An object with known fields.
    Record(Record),
    /// One of several types.
    Union(Union),
    /// One of a closed list of values.
    Enumeration(Enumeration),
    /// Another type under a name of its own, often with rules.
    Alias(Type),
}

/// An object with known fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// Fields in the author's order; names on the wire are unique.
    pub fields: Vec<Field>,
    /// What other members may stand beside the fields.
    pub extra: Extra,
    /// Least number of members.
    pub min_properties: Option<u64>,
    /// Greatest number of members.
    pub max_properties: Option<u64>,
}

/// Members of an object that no field names.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Extra {
    /// Nothing is said: accepted and not kept.
    #[default]
    Ignored,
    /// Refused.
    Refused,
    /// Accepted and kept, each of this type.
    Kept(Type),
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name on the wire.
    pub wire: String,
    /// The same as words, for naming in targets. Unique in its record only after `Case::distinct`.
    pub name: Name,
    /// Type of its value. `ty.nullable` tells whether `null` is a value; `required` whether it may be absent.
    pub ty: Type,
    /// Must be present.
    pub required: bool,
    /// Only in responses.
    pub read_only: bool,
    /// Only in requests.
    pub write_only: bool,
    /// Holds a secret: never shown, logged or put in an example.
    pub secret: bool,
    /// Value that absence stands for.
    pub default: Option<Value>,
    /// What the source says about it.
    pub docs: Docs,
}

/// One of several types.
#[derive(Debug, Clone, PartialEq)]
pub struct Union {
    /// The alternatives, in the author's order, at least one.
    pub variants: Vec<Variant>,
    /// The property that tells them apart, when there is one.
    pub tag: Option<Tag>,
    /// Exactly one must match (`oneOf`), rather than at least one (`anyOf`).
    pub exclusive: bool,
}

/// The property whose value selects a variant. Each variant's record has it among its own fields, when its schema does.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// Its name on the wire.
    pub wire: String,
}

/// One alternative of a union.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// A name for it; unique within the union.
    pub name: Name,
    /// What it holds.
    pub ty: Type,
    /// Values of the tag that select it; empty without a tag.
    pub tags: Vec<String>,
}

/// A closed list of values.
#[derive(Debug, Clone, PartialEq)]
pub struct Enumeration {
    /// All strings, or all integers, in the author's order, distinct. (A mixed list lowers to `Kind::Literals`.)
    pub values: Vec<Value>,
    /// A name for each value, unique within the enumeration.
    pub names: Vec<Name>,
    /// Words about each value, where the source has them (`x-enum-descriptions`), else empty.
    pub docs: Vec<Option<String>>,
}

/// A type as used at some place.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// What values look like.
    pub kind: Kind,
    /// Whether `null` is a value too.
    pub nullable: bool,
    /// Further rules, when there are any.
    pub rules: Option<Box<Rules>>,
}

/// What values look like.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Any JSON value, `null` included.
    Any,
    /// No value at all (`false` as a schema).
    Never,
    /// Only `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A whole number of so many bits; 64 where the source says nothing.
    Integer {
        /// Fits in 32 bits.
        narrow: bool,
    },
    /// A number.
    Number,
    /// A string of a given format.
    Text(TextFormat),
    /// A list of one type.
    List(Box<Type>),
    /// A list whose first items have their own types; further items have the type `rest`, or are refused when `None`.
    Tuple {
        /// Types of the first items.
        items: Vec<Type>,
        /// Type of the further items.
        rest: Option<Box<Type>>,
    },
    /// An object whose members all have one type.
    Map(Box<Type>),
    /// One of the given JSON values (`const`, or an enumeration of mixed values); at least one.
    Literals(Vec<Value>),
    /// A named type.
    Named(TypeId),
}

/// Formats of strings that targets may give a type of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextFormat {
    /// No format.
    Plain,
    /// RFC 4122 id.
    Uuid,
    /// RFC 3339 date and time with offset.
    DateTime,
    /// RFC 3339 full date.
    Date,
    /// RFC 3339 time.
    Time,
    /// ISO 8601 duration.
    Duration,
    /// Mail address.
    Email,
    /// Absolute URI.
    Uri,
    /// URI or relative reference.
    UriReference,
    /// Host name.
    Hostname,
    /// Dotted IPv4 address.
    Ipv4,
    /// IPv6 address.
    Ipv6,
    /// Base64 in a JSON string (`format: byte`, `contentEncoding: base64`).
    Base64,
    /// Raw bytes, outside JSON (`format: binary`, or a body without a schema of another type).
    Bytes,
    /// Decimal number in a string.
    Decimal,
    /// Not to be shown while typed.
    Password,
    /// A format that is only a remark.
    Other(String),
}

/// Rules beyond the kind. Each stands only where its kind can have it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// Least number of Unicode characters.
    pub min_length: Option<u64>,
    /// Greatest number of Unicode characters.
    pub max_length: Option<u64>,
    /// ECMA-262 pattern that must match somewhere.
    pub pattern: Option<String>,
    /// Least value.
    pub minimum: Option<Number>,
    /// Every value is greater.
    pub exclusive_minimum: Option<Number>,
    /// Greatest value.
    pub maximum: Option<Number>,
    /// Every value is less.
    pub exclusive_maximum: Option<Number>,
    /// Every value is a multiple.
    pub multiple_of: Option<Number>,
    /// Least number of items.
    pub min_items: Option<u64>,
    /// Greatest number of items.
    pub max_items: Option<u64>,
    /// No two items are equal.
    pub unique_items: bool,
    /// Least number of members of a map.
    pub min_properties: Option<u64>,
    /// Greatest number of members of a map.
    pub max_properties: Option<u64>,
    /// Pattern of a map's keys.
    pub key_pattern: Option<String>,
    /// What no other rule says: JSON Schemas as they are written, all of which hold besides. Their references are pointers
    /// into the bundle; what they lead to is in `Model::guard_definitions`. Any kind can have them, named types too.
    pub guards: Vec<Value>,
}

impl Type {
    /// A type without rules that does not admit `null`.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            nullable: false,
            rules: None,
        }
    }

    /// The same, admitting `null`.
    #[must_use]
    pub fn or_null(mut self) -> Self {
        self.nullable = true;
        self
    }
}

/// Whether a text is a UUID: hexadecimal digits in groups of 8, 4, 4, 4 and 12.
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let hexadecimal = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(hexadecimal)
}
