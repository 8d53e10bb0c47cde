//! What a type admits, as data.

/// What values are admitted. Tables of these are made from the contract, in `crate::schemas`.
#[derive(Debug)]
pub enum Schema {
    /// Any value.
    Any,
    /// No value.
    Never,
    /// Only `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer(Width, Range),
    /// A number.
    Number(Range),
    /// A string.
    Text(Text),
    /// A list.
    List(List),
    /// A list whose first items have schemas of their own.
    Tuple(Tuple),
    /// An object whose members are all alike.
    Map(Map),
    /// One of these values.
    Literals(&'static [Literal]),
    /// An object with known members.
    Record(Record),
    /// One of several.
    Union(Union),
    /// `null`, or what the other admits.
    Nullable(&'static Schema),
    /// What the other admits.
    Same(&'static Schema),
{%- if guards %}
    /// What the other admits and all of these do: JSON Schemas as they are written, for what nothing else here can say.
    Guarded(&'static Schema, &'static [&'static str]),
{%- endif %}
}

/// How large a whole number may be: what its Rust type holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `u64`
    U64,
}

/// A number of a rule.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// A whole number.
    Whole(i128),
    /// Any other.
    Float(f64),
}

/// Rules on numbers.
#[derive(Debug, Clone, Copy)]
pub struct Range {
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
}

impl Range {
    /// No rules.
    pub const ANY: Self =
        Self { minimum: None, exclusive_minimum: None, maximum: None, exclusive_maximum: None, multiple_of: None };
}

/// Formats of strings that are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Format {
    Plain,
    Uuid,
    DateTime,
    Date,
    Time,
    Duration,
    Email,
    Uri,
    UriReference,
    Hostname,
    Ipv4,
    Ipv6,
    Base64,
    Decimal,
}

/// Rules on strings.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// What it is written like.
    pub format: Format,
    /// Least number of characters.
    pub min_length: Option<u64>,
    /// Greatest number of characters.
    pub max_length: Option<u64>,
    /// ECMA-262 pattern that matches somewhere.
    pub pattern: Option<&'static str>,
}

impl Text {
    /// No rules.
    pub const ANY: Self = Self { format: Format::Plain, min_length: None, max_length: None, pattern: None };
}

/// Rules on lists.
#[derive(Debug, Clone, Copy)]
pub struct List {
    /// What each item is.
    pub item: &'static Schema,
    /// Least number of items.
    pub min_items: Option<u64>,
    /// Greatest number of items.
    pub max_items: Option<u64>,
    /// No two items are equal.
    pub unique: bool,
}

impl List {
    /// No rules.
    pub const ANY: Self = Self { item: &Schema::Any, min_items: None, max_items: None, unique: false };
}

/// Rules on lists whose first items have schemas of their own.
#[derive(Debug, Clone, Copy)]
pub struct Tuple {
    /// What the first items are.
    pub items: &'static [&'static Schema],
    /// What the further items are, and rules on all of them.
    pub rest: List,
}

/// Rules on objects whose members are all alike.
#[derive(Debug, Clone, Copy)]
pub struct Map {
    /// What each member is.
    pub value: &'static Schema,
    /// Least number of members.
    pub min_properties: Option<u64>,
    /// Greatest number of members.
    pub max_properties: Option<u64>,
    /// ECMA-262 pattern of the names.
    pub key_pattern: Option<&'static str>,
}

impl Map {
    /// No rules.
    pub const ANY: Self = Self { value: &Schema::Any, min_properties: None, max_properties: None, key_pattern: None };
}

/// A value that is admitted as it is.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum Literal {
    Null,
    Boolean(bool),
    Number(Number),
    Text(&'static str),
    /// Any other, as JSON text.
    Json(&'static str),
}

/// Rules on objects with known members.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// The known members.
    pub fields: &'static [Field],
    /// The others.
    pub extra: Extra,
    /// Least number of members.
    pub min_properties: Option<u64>,
    /// Greatest number of members.
    pub max_properties: Option<u64>,
}

impl Record {
    /// No rules.
    pub const ANY: Self = Self { fields: &[], extra: Extra::Ignored, min_properties: None, max_properties: None };
}

/// A known member.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// Must be present.
    pub required: bool,
    /// What it is.
    pub schema: &'static Schema,
}

/// Members that are not known.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum Extra {
    Ignored,
    Refused,
    Kept(&'static Schema),
}

/// Several alternatives.
#[derive(Debug, Clone, Copy)]
pub struct Union {
    /// The alternatives.
    pub variants: &'static [Variant],
    /// The member whose value selects one.
    pub tag: Option<&'static str>,
    /// No value may fit two of them.
    pub exclusive: bool,
}

/// An alternative.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    /// Values of the tag that select it.
    pub tags: &'static [&'static str],
    /// What it admits.
    pub schema: &'static Schema,
}
