//! One module a domain: what handlers are given and give back, and the routes.
//!
//! Owns: the layout of the module, inputs and outputs as types, parameters and bodies as schemas. Must not know: how the frames
//! read a request, which routes other domains have.

use std::fmt::Write as _;

use super::data::{self, Expression};
use super::{paths, wire};
use crate::emit::typescript::imports::Imports;
use crate::emit::typescript::names::TsNames;
use crate::emit::typescript::text::{comment_with_tags, key, member, string, type_key, value};
use crate::emit::zod::{Place, Writer};
use crate::model::graph::Components;
use crate::model::{
    Content, DomainId, Header, Kind, Location, MediaKind, Model, Operation, Parameter, Response, Shape, Status, Type,
};
use serde_json::Value;

/// The four places of parameters: member of the input, and the word in names of constants.
const PLACES: [(Location, &str, &str); 4] = [
    (Location::Path, "params", "Params"),
    (Location::Query, "query", "Query"),
    (Location::Header, "headers", "Headers"),
    (Location::Cookie, "cookies", "Cookies"),
];

/// Writes the module of one domain.
pub(super) struct Module<'m> {
    model: &'m Model,
    names: &'m TsNames<'m>,
    components: &'m Components,
    imports: Imports,
    /// Schemas, as constants before everything that mentions them.
    constants: String,
    types: String,
    methods: String,
    routes: String,
}

/// The type of an answer's headers.
enum Headers {
    /// The contract names none.
    Unsaid,
    /// None of them must be there.
    Optional(String),
    /// At least one must be.
    Required(String),
}

/// Name of a domain's interface of handlers: `ProjectsHandlers`.
pub(super) fn interface(names: &TsNames<'_>, domain: DomainId) -> String {
    let mut chars = names.domain(domain).chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    format!("{}{}Handlers", first.unwrap_or('X'), chars.as_str())
}

/// Name of a domain's table of routes: `projectsRoutes`.
pub(super) fn routes(names: &TsNames<'_>, domain: DomainId) -> String {
    format!("{}Routes", names.domain(domain))
}

impl<'m> Module<'m> {
    /// The text of the module, not yet formatted, and the rows of its table of routes, for which a mark stands there.
    pub(super) fn write(names: &'m TsNames<'m>, components: &'m Components, domain: DomainId) -> (String, String) {
        let mut module = Self {
            model: names.model,
            names,
            components,
            imports: Imports::default(),
            constants: String::new(),
            types: String::new(),
            methods: String::new(),
            routes: String::new(),
        };
        module.imports.ty("hono", "Env");
        module.imports.value("./operations.js", "operations");
        for name in ["Answer", "Call", "Route"] {
            module.imports.ty("./serve/route.js", name);
        }
        for (index, operation) in names.model.operations.iter().enumerate() {
            if operation.domain == domain {
                module.operation(index, operation);
            }
        }
        let title = &names.model.domain(domain).title;
        let about = comment_with_tags(&format!("Handlers of the domain {title}."), &[], "");
        let text = format!(
            "{}\n{}{}\n{about}export interface {}<E extends Env = Env> {{\n{}}}\n\n/** Routes of the domain, by handler. */\nexport const {}: Readonly<Record<keyof {}, Route>> = {{\n{}\n}};\n",
            module.imports.render(),
            module.constants,
            module.types,
            interface(names, domain),
            module.methods,
            routes(names, domain),
            interface(names, domain),
            data::MARK,
        );
        (text, module.routes)
    }

    fn operation(&mut self, index: usize, operation: &Operation) {
        let names = self.names;
        let id = names.operation(index);
        let ty = names.operation_type(index);
        let mut input = String::new();
        let mut route = vec![
            named("operation", Expression::Text(format!("operations{}", member(id)))),
            named("pattern", Expression::Text(string(&paths::pattern(&operation.path)))),
            named("segments", paths::segments(&operation.path)),
        ];
        for (location, member, word) in PLACES {
            let parameters: Vec<&Parameter> = operation
                .parameters
                .iter()
                .filter(|parameter| parameter.location == location)
                .collect();
            if parameters.is_empty() {
                continue;
            }
            let constant = format!("{id}{word}");
            self.parameters(&constant, &parameters);
            let _ = writeln!(input, "  readonly {member}: z.output<typeof {constant}>;");
            let spelt = parameters
                .iter()
                .map(|one| Expression::Text(wire::parameter(self.model, one)))
                .collect();
            self.imports.value("./serve/route.js", "parameter");
            let members = vec![
                named("parameters", Expression::List(spelt)),
                named("schema", Expression::Text(constant)),
            ];
            route.push(named(member, Expression::Object(members)));
        }
        self.body(operation, id, &mut input, &mut route);
        let outputs = self.outputs(operation, id);
        route.push(named("responses", responses(operation)));
        self.routes.push_str(&data::row(id, &Expression::Object(route)));

        let line = format!("{} {}", operation.method.as_str(), operation.path.raw);
        let about = match &operation.summary {
            Some(summary) => format!("{line}: {summary}"),
            None => line.clone(),
        };
        let tags: &[&str] = if operation.docs.deprecated {
            &["@deprecated"]
        } else {
            &[]
        };
        let given = comment_with_tags(&format!("What the handler of `{line}` is given."), &[], "");
        if input.is_empty() {
            let _ = write!(
                self.types,
                "\n{given}export type {ty}Input = Readonly<Record<string, never>>;\n"
            );
        } else {
            let _ = write!(self.types, "\n{given}export interface {ty}Input {{\n{input}}}\n");
        }
        let answers = comment_with_tags(&format!("What the handler of `{line}` may answer."), &[], "");
        let _ = write!(self.types, "\n{answers}export type {ty}Output ={outputs};\n");
        let _ = writeln!(
            self.methods,
            "{}  {}(input: {ty}Input, call: Call<E>): Answer<{ty}Output>;",
            comment_with_tags(&about, tags, "  "),
            key(id),
        );
    }

