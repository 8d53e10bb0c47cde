//! Forms that a document declares of itself: a Postman collection, a Postman environment, a list of MCP tools.
//!
//! Owns: what of their schemas decides whether a program reads the document, and how it is told which form is meant. Must not
//! know: how a value is held against a form.

use serde_json::Value;

use super::form::{FLAG, Form, LIST, NULL, NUMBER, OBJECT, TEXT, list, member, object};

/// The form that a generated document declares.
pub(super) fn form(generated: &Value) -> Option<&'static Form> {
    let declared = generated.pointer("/info/schema").and_then(Value::as_str);
    if declared.is_some_and(|schema| schema.contains("/collection/v2.1")) {
        return Some(&COLLECTION);
    }
    if generated.get("_postman_variable_scope").is_some() {
        return Some(&ENVIRONMENT);
    }
    let tools = generated.get("tools").and_then(Value::as_array)?;
    let of_mcp = tools.iter().all(|tool| tool.get("inputSchema").is_some());
    (of_mcp && !tools.is_empty()).then_some(&TOOLS)
}

static COLLECTION: Form = Form {
    members: &[
        object("info", OBJECT, &INFO),
        list("item", LIST, OBJECT, &ITEM),
        list("event", LIST, OBJECT, &EVENT),
        list("variable", LIST, OBJECT, &VARIABLE),
        object("auth", NULL, &AUTH),
        member("protocolProfileBehavior", OBJECT),
    ],
    needs: &[&["info"], &["item"]],
};

static INFO: Form = Form {
    members: &[
        member("name", TEXT),
        member("_postman_id", TEXT),
        member("description", TEXT | OBJECT | NULL),
        member("version", TEXT | OBJECT),
        member("schema", TEXT),
    ],
    needs: &[&["name"], &["schema"]],
};

/// A request, or a folder.
static ITEM: Form = Form {
    members: &[
        member("id", TEXT),
        member("name", TEXT),
        member("description", TEXT | OBJECT | NULL),
        list("variable", LIST, OBJECT, &VARIABLE),
        list("event", LIST, OBJECT, &EVENT),
        object("request", TEXT, &REQUEST),
        list("response", LIST, OBJECT, &RESPONSE),
        list("item", LIST, OBJECT, &ITEM),
        object("auth", NULL, &AUTH),
        member("protocolProfileBehavior", OBJECT),
    ],
    needs: &[&["request", "item"]],
};

static EVENT: Form = Form {
    members: &[
        member("id", TEXT),
        member("listen", TEXT),
        object("script", OBJECT, &SCRIPT),
        member("disabled", FLAG),
    ],
    needs: &[&["listen"]],
};

static SCRIPT: Form = Form {
    members: &[
        member("id", TEXT),
        member("type", TEXT),
        list("exec", TEXT, TEXT, &FREE),
        object("src", TEXT, &URL),
        member("name", TEXT),
    ],
    needs: &[],
};

static REQUEST: Form = Form {
    members: &[
        object("url", TEXT, &URL),
        object("auth", NULL, &AUTH),
        member("method", TEXT),
        member("description", TEXT | OBJECT | NULL),
        list("header", TEXT, OBJECT, &PAIR),
        object("body", NULL, &BODY),
    ],
    needs: &[],
};

static URL: Form = Form {
    members: &[
        member("raw", TEXT),
        member("protocol", TEXT),
        list("host", TEXT, TEXT, &FREE),
        list("path", TEXT, TEXT, &FREE),
        member("port", TEXT),
        list("query", LIST, OBJECT, &PARAMETER),
        member("hash", TEXT),
        list("variable", LIST, OBJECT, &VARIABLE),
    ],
    needs: &[],
};

static PARAMETER: Form = Form {
    members: &[
        member("key", TEXT | NULL),
        member("value", TEXT | NULL),
        member("disabled", FLAG),
        member("description", TEXT | OBJECT | NULL),
    ],
    needs: &[],
};

static PAIR: Form = Form {
    members: &[
        member("key", TEXT),
        member("value", TEXT),
        member("disabled", FLAG),
        member("description", TEXT | OBJECT | NULL),
    ],
    needs: &[&["key"], &["value"]],
};

static BODY: Form = Form {
    members: &[
        member("mode", TEXT),
        member("raw", TEXT),
        member("urlencoded", LIST),
        member("formdata", LIST),
        member("file", OBJECT),
        member("graphql", OBJECT),
        member("options", OBJECT),
        member("disabled", FLAG),
    ],
    needs: &[],
};

static RESPONSE: Form = Form {
    members: &[
        member("id", TEXT),
        member("name", TEXT),
        object("originalRequest", TEXT, &REQUEST),
        list("header", TEXT | NULL, OBJECT | TEXT, &PAIR),
        member("cookie", LIST),
        member("body", TEXT | NULL),
        member("status", TEXT),
        member("code", NUMBER),
    ],
    needs: &[],
};

static VARIABLE: Form = Form {
    members: &[
        member("id", TEXT),
        member("key", TEXT),
        member("type", TEXT),
        member("name", TEXT),
        member("description", TEXT | OBJECT | NULL),
        member("system", FLAG),
        member("disabled", FLAG),
    ],
    needs: &[&["key", "id"]],
};

static AUTH: Form = Form {
    members: &[member("type", TEXT)],
    needs: &[&["type"]],
};

static ENVIRONMENT: Form = Form {
    members: &[
        member("id", TEXT),
        member("name", TEXT),
        list("values", LIST, OBJECT, &VALUE),
    ],
    needs: &[&["name"], &["values"]],
};

static VALUE: Form = Form {
    members: &[
        member("key", TEXT),
        member("value", TEXT | NUMBER | FLAG | NULL),
        member("type", TEXT),
        member("enabled", FLAG),
    ],
    needs: &[&["key"]],
};

static TOOLS: Form = Form {
    members: &[list("tools", LIST, OBJECT, &TOOL)],
    needs: &[&["tools"]],
};

static TOOL: Form = Form {
    members: &[
        member("name", TEXT),
        member("title", TEXT),
        member("description", TEXT),
        object("inputSchema", OBJECT, &SCHEMA),
        object("outputSchema", OBJECT, &SCHEMA),
        object("annotations", OBJECT, &ANNOTATIONS),
    ],
    needs: &[&["name"], &["inputSchema"]],
};

static SCHEMA: Form = Form {
    members: &[
        member("type", TEXT),
        member("properties", OBJECT),
        member("required", LIST),
    ],
    needs: &[&["type"]],
};

static ANNOTATIONS: Form = Form {
    members: &[
        member("title", TEXT),
        member("readOnlyHint", FLAG),
        member("destructiveHint", FLAG),
        member("idempotentHint", FLAG),
        member("openWorldHint", FLAG),
    ],
    needs: &[],
};

static FREE: Form = Form {
    members: &[],
    needs: &[],
};
