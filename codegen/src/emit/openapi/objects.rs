//! What may stand in an OpenAPI 3.1 document, and in which order it is written.
//!
//! Owns: the keys of every kind of object in the order of the page. Must not know: references or any other version.
//! Builds on the grammar of the reader and adds the small objects that hold nothing to follow.

use crate::openapi::grammar::{self, Place, Step};

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    /// One that the reader knows too.
    Of(Place),
    Info,
    Contact,
    License,
    Server,
    ServerVariable,
    Tag,
    ExternalDocs,
    Xml,
    Flows,
    Flow,
}

/// How objects stand behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// One object.
    One(Object),
    /// A map whose keys are names.
    Map(Object),
    /// An array.
    List(Object),
}

/// What is behind a key; `None` for data, which nobody looks into.
pub(super) fn behind(object: Object, key: &str) -> Option<Behind> {
    use Behind::{List, Map, One};
    if let Object::Of(place) = object
        && let Some(step) = grammar::step(place, key)
    {
        return Some(match step {
            Step::One(place) => One(Object::Of(place)),
            Step::Map(place) => Map(Object::Of(place)),
            Step::List(place) => List(Object::Of(place)),
        });
    }
    Some(match (object, key) {
        (Object::Of(Place::Document), "info") => One(Object::Info),
        (Object::Of(Place::Document), "tags") => List(Object::Tag),
        (Object::Of(Place::Document | Place::PathItem | Place::Operation), "servers") => List(Object::Server),
        (Object::Of(Place::Link), "server") => One(Object::Server),
        (Object::Of(Place::SecurityScheme), "flows") => One(Object::Flows),
        (Object::Of(Place::Schema), "xml") => One(Object::Xml),
        (Object::Of(_) | Object::Tag, "externalDocs") => One(Object::ExternalDocs),
        (Object::Info, "contact") => One(Object::Contact),
        (Object::Info, "license") => One(Object::License),
        (Object::Server, "variables") => Map(Object::ServerVariable),
        (Object::Flows, "implicit" | "password" | "clientCredentials" | "authorizationCode") => One(Object::Flow),
        _ => return None,
    })
}

/// Whether a map's `x-` keys are extensions rather than names.
pub(super) fn map_is_extensible(object: Object, key: &str) -> bool {
    matches!(
        (object, key),
        (Object::Of(Place::Document), "paths") | (Object::Of(Place::Operation), "responses")
    )
}

/// Whether only the keys of [`keys`] and `x-` keys may stand in an object.
pub(super) fn is_closed(object: Object) -> bool {
    !matches!(
        object,
        Object::Of(Place::Schema | Place::Extension | Place::ErrorEntry | Place::Callback)
    )
}

/// Whether an object may be a reference to another of its kind.
pub(super) fn may_refer(object: Object) -> bool {
    matches!(
        object,
        Object::Of(
            Place::Parameter
                | Place::Header
                | Place::Body
                | Place::Response
                | Place::Callback
                | Place::Example
                | Place::Link
                | Place::SecurityScheme
        )
    )
}

/// Keys of a reference.
pub(super) const REFERENCE: &[&str] = &["$ref", "summary", "description"];

/// The keys of an object, in the order in which they are written.
pub(super) fn keys(object: Object) -> &'static [&'static str] {
    match object {
        Object::Of(place) => keys_of(place),
        Object::Info => &[
            "title",
            "summary",
            "description",
            "termsOfService",
            "contact",
            "license",
            "version",
        ],
        Object::Contact => &["name", "url", "email"],
        Object::License => &["name", "identifier", "url"],
        Object::Server => &["url", "description", "variables"],
        Object::ServerVariable => &["enum", "default", "description"],
        Object::Tag => &["name", "description", "externalDocs"],
        Object::ExternalDocs => &["description", "url"],
        Object::Xml => &["name", "namespace", "prefix", "attribute", "wrapped"],
        Object::Flows => &["implicit", "password", "clientCredentials", "authorizationCode"],
        Object::Flow => &["authorizationUrl", "tokenUrl", "refreshUrl", "scopes"],
    }
}

/// Where a key stands among the known ones of an object; unknown keys follow them, extensions come last.
pub(super) fn rank(keys: &[&str], key: &str) -> usize {
    match keys.iter().position(|known| *known == key) {
        Some(rank) => rank,
        None if key.starts_with("x-") => usize::MAX,
        None => keys.len(),
    }
}