    /// The schema of all parameters of one place, as a constant.
    fn parameters(&mut self, constant: &str, parameters: &[&Parameter]) {
        let mut text = format!("\nconst {constant} = z.object({{\n");
        for parameter in parameters {
            let mut spelt = self.expression(&parameter.ty);
            if !parameter.required {
                match parameter
                    .default
                    .as_ref()
                    .filter(|default| fits(self.model, &parameter.ty, default))
                {
                    Some(default) => spelt.push_str(&format!(".default({})", value(default))),
                    None => spelt.push_str(".optional()"),
                }
            }
            let _ = writeln!(text, "  {}: {spelt},", key(&parameter.wire));
        }
        text.push_str("});\n");
        self.constants.push_str(&text);
    }

    fn expression(&mut self, ty: &Type) -> String {
        self.imports.value("zod", "z");
        Writer::new(self.names, self.components, Place::Folder("../zod"), &mut self.imports).expression(ty)
    }

    /// The name of a schema: that of a named type, else of a constant made for it.
    fn schema(&mut self, constant: &str, ty: &Type) -> String {
        let text = self.expression(ty);
        if matches!(ty.kind, Kind::Named(_)) && !ty.nullable {
            return text;
        }
        let _ = write!(self.constants, "\nconst {constant} = {text};\n");
        constant.to_owned()
    }

    fn body(&mut self, operation: &Operation, id: &str, input: &mut String, route: &mut Vec<(String, Expression)>) {
        let Some(body) = &operation.body else { return };
        let mut types = Vec::new();
        let mut contents = Vec::new();
        for (number, content) in body.contents.iter().enumerate() {
            let constant = if number == 0 {
                format!("{id}Body")
            } else {
                format!("{id}Body{}", number + 1)
            };
            let mut members = media(content);
            let typed = match (content.kind, &content.ty) {
                (MediaKind::Bytes | MediaKind::EventStream, _) | (_, None) => None,
                (MediaKind::Text, Some(ty)) if !is_text(self.model, ty) => None,
                (_, Some(ty)) => Some(self.schema(&constant, ty)),
            };
            let mut ty = match content.kind {
                MediaKind::Bytes => "Uint8Array".to_owned(),
                MediaKind::Text | MediaKind::EventStream => "string".to_owned(),
                MediaKind::Form | MediaKind::Multipart => "Readonly<Record<string, unknown>>".to_owned(),
                MediaKind::Json => "unknown".to_owned(),
            };
            if let Some(schema) = &typed {
                members.push(named("schema", Expression::Text(schema.clone())));
                ty = format!("z.output<typeof {schema}>");
            }
            if matches!(content.kind, MediaKind::Form | MediaKind::Multipart) {
                let fields = wire::form(self.model, content);
                if matches!(fields.first(), Some((_, Expression::List(fields))) if !fields.is_empty()) {
                    self.imports.value("./serve/route.js", "parameter");
                }
                members.extend(fields);
            }
            if body.contents.len() > 1 {
                ty = format!(
                    "{{ readonly contentType: {}; readonly value: {ty} }}",
                    string(&content.media)
                );
            }
            types.push(ty);
            contents.push(Expression::Object(members));
        }
        if types.is_empty() {
            types.push("unknown".to_owned());
        }
        let ty = types.join(" | ");
        let _ = match body.required {
            true => writeln!(input, "  readonly body: {ty};"),
            false => writeln!(input, "  readonly body?: {ty} | undefined;"),
        };
        let members = vec![
            named("required", Expression::from(Value::Bool(body.required))),
            named("contents", Expression::List(contents)),
        ];
        route.push(named("body", Expression::Object(members)));
    }

