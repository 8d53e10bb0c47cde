//! `x-flaresmith`: the language of our own extensions, as types.
//!
//! Owns: the fields that may stand at the root, on operations and on schemas; `told` tells about the others.
//! Must not know: what a field does. The types are also the JSON Schema that editors complete from.

mod told;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::tree::Value;

pub(super) use told::check;

/// The key under which everything stands.
pub const KEY: &str = "x-flaresmith";

/// What may stand at the root of a contract.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RootExtension {
    /// Roles, lowest first.
    pub roles: Vec<String>,
    /// Token buckets.
    pub rate_buckets: IndexMap<String, BucketExtension>,
    /// Rate classes: what one call takes, and from which buckets.
    pub rate_limits: IndexMap<String, RateExtension>,
    /// The error catalog.
    pub errors: IndexMap<String, ErrorExtension>,
    /// Schema of every failure's body.
    pub error_envelope: Option<Value>,
    /// Where the service runs, in order.
    pub environments: IndexMap<String, EnvironmentExtension>,
    /// Domains, in order.
    pub domains: IndexMap<String, DomainExtension>,
}

/// A token bucket.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BucketExtension {
    /// Most tokens it holds.
    pub capacity: u64,
    /// Tokens it gains in a minute.
    pub refill_per_minute: u64,
}

/// What one call takes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RateExtension {
    /// Tokens. Default: 1.
    #[serde(default = "one")]
    pub tokens: u64,
    /// From which buckets.
    pub buckets: Vec<String>,
    /// Taken again after so many seconds while the connection is open.
    pub every_seconds: Option<u64>,
}

fn one() -> u64 {
    1
}

/// An entry of the error catalog.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ErrorExtension {
    /// How bad it is. Default: error.
    #[serde(default)]
    pub severity: SeverityWord,
    /// Whether a client may repeat by itself. Default: none.
    #[serde(default)]
    pub retry_policy: RetryWord,
    /// HTTP status, 400 to 599.
    pub status: u16,
    /// What happened.
    pub message: String,
    /// What a person can do.
    pub hint: Option<String>,
    /// Schema of `details`.
    pub details: Option<Value>,
    /// Requirement ids.
    #[serde(default)]
    pub requirements: Vec<String>,
}

/// Words for severities.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the variants are the words themselves")]
pub enum SeverityWord {
    Info,
    Warn,
    #[default]
    Error,
    Critical,
}

/// Words for retry policies.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the variants are the words themselves")]
pub enum RetryWord {
    #[default]
    None,
    Safe,
    Idempotent,
}

/// A place where the service runs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EnvironmentExtension {
    /// Base URL.
    pub url: String,
    /// What it is.
    pub description: Option<String>,
}

/// A domain.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DomainExtension {
    /// For people.
    pub title: Option<String>,
    /// CommonMark.
    pub description: Option<String>,
    /// Tags whose operations belong to it.
    pub tags: Vec<String>,
}

/// What may stand on an operation.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct OperationExtension {
    /// Requirement ids.
    pub requirements: Vec<String>,
    /// The lowest role that may call it.
    pub role: Option<String>,
    /// Rate class.
    pub rate_limit: Option<String>,
    /// Takes an `Idempotency-Key`.
    pub idempotent: bool,
    /// Codes that it may answer with.
    pub errors: Vec<String>,
    /// How it appears as a tool.
    pub mcp: ToolExtension,
    /// How it runs in a collection.
    pub postman: PostmanExtension,
}

/// How an operation appears as a tool.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ToolExtension {
    /// Tool name.
    pub name: Option<String>,
    /// Changes nothing.
    pub read_only: Option<bool>,
    /// May destroy something.
    pub destructive: Option<bool>,
    /// Is a tool at all.
    pub expose: Option<bool>,
}

/// How an operation runs in a collection.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct PostmanExtension {
    /// Variable -> JSON pointer into the body, or `header:NAME`.
    pub captures: IndexMap<String, String>,
    /// Parameter or member of the body -> captured variable that it takes, where it has another name.
    pub uses: IndexMap<String, String>,
    /// Codes of `errors` that are right as well, where no request before makes what this one needs.
    pub refusals: Vec<String>,
    /// Requests of a folder run in ascending order.
    pub order: Option<i64>,
}

