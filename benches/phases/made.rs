//! A made contract: 1,000 operations over 500 schemas, the same at every run, in OpenAPI 3.0 so that the floor reads it too.
//!
//! Owns: what a large service looks like. Must not know: what is measured.
//!
//! Fifty domains, each a resource with its lifecycle, events, tree, notes and search: twenty operations and ten schemas. One
//! schema, the body of every failure, belongs to all.

use serde_json::{Map, Value, json};

/// What the resources are; each noun is used twice, with one of the [`KINDS`].
const NOUNS: [&str; 25] = [
    "Account", "Address", "Booking", "Campaign", "Carrier", "Contract", "Customer", "Delivery", "Device", "Document",
    "Invoice", "License", "Location", "Meeting", "Order", "Package", "Payment", "Product", "Quote", "Refund", "Report",
    "Shipment", "Supplier", "Ticket", "Vehicle",
];
const KINDS: [&str; 2] = ["Retail", "Fleet"];

/// The contract as indented JSON.
pub(crate) fn contract() -> String {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    let mut tags = Vec::new();
    for (i, resource) in KINDS
        .iter()
        .flat_map(|kind| NOUNS.iter().map(move |noun| format!("{kind}{noun}")))
        .enumerate()
    {
        tags.push(json!({ "name": resource, "description": format!("Everything about {resource} records.") }));
        schemas.extend(schemas_of(i, &resource));
        paths.extend(paths_of(&resource));
    }
    // The last report gives way to the failure, so that there are five hundred.
    schemas.insert("Failure".to_owned(), failure());
    let document = json!({
        "openapi": "3.0.3",
        "info": { "title": "Made", "version": "1.0.0", "description": "A made service of realistic size." },
        "servers": [{ "url": "https://api.example.com/v1" }],
        "security": [{ "bearer": [] }],
        "tags": tags,
        "x-flaresmith": {
            "roles": ["reader", "editor", "owner"],
            "rateBuckets": { "user": { "capacity": 120, "refillPerMinute": 60 } },
            "rateLimits": { "read": { "tokens": 1, "buckets": ["user"] }, "write": { "tokens": 5, "buckets": ["user"] } },
            "errors": {
                "RECORD_NOT_FOUND": { "status": 404, "message": "There is no such record.", "hint": "List the records." },
                "RECORD_CONFLICT": { "status": 409, "message": "The record was changed meanwhile.", "retryPolicy": "safe" },
            },
            "errorEnvelope": reference("Failure"),
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
            "parameters": {
                "Cursor": { "name": "cursor", "in": "query", "schema": { "type": "string", "maxLength": 200 } },
                "Limit": {
                    "name": "limit", "in": "query",
                    "schema": { "type": "integer", "format": "int32", "minimum": 1, "maximum": 100, "default": 20 },
                },
                "RequestId": { "name": "X-Request-Id", "in": "header", "schema": { "type": "string", "format": "uuid" } },
                "Id": { "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } },
            },
            "responses": {
                "Invalid": answer("The request is not valid.", &reference("Failure")),
                "NotFound": answer("There is no such record.", &reference("Failure")),
                "Conflict": answer("The record was changed meanwhile.", &reference("Failure")),
            },
        },
    });
    format!("{document:#}")
}

/// How many schemas a contract names.
pub(crate) fn schemas(text: &str) -> usize {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    document["components"]["schemas"].as_object().map_or(0, Map::len)
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn answer(description: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

fn failure() -> Value {
    json!({
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": { "type": "string", "pattern": "^[A-Z_]+$" },
            "message": { "type": "string", "description": "What happened, for people." },
            "hint": { "type": "string", "nullable": true },
            "details": { "type": "object", "additionalProperties": true },
        },
    })
}

/// The ten schemas of a resource; nine for the last.
fn schemas_of(index: usize, resource: &str) -> Vec<(String, Value)> {
    let name = |part: &str| format!("{resource}{part}");
    let mut made = vec![
        (name(""), record(index, resource)),
        (
            name("Status"),
            json!({ "type": "string", "enum": ["draft", "active", "suspended", "closed"], "description": "Where it stands." }),
        ),
        (
            name("Create"),
            json!({
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": { "type": "string", "minLength": 1, "maxLength": 80, "example": format!("My {resource}") },
                    "amount": { "type": "number", "format": "double", "minimum": 0, "exclusiveMinimum": index.is_multiple_of(2) },
                    "priority": { "type": "integer", "enum": [1, 2, 3], "default": 2 },
                    "tags": { "type": "array", "maxItems": 20, "uniqueItems": true, "items": { "type": "string", "maxLength": 40 } },
                    "contact": {
                        "type": "object",
                        "required": ["email"],
                        "properties": {
                            "email": { "type": "string", "format": "email" },
                            "phone": { "type": "string", "pattern": "^\\+[0-9]{6,15}$", "nullable": true },
                        },
                    },
                },
            }),
        ),
        (
            name("Update"),
            json!({
                "allOf": [
                    reference(&name("Create")),
                    {
                        "type": "object",
                        "required": ["version"],
                        "properties": {
                            "version": { "type": "integer", "format": "int64", "minimum": 0 },
                            "status": reference(&name("Status")),
                        },
                    },
                ],
            }),
        ),
        (
            name("Page"),
            json!({
                "type": "object",
                "required": ["items"],
                "properties": {
                    "items": { "type": "array", "maxItems": 100, "items": reference(resource) },
                    "nextCursor": { "type": "string", "nullable": true },
                },
            }),
        ),
        (
            name("Event"),
            json!({
                "oneOf": [reference(&name("Created")), reference(&name("Changed"))],
                "discriminator": {
                    "propertyName": "kind",
                    "mapping": {
                        "created": format!("#/components/schemas/{resource}Created"),
                        "changed": format!("#/components/schemas/{resource}Changed"),
                    },
                },
            }),
        ),
        (
            name("Created"),
            event("created", &json!({ "record": reference(resource) })),
        ),
        (
            name("Changed"),
            event(
                "changed",
                &json!({ "fields": { "type": "array", "minItems": 1, "items": { "type": "string" } }, "from": reference(&name("Status")) }),
            ),
        ),
        (
            name("Node"),
            json!({
                "type": "object",
                "required": ["label", "children"],
                "properties": {
                    "label": { "type": "string" },
                    "weight": { "type": "number", "format": "float" },
                    "children": { "type": "array", "items": reference(&name("Node")) },
                },
            }),
        ),
    ];
    if index + 1 < NOUNS.len() * KINDS.len() {
        made.push((name("Report"), report(&name("Status"))));
    }
    made
}

/// The resource itself, as it is stored.
fn record(index: usize, resource: &str) -> Value {
    let status = format!("{resource}Status");
    json!({
        "type": "object",
        "description": format!("A {resource}, as the service keeps it.\n\nIts id never changes."),
        "required": ["id", "name", "status", "createdAt"],
        "properties": {
            "id": { "type": "string", "format": "uuid", "readOnly": true },
            "name": { "type": "string", "minLength": 1, "maxLength": 80 },
            "status": reference(&status),
            "amount": { "type": "number", "format": "double", "minimum": 0 },
            "count": { "type": "integer", "format": if index.is_multiple_of(3) { "int64" } else { "int32" }, "default": 0 },
            "secretKey": { "type": "string", "writeOnly": true, "x-flaresmith": { "secret": true } },
            "parent": { "nullable": true, "allOf": [reference(resource)] },
            "tags": { "type": "array", "items": { "type": "string" } },
            "attributes": { "type": "object", "additionalProperties": { "type": "string", "maxLength": 200 } },
            "note": { "type": "string", "nullable": true, "description": "Free text." },
            "createdAt": { "type": "string", "format": "date-time" },
            "dueOn": { "type": "string", "format": "date", "nullable": true },
        },
        "x-flaresmith": {
            "table": { "indexes": [{ "columns": ["status", "createdAt"] }] },
            "lifecycle": {
                "field": "status",
                "initial": "draft",
                "transitions": [
                    { "from": "draft", "to": "active", "on": "activate" },
                    { "from": "active", "to": "suspended", "on": "suspend" },
                    { "from": ["active", "suspended"], "to": "closed", "on": "close" },
                ],
            },
        },
    })
}

fn event(kind: &str, more: &Value) -> Value {
    let mut properties = json!({
        "kind": { "type": "string", "enum": [kind] },
        "at": { "type": "string", "format": "date-time" },
    });
    if let (Some(all), Some(more)) = (properties.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    json!({ "type": "object", "required": ["kind", "at"], "properties": properties })
}

fn report(status: &str) -> Value {
    json!({
        "type": "object",
        "required": ["total", "byStatus"],
        "properties": {
            "total": { "type": "integer", "format": "int64" },
            "byStatus": {
                "type": "array",
                "items": { "type": "object", "required": ["status"], "properties": { "status": reference(status), "count": { "type": "integer" } } },
            },
            "byMonth": { "type": "object", "additionalProperties": { "type": "array", "items": { "type": "number" } } },
        },
    })
}

/// The twenty operations of a resource.
fn paths_of(resource: &str) -> Map<String, Value> {
    let base = format!("/{}", kebab(resource));
    let name = |part: &str| reference(&format!("{resource}{part}"));
    let report = if resource == last() {
        name("Page")
    } else {
        name("Report")
    };
    let made = Maker { resource };
    let text = json!({ "type": "string", "maxLength": 4000 });
    let attributes = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let one = format!("{base}/{{id}}");
    let paths = json!({
        base.as_str(): {
            "get": made.list(&name("Page"), &name("Status")),
            "post": made.write("Create", "201", Some(&name("Create")), Some(&name(""))),
        },
        format!("{base}/search"): { "post": made.write("Search", "200", Some(&name("Node")), Some(&name("Page"))) },
        one.as_str(): {
            "parameters": [{ "$ref": "#/components/parameters/Id" }],
            "get": made.read("Get", &name("")),
            "put": made.write("Replace", "200", Some(&name("Create")), Some(&name(""))),
            "patch": made.write("Update", "200", Some(&name("Update")), Some(&name(""))),
            "delete": made.write("Delete", "204", None, None),
        },
        format!("{one}/activate"): {
            "parameters": [{ "$ref": "#/components/parameters/Id" }],
            "post": made.write("Activate", "200", None, Some(&name(""))),
        },
        format!("{one}/tree"): {
            "parameters": [{ "$ref": "#/components/parameters/Id" }],
            "get": made.read("GetTreeOf", &name("Node")),
            "put": made.write("ReplaceTreeOf", "200", Some(&name("Node")), Some(&name("Node"))),
        },
        format!("{one}/events"): {
            "parameters": [{ "$ref": "#/components/parameters/Id" }],
            "get": made.read("ListEventsOf", &json!({ "type": "array", "items": name("Event") })),
            "post": made.write("AppendEventTo", "201", Some(&name("Event")), Some(&name("Event"))),
        },
        format!("{one}/report"): {
            "parameters": [{ "$ref": "#/components/parameters/Id" }],
            "get": made.read("GetReportOf", &report),
            "post": made.write("RefreshReportOf", "202", None, Some(&report)),
        },
        format!("{one}/attributes"): {
            "parameters": [{ "$ref": "#/components/parameters/Id" }],
            "get": made.read("GetAttributesOf", &attributes),
            "patch": made.write("UpdateAttributesOf", "200", Some(&attributes), Some(&attributes)),
        },
        format!("{one}/notes"): {
            "parameters": [{ "$ref": "#/components/parameters/Id" }],
            "get": made.read("ListNotesOf", &json!({ "type": "array", "items": text })),
            "post": made.write("AddNoteTo", "201", Some(&json!({ "type": "object", "required": ["text"], "properties": { "text": text } })), None),
        },
        format!("{one}/notes/{{noteId}}"): {
            "parameters": [
                { "$ref": "#/components/parameters/Id" },
                { "name": "noteId", "in": "path", "required": true, "schema": { "type": "integer", "format": "int64" } },
            ],
            "get": made.read("GetNoteOf", &text),
            "delete": made.write("DeleteNoteOf", "204", None, None),
        },
    });
    match paths {
        Value::Object(paths) => paths,
        _ => Map::new(),
    }
}

/// The last resource, which has no report of its own.
fn last() -> String {
    format!("{}{}", KINDS[KINDS.len() - 1], NOUNS[NOUNS.len() - 1])
}

/// Makes the operations of one resource.
struct Maker<'a> {
    resource: &'a str,
}

impl Maker<'_> {
    fn operation(&self, doing: &str, extension: &Value, responses: &Value) -> Value {
        let words = kebab(&format!("{doing}{}", self.resource)).replace('-', " ");
        let id = format!("{}{}{}", doing[..1].to_lowercase(), &doing[1..], self.resource);
        json!({
            "operationId": id,
            "summary": format!("Ask the service to {words}"),
            "description": format!("The caller must be allowed to {words}. Nothing else changes."),
            "tags": [self.resource],
            "x-flaresmith": extension,
            "responses": responses,
        })
    }

    fn read(&self, doing: &str, answered: &Value) -> Value {
        let responses = json!({
            "200": answer("What was asked for.", answered),
            "404": { "$ref": "#/components/responses/NotFound" },
        });
        let extension = json!({ "role": "reader", "rateLimit": "read", "errors": ["RECORD_NOT_FOUND"] });
        self.operation(doing, &extension, &responses)
    }

    fn list(&self, page: &Value, status: &Value) -> Value {
        let mut operation = self.read("List", page);
        operation["parameters"] = json!([
            { "$ref": "#/components/parameters/Cursor" },
            { "$ref": "#/components/parameters/Limit" },
            { "$ref": "#/components/parameters/RequestId" },
            { "name": "status", "in": "query", "explode": true, "schema": { "type": "array", "items": status } },
            { "name": "sort", "in": "query", "schema": { "type": "string", "enum": ["name", "-name", "createdAt", "-createdAt"] } },
            { "name": "createdAfter", "in": "query", "schema": { "type": "string", "format": "date-time" } },
        ]);
        operation
    }

    fn write(&self, doing: &str, status: &str, body: Option<&Value>, answered: Option<&Value>) -> Value {
        let done = match answered {
            Some(schema) => answer("Done.", schema),
            None => json!({ "description": "Done." }),
        };
        let responses = json!({
            status: done,
            "400": { "$ref": "#/components/responses/Invalid" },
            "404": { "$ref": "#/components/responses/NotFound" },
            "409": { "$ref": "#/components/responses/Conflict" },
        });
        let extension = json!({
            "role": "editor", "rateLimit": "write", "idempotent": true, "errors": ["RECORD_NOT_FOUND", "RECORD_CONFLICT"],
        });
        let mut operation = self.operation(doing, &extension, &responses);
        operation["parameters"] = json!([{ "$ref": "#/components/parameters/RequestId" }]);
        if let Some(schema) = body {
            operation["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        }
        operation
    }
}

/// `RetailOrder` as `retail-order`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(c.to_lowercase());
    }
    text
}