    /// The union of answers. Failures in the contract's envelope are left out: those are thrown as `ApiError`.
    fn outputs(&mut self, operation: &Operation, id: &str) -> String {
        let envelope = self.model.error_envelope;
        let is_failure = |response: &Response| {
            let failed = match response.status {
                Status::Exact(code) => code >= 400,
                Status::Range(hundred) => hundred >= 4,
                Status::Default => operation.responses.len() > 1,
            };
            let mut types = response.contents.iter().filter_map(|content| content.ty.as_ref());
            failed
                && envelope.is_some()
                && types
                    .next()
                    .is_some_and(|ty| matches!(&ty.kind, Kind::Named(id) if Some(*id) == envelope))
        };
        let mut variants = Vec::new();
        for response in operation.responses.iter().filter(|response| !is_failure(response)) {
            let (status, word) = self.status(operation, response);
            let headers = self.headers(response);
            if response.contents.is_empty() {
                variants.push(self.reply(&status, None, &headers));
            }
            for (number, content) in response.contents.iter().enumerate() {
                let constant = match number {
                    0 => format!("{id}Answer{word}"),
                    number => format!("{id}Answer{word}As{}", number + 1),
                };
                let ty = self.answer_body(&constant, content);
                let media = match content.media.contains('*') {
                    true => "string".to_owned(),
                    false => string(&content.media),
                };
                let reply = self.reply(&status, Some(&ty), &headers);
                variants.push(
                    match (number, content.media.contains('*') || response.contents.len() > 1) {
                        (_, false) => reply,
                        (0, true) => format!("({reply} & {{ readonly contentType?: {media} | undefined }})"),
                        (_, true) => format!("({reply} & {{ readonly contentType: {media} }})"),
                    },
                );
            }
        }
        match variants.as_slice() {
            [] => " never".to_owned(),
            // No bar leads: before the only member of a union the formatter takes it for a fault of its own.
            variants => format!(" {}", variants.join("\n  | ")),
        }
    }

    /// The type of a status, and a word for it in names.
    fn status(&mut self, operation: &Operation, response: &Response) -> (String, String) {
        match response.status {
            Status::Exact(code) => (code.to_string(), code.to_string()),
            Status::Range(hundred) => {
                let name = match hundred {
                    1 => "InfoStatusCode",
                    2 => "SuccessStatusCode",
                    3 => "RedirectStatusCode",
                    4 => "ClientErrorStatusCode",
                    _ => "ServerErrorStatusCode",
                };
                self.imports.ty("hono/utils/http-status", name);
                (name.to_owned(), format!("{hundred}XX"))
            }
            Status::Default => {
                self.imports.ty("hono/utils/http-status", "StatusCode");
                let exact: Vec<String> = operation
                    .responses
                    .iter()
                    .filter_map(|other| match other.status {
                        Status::Exact(code) => Some(code.to_string()),
                        _ => None,
                    })
                    .collect();
                let ty = match exact.as_slice() {
                    [] => "StatusCode".to_owned(),
                    exact => format!("Exclude<StatusCode, {}>", exact.join(" | ")),
                };
                (ty, "Default".to_owned())
            }
        }
    }

    /// The type of an answer with these headers.
    fn reply(&mut self, status: &str, body: Option<&str>, headers: &Headers) -> String {
        let (name, arguments) = match (body, headers) {
            (Some(body), Headers::Unsaid) => ("Reply", format!("{status}, {body}")),
            (Some(body), Headers::Optional(headers)) => ("Reply", format!("{status}, {body}, {headers}")),
            (Some(body), Headers::Required(headers)) => ("HeadedReply", format!("{status}, {body}, {headers}")),
            (None, Headers::Unsaid) => ("EmptyReply", status.to_owned()),
            (None, Headers::Optional(headers)) => ("EmptyReply", format!("{status}, {headers}")),
            (None, Headers::Required(headers)) => ("EmptyHeadedReply", format!("{status}, {headers}")),
        };
        self.imports.ty("./serve/answer.js", name);
        format!("{name}<{arguments}>")
    }

    fn headers(&self, response: &Response) -> Headers {
        let headers: Vec<&Header> = response
            .headers
            .iter()
            .filter(|header| !header.wire.eq_ignore_ascii_case("content-type"))
            .collect();
        let members: Vec<String> = headers
            .iter()
            .map(|header| {
                let ty = header_type(self.model, &header.ty);
                match header.required {
                    true => format!("readonly {}: {ty}", type_key(&header.wire)),
                    false => format!("readonly {}?: {ty} | undefined", type_key(&header.wire)),
                }
            })
            .collect();
        let spelt = format!("{{ {} }}", members.join("; "));
        match headers.iter().any(|header| header.required) {
            _ if headers.is_empty() => Headers::Unsaid,
            true => Headers::Required(spelt),
            false => Headers::Optional(spelt),
        }
    }

