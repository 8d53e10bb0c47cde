//! Contracts that these proofs are about, and handlers that a person would write for one of them.

use serde_json::{Value, json};

/// A contract of routes and parameters that routers stumble over.
pub(crate) fn tricky() -> Value {
    let path = |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    let get = |id: &str, parameters: Vec<Value>| json!({ "operationId": id, "parameters": parameters, "responses": { "200": { "description": "ok" } } });
    let query = |name: &str, style: &str, explode: bool, schema: Value| json!({ "name": name, "in": "query", "style": style, "explode": explode, "schema": schema });
    let numbers = json!({ "type": "array", "items": { "type": "integer" } });
    let object = json!({ "type": "object", "properties": { "a": { "type": "integer" }, "b": { "type": "boolean" } } });
    let mut post = get("submit", vec![]);
    post["requestBody"] = json!({ "required": true, "content": {
        "application/json": { "schema": { "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } } },
        "application/x-www-form-urlencoded": { "schema": { "type": "object", "required": ["n"], "properties": {
            "n": { "type": "integer" }, "tags": { "type": "array", "items": { "type": "string" } }, "deep": object,
        } } },
        "multipart/form-data": { "schema": { "type": "object", "properties": { "n": { "type": "integer" }, "deep": object } } },
        "text/plain": { "schema": { "type": "string", "maxLength": 3 } },
    } });
    let mut odd = get("odd */ name", vec![path("pet-id")]);
    odd["summary"] = json!("ends */ a comment ` ${x} ' \u{2028}");
    json!({
        "openapi": "3.1.0", "info": { "title": "Tricky `${x}`", "version": "1" },
        "paths": {
            "/": { "get": get("root", vec![]) },
            "/files/{name}.json": { "get": get("json", vec![path("name")]) },
            "/files/{name}": { "get": get("file", vec![path("name")]) },
            "/files/{file}:close": { "post": get("close", vec![path("file")]) },
            "/files/mine": { "get": get("mine", vec![]) },
            "/a/{x}": { "get": get("getA", vec![path("x")]) },
            "/a/{y}": { "put": get("putA", vec![path("y")]) },
            "/pets/{pet-id}/x": { "get": odd },
            "/{a}/{b}": { "get": get("both", vec![path("a"), path("b")]) },
            "/v/{from}-{to}": { "get": get("range", vec![path("from"), path("to")]) },
            "/only": { "head": get("headOnly", vec![]) },
            "/search": { "get": get("search", vec![
                query("form", "form", true, numbers.clone()), query("csv", "form", false, numbers.clone()),
                query("space", "spaceDelimited", false, numbers.clone()), query("pipe", "pipeDelimited", false, numbers),
                query("deep", "deepObject", true, object.clone()), query("flag", "form", true, json!({ "type": "boolean" })),
                query("page", "form", true, json!({ "type": "integer", "default": 7 })),
                json!({ "name": "X-List", "in": "header", "schema": { "type": "array", "items": { "type": "string" } } }),
                json!({ "name": "session", "in": "cookie", "schema": { "type": "integer" } }),
            ]) },
            "/submit": { "post": post },
        },
    })
}

/// A contract without extensions: a stream, bytes, a socket, headers.
pub(crate) fn plain() -> Value {
    let ok = |media: &str, schema: Value| json!({ "description": "ok", "content": { media: { "schema": schema } } });
    let tick = json!({ "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } });
    json!({
        "openapi": "3.1.0", "info": { "title": "Plain", "version": "1" },
        "paths": {
            "/ticks": { "get": { "operationId": "ticks", "tags": ["Live"], "responses": { "200": ok("text/event-stream", tick.clone()) } } },
            "/blob": { "get": { "operationId": "blob", "tags": ["Live"], "responses": { "200": ok("application/octet-stream", json!({ "type": "string", "format": "binary" })) } } },
            "/socket": { "get": { "operationId": "socket", "tags": ["Live"], "responses": { "101": { "description": "switched" } } } },
            "/things": { "post": { "operationId": "make", "tags": ["Things"],
                "parameters": [{ "name": "mode", "in": "query", "schema": { "type": "string", "enum": ["ok", "refuse", "break"] } }],
                "requestBody": { "required": true, "content": { "application/json": { "schema": tick } } },
                "responses": {
                    "201": { "description": "made", "headers": { "Location": { "required": true, "schema": { "type": "string" } } },
                        "content": { "application/json": { "schema": tick } } },
                    "4XX": { "description": "refused" },
                } } },
        },
    })
}

pub(crate) const WRITTEN: &str = "
import { ApiError, createApp, type LiveHandlers, type ThingsHandlers } from './hono/index.js';

const live: LiveHandlers = {
  async ticks() {
    async function* events() {
      yield { id: '1\\nretry: 1', event: 'tick', data: { n: 1 } };
      yield { data: { n: 2 } };
    }
    return { status: 200, body: events() };
  },
  blob: () => ({ status: 200, body: new Uint8Array([104, 105]) }),
  socket: () => new Response(null, { status: 426 }),
};
const things: ThingsHandlers = {
  make({ query, body }) {
    if (query.mode === 'refuse') throw new ApiError('REQUEST_MALFORMED', { message: 'not today', headers: { 'retry-after': '3' } });
    if (query.mode === 'break') throw new Error('a secret of the house');
    return { status: 201, headers: { Location: `/things/${body.n}` }, body: { n: body.n + 1 } };
  },
};

export default createApp({ ...live, ...things }, {
  basePath: '/v1',
  before({ operation, context }) {
    if (context.req.header('x-blocked') === operation.id) return new Response('blocked', { status: 403 });
  },
  after: (_call, response) => (response.status === 201 ? new Response(response.body, { status: 202, headers: response.headers }) : undefined),
});
";
