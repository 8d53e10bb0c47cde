//! The grammar of OpenAPI and JSON Schema: what kind of object stands where.
//!
//! Owns: one table from (kind of object, key) to the kind of what is behind the key. Must not know: what anything means.
//! What the table does not name is data: examples, defaults, extensions of others. Data is never looked into, so that a
//! `$ref` in an example stays what it is.

/// Kinds of objects in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Document,
    Components,
    PathItem,
    Operation,
    Parameter,
    Header,
    Body,
    Response,
    Media,
    Encoding,
    Callback,
    Schema,
    Discriminator,
    Example,
    Link,
    SecurityScheme,
    /// `x-flaresmith` at the root.
    Extension,
    /// One entry of the error catalog.
    ErrorEntry,
}

/// How the objects stand behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// One object of that kind (or a boolean, for schemas).
    One(Place),
    /// An object whose members all have that kind; its keys are names.
    Map(Place),
    /// An array of that kind.
    List(Place),
}

/// Keys of the HTTP methods in a path item; the last stands in 3.2 only.
const METHODS: [&str; 9] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
];

/// What is behind a key; `None` for data.
pub(crate) fn step(place: Place, key: &str) -> Option<Step> {
    use Place::{
        Body, Callback, Components, Discriminator, Document, Encoding, ErrorEntry, Example, Extension, Header, Link,
        Media, Operation, Parameter, PathItem, Response, Schema, SecurityScheme,
    };
    use Step::{List, Map, One};
    Some(match (place, key) {
        (Document, "paths" | "webhooks") => Map(PathItem),
        (Document, "components") => One(Components),
        (Document, "x-flaresmith") => One(Extension),

        (Components, "schemas") => Map(Schema),
        (Components, "responses") => Map(Response),
        (Components, "parameters") => Map(Parameter),
        (Components, "requestBodies") => Map(Body),
        (Components, "headers") => Map(Header),
        (Components, "pathItems") => Map(PathItem),
        (Components, "callbacks") => Map(Callback),
        (Components, "mediaTypes") => Map(Media),
        (Components, "examples") => Map(Example),
        (Components, "links") => Map(Link),
        (Components, "securitySchemes") => Map(SecurityScheme),

        (PathItem, key) if METHODS.contains(&key) => One(Operation),
        (PathItem, "additionalOperations") => Map(Operation),
        (PathItem | Operation, "parameters") => List(Parameter),
        (Operation, "requestBody") => One(Body),
        (Operation, "responses") => Map(Response),
        (Operation, "callbacks") => Map(Callback),

        (Callback, key) if key != "$ref" && !key.starts_with("x-") => One(PathItem),

        (Parameter | Header, "schema") => One(Schema),
        (Parameter | Header | Body | Response, "content") => Map(Media),
        (Parameter | Header | Media, "examples") => Map(Example),
        (Response | Encoding, "headers") => Map(Header),
        (Response, "links") => Map(Link),
        (Media, "schema" | "itemSchema") => One(Schema),
        (Media, "encoding") => Map(Encoding),

        (Schema, "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas") => Map(Schema),
        (
            Schema,
            "items"
            | "additionalProperties"
            | "additionalItems"
            | "unevaluatedItems"
            | "unevaluatedProperties"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "contentSchema",
        ) => One(Schema),
        (Schema, "allOf" | "anyOf" | "oneOf" | "prefixItems") => List(Schema),
        (Schema, "discriminator") => One(Discriminator),

        (Extension, "errorEnvelope") | (ErrorEntry, "details") => One(Schema),
        (Extension, "errors") => Map(ErrorEntry),
        _ => return None,
    })
}

/// The section of `components` that holds objects of a kind.
pub(super) fn section(place: Place) -> Option<&'static str> {
    Some(match place {
        Place::Schema => "schemas",
        Place::Response => "responses",
        Place::Parameter => "parameters",
        Place::Body => "requestBodies",
        Place::Header => "headers",
        Place::PathItem => "pathItems",
        Place::Callback => "callbacks",
        Place::Media => "mediaTypes",
        Place::Example => "examples",
        Place::Link => "links",
        Place::SecurityScheme => "securitySchemes",
        _ => return None,
    })
}

/// The kind of the objects of a section of `components`.
pub(super) fn kind_of_section(section: &str) -> Option<Place> {
    match step(Place::Components, section) {
        Some(Step::Map(place)) => Some(place),
        _ => None,
    }
}