    fn answer_body(&mut self, constant: &str, content: &Content) -> String {
        match (content.kind, &content.ty) {
            (MediaKind::EventStream, ty) => {
                self.imports.ty("./serve/answer.js", "ServerSentEvent");
                let data = match ty {
                    Some(ty) => format!("z.input<typeof {}>", self.schema(constant, ty)),
                    None => "unknown".to_owned(),
                };
                format!("AsyncIterable<ServerSentEvent<{data}>>")
            }
            (MediaKind::Bytes, ty) => {
                self.imports.ty("./serve/answer.js", "Bytes");
                match ty {
                    // XML and the like: the app has no words for it, the handler brings the text.
                    Some(ty) if !is_text(self.model, ty) => "Bytes | string".to_owned(),
                    _ => "Bytes".to_owned(),
                }
            }
            (MediaKind::Text, _) => "string".to_owned(),
            (MediaKind::Multipart, _) => "FormData | Readonly<Record<string, unknown>>".to_owned(),
            (MediaKind::Json | MediaKind::Form, Some(ty)) => format!("z.input<typeof {}>", self.schema(constant, ty)),
            (MediaKind::Json | MediaKind::Form, None) => "unknown".to_owned(),
        }
    }
}

/// What the app does with a body of this family.
fn body_kind(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Json => "json",
        MediaKind::Form => "form",
        MediaKind::Multipart => "multipart",
        MediaKind::EventStream => "events",
        MediaKind::Text => "text",
        MediaKind::Bytes => "bytes",
    }
}

fn named(name: &str, expression: Expression) -> (String, Expression) {
    (name.to_owned(), expression)
}

fn media(content: &Content) -> Vec<(String, Expression)> {
    vec![
        named("media", Expression::Text(string(&content.media))),
        named("kind", Expression::Text(string(body_kind(content.kind)))),
    ]
}

fn responses(operation: &Operation) -> Expression {
    let shapes = operation.responses.iter().map(|response| {
        let status = match response.status {
            Status::Exact(code) => code.to_string(),
            Status::Range(hundred) => format!("'{hundred}XX'"),
            Status::Default => "'default'".to_owned(),
        };
        let contents = response
            .contents
            .iter()
            .map(|content| Expression::Object(media(content)))
            .collect();
        Expression::Object(vec![
            named("status", Expression::Text(status)),
            named("contents", Expression::List(contents)),
        ])
    });
    Expression::List(shapes.collect())
}

fn is_text(model: &Model, ty: &Type) -> bool {
    match &model.resolve(ty).0.kind {
        Kind::Text(_) => true,
        Kind::Literals(values) => values.iter().all(Value::is_string),
        Kind::Named(id) => {
            matches!(&model.type_def(*id).shape, Shape::Enumeration(list) if list.values.iter().all(Value::is_string))
        }
        _ => false,
    }
}

/// The type of a header's value: what text can be made of.
fn header_type(model: &Model, ty: &Type) -> String {
    match &model.resolve(ty).0.kind {
        Kind::Text(_) => "string".to_owned(),
        Kind::Integer { .. } | Kind::Number => "number".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::List(item) => match &model.resolve(item).0.kind {
            Kind::List(_) => "readonly unknown[]".to_owned(),
            _ => format!("readonly ({})[]", header_type(model, item)),
        },
        Kind::Map(_) => "Readonly<Record<string, unknown>>".to_owned(),
        Kind::Named(id) => match &model.type_def(*id).shape {
            Shape::Enumeration(list) => list.values.iter().map(value).collect::<Vec<_>>().join(" | "),
            Shape::Record(_) => "Readonly<Record<string, unknown>>".to_owned(),
            _ => "unknown".to_owned(),
        },
        _ => "unknown".to_owned(),
    }
}

/// Whether a default is certainly of the type; the schema's own type would refuse it otherwise.
fn fits(model: &Model, ty: &Type, default: &Value) -> bool {
    let (resolved, nullable) = model.resolve(ty);
    match (&resolved.kind, default) {
        (_, Value::Null) => nullable,
        (Kind::Any, _) | (Kind::Boolean, Value::Bool(_)) | (Kind::Text(_), Value::String(_)) => true,
        (Kind::Integer { .. } | Kind::Number, Value::Number(_)) => true,
        (Kind::List(item), Value::Array(values)) => values.iter().all(|value| fits(model, item, value)),
        (Kind::Literals(values), value) => values.contains(value),
        (Kind::Named(id), value) => {
            matches!(&model.type_def(*id).shape, Shape::Enumeration(list) if list.values.contains(value))
        }
        _ => false,
    }
}