/// What may stand on a schema or property.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SchemaExtension {
    /// Requirement ids.
    pub requirements: Vec<String>,
    /// Not part of the public API.
    pub internal: bool,
    /// It is stored.
    pub table: Option<TableExtension>,
    /// Its state changes by rules.
    pub lifecycle: Option<LifecycleExtension>,
    /// How the property is stored: its name, or more.
    pub column: Option<ColumnWord>,
    /// The property refers to rows of another table.
    pub references: Option<ReferenceExtension>,
    /// Never logged, never in an example, an error or a descriptor.
    pub secret: bool,
}

/// A table.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TableExtension {
    /// Default: the schema's name in snake case, plural.
    pub name: Option<String>,
    /// Properties. Default: `id`.
    pub primary_key: Vec<String>,
    /// Indexes over properties.
    pub indexes: Vec<IndexExtension>,
    /// Lists of properties in which no two rows agree.
    pub unique: Vec<Vec<String>>,
    /// References of several columns.
    pub references: Vec<CompositeExtension>,
}

/// An index.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IndexExtension {
    /// Properties.
    pub columns: Vec<String>,
    /// No two rows agree in all of them.
    #[serde(default)]
    pub unique: bool,
    /// Default: made from table and columns.
    pub name: Option<String>,
}

/// A reference of several columns.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CompositeExtension {
    /// Properties of this schema.
    pub columns: Vec<String>,
    /// The schema referred to.
    pub entity: String,
    /// Properties there.
    pub fields: Vec<String>,
    /// What happens to this row when the other goes.
    #[serde(default)]
    pub on_delete: OnDeleteWord,
}

/// A reference of one column.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ReferenceExtension {
    /// The schema referred to.
    pub entity: String,
    /// Its property. Default: its primary key.
    pub field: Option<String>,
    /// What happens to this row when the other goes.
    #[serde(default)]
    pub on_delete: OnDeleteWord,
}

/// What happens to a row when the row it refers to is deleted.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the variants are the words themselves")]
pub enum OnDeleteWord {
    #[default]
    NoAction,
    Restrict,
    Cascade,
    SetNull,
}

/// `column: name` or `column: { … }`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ColumnWord {
    /// Its name alone.
    Name(String),
    /// Its name and more.
    Full(ColumnExtension),
}

/// A column.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ColumnExtension {
    /// Default: the property's name in snake case.
    pub name: Option<String>,
    /// `now`, `uuid`, or a literal.
    pub default: Option<Value>,
    /// No two rows have the same value.
    pub unique: bool,
    /// Has an index of its own.
    pub index: bool,
    /// Is no column.
    pub skip: bool,
}

/// A lifecycle.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LifecycleExtension {
    /// The property that holds the state.
    pub field: String,
    /// Where it begins.
    pub initial: String,
    /// What may happen.
    pub transitions: Vec<TransitionExtension>,
    /// Other rules for some instances.
    #[serde(default)]
    pub variants: Vec<VariantExtension>,
}

/// A permitted change of state.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TransitionExtension {
    /// One state or several.
    pub from: OneOrMany,
    /// State after.
    pub to: String,
    /// The event.
    pub on: String,
}

/// One word or a list of words.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The words.
    #[must_use]
    pub fn words(&self) -> &[String] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Many(words) => words,
        }
    }
}

/// A lifecycle for some instances.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct VariantExtension {
    /// Its name.
    pub name: String,
    /// Property -> value that selects it.
    pub when: IndexMap<String, Value>,
    /// Where it begins.
    pub initial: String,
    /// What may happen.
    pub transitions: Vec<TransitionExtension>,
}

/// The extension of an object; what cannot be read is the default, which [`check`] has told.
pub(crate) fn read<T: DeserializeOwned + Default>(value: Option<&Value>) -> T {
    value.and_then(|value| T::deserialize(value).ok()).unwrap_or_default()
}