fn keys_of(place: Place) -> &'static [&'static str] {
    match place {
        Place::Document => &[
            "openapi",
            "info",
            "jsonSchemaDialect",
            "servers",
            "security",
            "tags",
            "externalDocs",
            "paths",
            "webhooks",
            "components",
        ],
        Place::Components => &[
            "schemas",
            "parameters",
            "headers",
            "requestBodies",
            "responses",
            "examples",
            "links",
            "callbacks",
            "pathItems",
            "securitySchemes",
        ],
        Place::PathItem => &[
            "$ref",
            "summary",
            "description",
            "servers",
            "parameters",
            "get",
            "head",
            "post",
            "put",
            "patch",
            "delete",
            "options",
            "trace",
        ],
        Place::Operation => &[
            "tags",
            "summary",
            "description",
            "externalDocs",
            "operationId",
            "deprecated",
            "security",
            "servers",
            "parameters",
            "requestBody",
            "responses",
            "callbacks",
        ],
        Place::Parameter => &[
            "name",
            "in",
            "description",
            "required",
            "deprecated",
            "allowEmptyValue",
            "style",
            "explode",
            "allowReserved",
            "schema",
            "content",
            "example",
            "examples",
        ],
        Place::Header => &[
            "description",
            "required",
            "deprecated",
            "style",
            "explode",
            "schema",
            "content",
            "example",
            "examples",
        ],
        Place::Body => &["description", "required", "content"],
        Place::Response => &["description", "headers", "content", "links"],
        Place::Media => &["schema", "encoding", "example", "examples"],
        Place::Encoding => &["contentType", "headers", "style", "explode", "allowReserved"],
        Place::Discriminator => &["propertyName", "mapping"],
        Place::Example => &["summary", "description", "value", "externalValue"],
        Place::Link => &[
            "operationRef",
            "operationId",
            "parameters",
            "requestBody",
            "description",
            "server",
        ],
        Place::SecurityScheme => &[
            "type",
            "description",
            "name",
            "in",
            "scheme",
            "bearerFormat",
            "flows",
            "openIdConnectUrl",
        ],
        Place::Schema => SCHEMA,
        Place::Extension | Place::ErrorEntry => EXTENSION,
        Place::Callback => &[],
    }
}

/// Keywords of a schema: what it is about, its type, its rules, its parts, its alternatives, its examples.
const SCHEMA: &[&str] = &[
    "$schema",
    "$id",
    "$vocabulary",
    "$anchor",
    "$dynamicAnchor",
    "$ref",
    "$dynamicRef",
    "$comment",
    "title",
    "description",
    "deprecated",
    "readOnly",
    "writeOnly",
    "type",
    "nullable",
    "format",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "const",
    "enum",
    "multipleOf",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "prefixItems",
    "items",
    "unevaluatedItems",
    "required",
    "minProperties",
    "maxProperties",
    "dependentRequired",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "dependentSchemas",
    "unevaluatedProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "discriminator",
    "default",
    "example",
    "examples",
    "externalDocs",
    "xml",
    "$defs",
    "definitions",
];

/// Keys of everything under `x-flaresmith`, one list for all its objects: no word stands in two orders.
pub(super) const EXTENSION: &[&str] = &[
    "name",
    "title",
    "description",
    "tags",
    "url",
    "roles",
    "rateBuckets",
    "rateLimits",
    "capacity",
    "refillPerMinute",
    "tokens",
    "buckets",
    "everySeconds",
    "errorEnvelope",
    "environments",
    "domains",
    "severity",
    "retryPolicy",
    "status",
    "message",
    "hint",
    "requirements",
    "internal",
    "role",
    "rateLimit",
    "idempotent",
    "errors",
    "details",
    "mcp",
    "readOnly",
    "destructive",
    "expose",
    "postman",
    "captures",
    "uses",
    "refusals",
    "order",
    "lifecycle",
    "field",
    "when",
    "initial",
    "transitions",
    "from",
    "to",
    "on",
    "variants",
    "secret",
];

/// Maps under `x-flaresmith` whose keys are names; those keep the author's order.
pub(super) const EXTENSION_NAMES: [&str; 8] = [
    "rateBuckets",
    "rateLimits",
    "errors",
    "environments",
    "domains",
    "captures",
    "uses",
    "when",
];
