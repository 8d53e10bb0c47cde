//! Bodies and responses.
//!
//! Owns: media types, their order and examples, statuses, headers. Must not know: parameters.

use indexmap::IndexMap;

use super::Lowering;
use super::ledger::Deed;
use super::names::Context;
use super::node::Node;
use super::parameters::component_name;
use super::parts::Member;
use super::schema::Slot;
use crate::diagnostics::contract as codes;
use crate::model::types::Docs;
use crate::model::{
    Body, Content, Encoding, Example, Header, Kind, MediaKind, Name, Response, Status, Style, TextFormat, Type,
};
use crate::tree::Value;

impl<'a> Lowering<'a> {
    /// What an operation takes as a body. `owner` names what stands inline in it.
    pub(super) fn body(&mut self, node: Node<'a>, owner: &Name) -> Option<Body> {
        let node = self.resolve(node);
        let component = component_name(&node.at, "body");
        let base = component.as_ref().unwrap_or(owner);
        let context = Context::of(base, if component.is_some() { "" } else { "body" });
        let contents = self.contents(&node, context);
        if contents.is_empty() && node.text("description").is_none() {
            return None;
        }
        Some(Body {
            required: node.flag("required"),
            description: node.text("description").map(str::to_owned),
            contents,
        })
    }

    /// What an operation answers, in the order of the statuses.
    pub(super) fn responses(&mut self, operation: &Node<'a>, id: &Name) -> Vec<Response> {
        let mut declared: Vec<(Status, Node<'a>)> = Vec::new();
        for (key, node) in operation.get("responses").iter().flat_map(Node::fixed_members) {
            match status(key) {
                Some(status) => declared.push((status, node)),
                None => {
                    let message = format!("`{key}` is neither a status, a range such as `4XX`, nor `default`");
                    self.report_at(&codes::STATUS_INVALID, message, &node.at);
                }
            }
        }
        declared.sort_by_key(|(status, _)| *status);
        let main = declared
            .iter()
            .map(|(status, _)| *status)
            .find(|status| status.is_success());
        let mut found = Vec::new();
        for (status, node) in declared {
            let pointer = node.at.clone();
            let node = self.resolve(node);
            let component = component_name(&node.at, "response");
            let word = match status {
                _ if component.is_some() => String::new(),
                status if Some(status) == main => "response".to_owned(),
                Status::Exact(code) => format!("response {code}"),
                Status::Range(hundred) => format!("response {hundred}xx"),
                Status::Default => "response default".to_owned(),
            };
            let description = node.text("description").unwrap_or_default().to_owned();
            // A component names what stands in it itself, so every operation that refers to it answers alike.
            let known = component.as_ref().and_then(|_| self.responses.get(&node.at));
            let (contents, headers) = match known {
                Some((known, reads)) => {
                    self.ledger.reads_all(reads);
                    let known = known.clone();
                    self.did(|| Deed::Knew(node.at.clone()));
                    known
                }
                None => {
                    let context = Context::of(component.as_ref().unwrap_or(id), &word);
                    let aside = self.ledger.aside();
                    let made = (self.contents(&node, context), self.headers(&node, context));
                    let reads = self.ledger.together(aside);
                    if component.is_some() {
                        self.did(|| Deed::Response(node.at.clone()));
                        self.responses.insert(node.at, (made.clone(), reads));
                    }
                    made
                }
            };
            found.push(Response {
                status,
                description,
                headers,
                contents,
                pointer,
            });
        }
        found
    }

    fn headers(&mut self, response: &Node<'a>, context: Context<'_>) -> Vec<Header> {
        let mut found = Vec::new();
        for (wire, node) in response.get("headers").iter().flat_map(Node::members) {
            // Its value follows from the media type.
            if wire.eq_ignore_ascii_case("content-type") {
                continue;
            }
            let node = self.resolve(node);
            let in_content = node.get("content").and_then(|content| content.members().next());
            let schema = node.get("schema").or_else(|| in_content?.1.get("schema"));
            let component = component_name(&node.at, "header");
            let (ty, mut docs) = match schema {
                Some(schema) => {
                    let member = [Member::new(schema)];
                    let child = context.child(wire);
                    let place = component.as_ref().map_or(child, |name| Context::of(name, ""));
                    (self.form(&member, Slot::Inline(place)), self.docs_of(&member))
                }
                None => (Type::of(Kind::Text(TextFormat::Plain)), Docs::default()),
            };
            let mut examples = self.examples_of(&node);
            examples.append(&mut docs.examples);
            found.push(Header {
                wire: wire.to_owned(),
                name: Name::new(wire),
                required: node.flag("required"),
                ty,
                docs: Docs {
                    title: docs.title,
                    description: node.text("description").map(str::to_owned).or(docs.description),
                    deprecated: docs.deprecated || node.flag("deprecated"),
                    examples,
                },
            });
        }
        found
    }

    /// The media types of a body or response, JSON first.
    fn contents(&mut self, owner: &Node<'a>, context: Context<'_>) -> Vec<Content> {
        let mut declared: Vec<(MediaKind, &'a str, Node<'a>)> = owner
            .get("content")
            .iter()
            .flat_map(Node::fixed_members)
            .map(|(media, node)| (media_kind(media), media, node))
            .collect();
        declared.sort_by_key(|(kind, _, _)| *kind != MediaKind::Json);
        let mut found: Vec<Content> = Vec::new();
        for (kind, media, node) in declared {
            let node = self.resolve(node);
            // The same schema under several media types is one type; a different one says for which it is.
            let first = found.is_empty();
            let word = kind_word(kind);
            let child = context.child(word);
            let place = if first { context } else { child };
            let known = owner.get("content").and_then(|content| {
                let before = content
                    .members()
                    .find(|(_, other)| other.value.get("schema") == node.value.get("schema"))?;
                before.1.get("schema")
            });
            // Since 3.2 a stream names the type of its items apart.
            let items = node.get("itemSchema").filter(|_| kind == MediaKind::EventStream);
            let schema = items.or(known).or_else(|| node.get("schema"));
            let ty = schema.map(|schema| self.schema(schema, place));
            // A range of media types of which no value is described is whatever is sent.
            let bytes = ty.as_ref().is_none_or(|ty| ty.kind == Kind::Text(TextFormat::Bytes));
            let kind = match bytes && media.contains("/*") {
                true => MediaKind::Bytes,
                false => kind,
            };
            found.push(Content {
                media: media.to_owned(),
                kind,
                ty: typed_for(kind, ty),
                encodings: self.encodings(&node),
                examples: self.named_examples(&node),
                pointer: node.at.clone(),
            });
        }
        found
    }

    fn encodings(&mut self, content: &Node<'a>) -> IndexMap<String, Encoding> {
        let encodings = content.get("encoding");
        let read = |(name, node): (&str, Node<'a>)| {
            let style = match node.text("style") {
                Some("form") => Some(Style::Form),
                Some("spaceDelimited") => Some(Style::SpaceDelimited),
                Some("pipeDelimited") => Some(Style::PipeDelimited),
                Some("deepObject") => Some(Style::DeepObject),
                _ => None,
            };
            let encoding = Encoding {
                content_type: node.text("contentType").map(str::to_owned),
                style,
                explode: node.value.get("explode").and_then(Value::as_bool),
            };
            (name.to_owned(), encoding)
        };
        encodings.iter().flat_map(Node::members).map(read).collect()
    }

    fn named_examples(&self, content: &Node<'a>) -> Vec<Example> {
        let mut found = Vec::new();
        if let Some(value) = content.value.get("example") {
            found.push(Example {
                name: "default".to_owned(),
                summary: None,
                value: value.clone(),
            });
        }
        for (name, node) in content.get("examples").iter().flat_map(Node::members) {
            let node = self.resolve(node);
            // Values kept elsewhere are not read: nothing is fetched. 3.2 tells values as data and as text.
            if let Some(value) = node.value.get("value").or_else(|| node.value.get("dataValue")) {
                found.push(Example {
                    name: name.to_owned(),
                    summary: node.text("summary").map(str::to_owned),
                    value: value.clone(),
                });
            }
        }
        found
    }
}

/// The type of a body as its media type allows it: what is neither JSON nor text is bytes.
fn typed_for(kind: MediaKind, ty: Option<Type>) -> Option<Type> {
    let says_nothing = match &ty {
        None => true,
        Some(ty) => matches!(ty.kind, Kind::Any | Kind::Text(TextFormat::Plain)) && ty.rules.is_none(),
    };
    match kind {
        MediaKind::Bytes if says_nothing => Some(Type::of(Kind::Text(TextFormat::Bytes))),
        MediaKind::Text if says_nothing => Some(Type::of(Kind::Text(TextFormat::Plain))),
        _ => ty,
    }
}

fn status(key: &str) -> Option<Status> {
    if key == "default" {
        return Some(Status::Default);
    }
    if let Some(hundred) = key.strip_suffix("XX").or_else(|| key.strip_suffix("xx")) {
        let hundred: u8 = hundred.parse().ok()?;
        return (1..=5).contains(&hundred).then_some(Status::Range(hundred));
    }
    let code: u16 = key.parse().ok()?;
    (100..=599).contains(&code).then_some(Status::Exact(code))
}

/// The family of a media type. Parameters (`; charset=utf-8`) and case make no difference.
pub(super) fn media_kind(media: &str) -> MediaKind {
    let essence = media.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" | "text/json" | "*/*" | "application/*" => MediaKind::Json,
        "application/x-www-form-urlencoded" => MediaKind::Form,
        "text/event-stream" => MediaKind::EventStream,
        other if other.ends_with("+json") && other.starts_with("application/") => MediaKind::Json,
        other if other.starts_with("multipart/") => MediaKind::Multipart,
        other if other.starts_with("text/") => MediaKind::Text,
        _ => MediaKind::Bytes,
    }
}

fn kind_word(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Json => "json",
        MediaKind::Form => "form",
        MediaKind::Multipart => "multipart",
        MediaKind::EventStream => "event",
        MediaKind::Text => "text",
        MediaKind::Bytes => "bytes",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_ignore_case_and_parameters() {
        for (media, kind) in [
            ("application/json; charset=utf-8", MediaKind::Json),
            ("application/problem+json", MediaKind::Json),
            ("Text/Event-Stream", MediaKind::EventStream),
            ("multipart/form-data", MediaKind::Multipart),
            ("text/csv", MediaKind::Text),
            ("image/png", MediaKind::Bytes),
        ] {
            assert_eq!(media_kind(media), kind, "{media}");
        }
    }

    #[test]
    fn statuses_are_codes_ranges_or_default() {
        assert_eq!(status("404"), Some(Status::Exact(404)));
        assert_eq!(status("4XX"), Some(Status::Range(4)));
        assert_eq!(status("default"), Some(Status::Default));
        for bad in ["999", "9XX", "ok", ""] {
            assert_eq!(status(bad), None, "{bad}");
        }
    }
}
