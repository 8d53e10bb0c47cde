//! Outputs: what the handler of an operation may answer.
//!
//! Owns: the type of each answer, its headers and its body. Must not know: the modules in which the types stand.

use super::domain::{Module, is_text, of_schema};
use crate::emit::typescript::layout::{Item, Layout};
use crate::emit::typescript::text::{scalar, string};
use crate::emit::typescript::types::both;
use crate::model::{Case, Content, Header, Kind, MediaKind, Model, Name, Operation, Response, Shape, Status, Type};

/// The type of an answer's headers.
enum Headers {
    /// The contract names none.
    Unsaid,
    /// None of them must be there.
    Optional(Layout),
    /// At least one must be.
    Required(Layout),
}

impl Module<'_> {
    /// The union of answers. Failures in the contract's envelope are left out: those are thrown as `ApiError`.
    pub(super) fn outputs(&mut self, operation: &Operation, id: &str) -> Layout {
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
            let headers = self.headers(id, &word, response);
            if response.contents.is_empty() {
                variants.push(self.reply(&status, None, &headers));
            }
            for (number, content) in response.contents.iter().enumerate() {
                let constant = match number {
                    0 => format!("{id}Answer{word}"),
                    number => format!("{id}Answer{word}As{}", number + 1),
                };
                let ty = self.answer_body(&constant, content);
                let open = content.media.contains('*');
                let media = match open {
                    true => Layout::text("string"),
                    false => Layout::text(string(&content.media)),
                };
                let reply = self.reply(&status, Some(ty), &headers);
                let told = match number {
                    _ if !open && response.contents.len() == 1 => None,
                    0 => Some(Item::readonly("contentType", true, media)),
                    _ => Some(Item::readonly("contentType", false, media)),
                };
                variants.push(match told {
                    Some(told) => both(reply, Layout::type_object(vec![told])),
                    None => reply,
                });
            }
        }
        match variants.len() {
            0 | 1 => Layout::union(variants),
            _ => Layout::union(variants).on_lines(),
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
    fn reply(&mut self, status: &str, body: Option<Layout>, headers: &Headers) -> Layout {
        let name = match (&body, headers) {
            (Some(_), Headers::Unsaid | Headers::Optional(_)) => "Reply",
            (Some(_), Headers::Required(_)) => "HeadedReply",
            (None, Headers::Unsaid | Headers::Optional(_)) => "EmptyReply",
            (None, Headers::Required(_)) => "EmptyHeadedReply",
        };
        self.imports.ty("./serve/answer.js", name);
        let mut arguments = vec![Layout::text(status.to_owned())];
        arguments.extend(body);
        if let Headers::Optional(headers) | Headers::Required(headers) = headers {
            arguments.push(headers.clone());
        }
        Layout::generic(name, arguments)
    }

    fn headers(&mut self, id: &str, word: &str, response: &Response) -> Headers {
        let headers: Vec<&Header> = response
            .headers
            .iter()
            .filter(|header| !header.wire.eq_ignore_ascii_case("content-type"))
            .collect();
        if headers.is_empty() {
            return Headers::Unsaid;
        }
        let members = headers
            .iter()
            .map(|header| Item::readonly(&header.wire, !header.required, header_type(self.model, &header.ty)));
        let spelt = Layout::type_object(members.collect());
        let wires = headers.iter().map(|header| header.wire.as_str());
        let own = || format!("{}{word}Headers", Name::new(id).to(Case::Pascal));
        let (name, is_new) = self.common(wires, Case::Pascal, "Headers", &spelt, own);
        if is_new {
            self.headers.push('\n');
            spelt.line(0, &format!("type {name} = "), ";", &mut self.headers);
        }
        let spelt = Layout::text(name);
        match headers.iter().any(|header| header.required) {
            true => Headers::Required(spelt),
            false => Headers::Optional(spelt),
        }
    }

    fn answer_body(&mut self, constant: &str, content: &Content) -> Layout {
        match (content.kind, &content.ty) {
            (MediaKind::EventStream, ty) => {
                self.imports.ty("./serve/answer.js", "ServerSentEvent");
                let data = match ty {
                    Some(ty) => of_schema("input", &self.schema(constant, ty)),
                    None => Layout::text("unknown"),
                };
                let event = Layout::generic("ServerSentEvent", vec![data]);
                Layout::generic("AsyncIterable", vec![event])
            }
            (MediaKind::Bytes, ty) => {
                self.imports.ty("./serve/answer.js", "Bytes");
                let mut types = vec![Layout::text("Bytes")];
                // XML and the like: the app has no words for it, the handler brings the text.
                if ty.as_ref().is_some_and(|ty| !is_text(self.model, ty)) {
                    types.push(Layout::text("string"));
                }
                Layout::union(types)
            }
            (MediaKind::Text, _) => Layout::text("string"),
            (MediaKind::Multipart, _) => {
                let record = Layout::text("Readonly<Record<string, unknown>>");
                Layout::union(vec![Layout::text("FormData"), record])
            }
            (MediaKind::Json | MediaKind::Form, Some(ty)) => of_schema("input", &self.schema(constant, ty)),
            (MediaKind::Json | MediaKind::Form, None) => Layout::text("unknown"),
        }
    }
}

/// The type of a header's value: what text can be made of.
fn header_type(model: &Model, ty: &Type) -> Layout {
    let word = match &model.resolve(ty).0.kind {
        Kind::Text(_) => "string",
        Kind::Integer { .. } | Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::List(item) => match &model.resolve(item).0.kind {
            Kind::List(_) => "readonly unknown[]",
            _ => {
                let item = header_type(model, item).grouped();
                return Layout::run(vec![Layout::text("readonly "), item, Layout::text("[]")]);
            }
        },
        Kind::Map(_) => "Readonly<Record<string, unknown>>",
        Kind::Named(id) => match &model.type_def(*id).shape {
            Shape::Enumeration(list) => {
                return Layout::union(list.values.iter().map(|value| Layout::text(scalar(value))).collect());
            }
            Shape::Record(_) => "Readonly<Record<string, unknown>>",
            _ => "unknown",
        },
        _ => "unknown",
    };
    Layout::text(word)
}
