//! Operations and webhooks.
//!
//! Owns: paths, ids, and putting an operation together. Must not know: parameters, bodies and policy in detail.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::Lowering;
use super::ledger::Item;
use super::names::TypeNames;
use super::node::Node;
use crate::diagnostics::contract as codes;
use crate::model::operation::Webhook;
use crate::model::types::Docs;
use crate::model::{Info, Method, Model, Name, Operation, PathPart, PathTemplate, Policy};
use crate::pointer::below;

/// An operation of the document that is to be lowered.
pub(super) struct Found<'a> {
    pub(super) method: Method,
    pub(super) path: PathTemplate,
    /// The path item in which it stands.
    pub(super) item: Node<'a>,
    pub(super) operation: Node<'a>,
}

impl<'a> Found<'a> {
    /// The author's id.
    fn id(&self) -> Option<&'a str> {
        self.operation
            .value
            .get("operationId")
            .and_then(crate::tree::Value::as_str)
            .filter(|raw| !raw.trim().is_empty())
    }

    /// An id made of method and path.
    fn made_id(&self) -> Name {
        let words = self.path.segments.iter().flatten().map(|part| match part {
            PathPart::Fixed(text) => Name::new(text),
            PathPart::Parameter(name) => Name::join([&Name::new("by"), &Name::new(name)]),
        });
        let words: Vec<Name> = words
            .filter(|name| name.raw.chars().any(char::is_alphanumeric))
            .collect();
        Name::join(std::iter::once(&Name::new(self.method.key())).chain(&words))
    }
}

impl<'a> Lowering<'a> {
    /// The head of the contract, and where it is served. `name` stands in for a title.
    pub(super) fn info(&mut self, model: &mut Model, name: Option<&str>) {
        let root = self.root();
        let info = root.get("info");
        let text = |key: &str| info.as_ref().and_then(|node| node.text(key)).map(str::to_owned);
        model.info = Info {
            title: text("title").or_else(|| name.map(str::to_owned)).unwrap_or_default(),
            version: text("version").unwrap_or_default(),
            summary: text("summary"),
            description: text("description"),
        };
        for server in root.get("servers").iter().flat_map(Node::items) {
            let Some(url) = server.text("url") else { continue };
            let variables = server.get("variables");
            let variables: IndexMap<String, String> = variables
                .iter()
                .flat_map(Node::members)
                .map(|(name, node)| (name.to_owned(), node.text("default").unwrap_or_default().to_owned()))
                .collect();
            model.servers.push(crate::model::Server {
                url: url.to_owned(),
                description: server.text("description").map(str::to_owned),
                variables,
            });
        }
    }

    /// Every operation, in document order; within a path in the order of the methods.
    pub(super) fn operations(&mut self, model: &mut Model) {
        let paths = self.root().get("paths");
        let mut found = Vec::new();
        let mut shapes: BTreeMap<(Method, String), String> = BTreeMap::new();
        for (raw, node) in paths.iter().flat_map(Node::fixed_members) {
            let Some(path) = self.path(raw, &node.at) else { continue };
            let item = self.resolve(node);
            self.tell_unsupported_parts(&item, &["servers"]);
            if item.get("query").is_some() || item.get("additionalOperations").is_some() {
                self.tell_unsupported_parts(&item, &["query", "additionalOperations"]);
            }
            for method in Method::ALL {
                let Some(operation) = item.get(method.key()) else {
                    continue;
                };
                let shape = (method, shape_of(&path));
                if let Some(other) = shapes.get(&shape) {
                    let method = method.as_str();
                    let message = format!("{method} {raw} matches the same requests as {method} {other}");
                    self.report_at(&codes::OPERATION_REPEATED, message, &operation.at);
                } else {
                    shapes.insert(shape, raw.to_owned());
                }
                found.push(Found {
                    method,
                    path: path.clone(),
                    item: item.clone(),
                    operation,
                });
            }
        }
        let ids = self.operation_ids(&found);
        for (i, (found, id)) in found.into_iter().zip(ids).enumerate() {
            let lowered = self.operation_at(i, &found, id, model);
            model.operations.push(lowered);
        }
    }

    /// The operation at a position of the document, without what comes of standing among others.
    pub(super) fn operation_at(&mut self, i: usize, found: &Found<'a>, id: Name, model: &mut Model) -> Operation {
        let unit = below("/paths", &found.path.raw);
        self.open(Item::Operation(i), &unit);
        self.ledger.reads(&found.item.at);
        let mut lowered = self.operation(found, id, model);
        lowered.policy = self.policy(&found.operation, &lowered, model);
        self.close();
        lowered
    }

    fn operation(&mut self, found: &Found<'a>, id: Name, model: &mut Model) -> Operation {
        let Found {
            method,
            path,
            item,
            operation: node,
        } = found;
        self.tell_unsupported_parts(node, &["servers", "callbacks"]);
        let parameters = self.parameters(item, node, path, &id);
        let body = node.get("requestBody").and_then(|body| self.body(body, &id));
        let responses = self.responses(node, &id);
        let (security, public) = self.security(node, model);
        Operation {
            domain: self.domain_of(node, path, model),
            method: *method,
            path: path.clone(),
            summary: text_of(node, item, "summary"),
            docs: Docs {
                title: None,
                description: text_of(node, item, "description"),
                deprecated: node.flag("deprecated"),
                examples: Vec::new(),
            },
            parameters,
            body,
            responses,
            security,
            public,
            policy: Policy::default(),
            pointer: node.at.clone(),
            place: self.bundle.place(&node.at),
            id,
        }
    }

    /// Requests that the service sends.
    pub(super) fn webhooks(&mut self, model: &mut Model) {
        let webhooks = self.root().get("webhooks");
        for (key, node) in webhooks.iter().flat_map(Node::fixed_members) {
            let item = self.resolve(node);
            let present: Vec<(Method, Node<'a>)> = Method::ALL
                .into_iter()
                .filter_map(|method| Some((method, item.get(method.key())?)))
                .collect();
            let several = present.len() > 1;
            for (method, operation) in present {
                let mut name = Name::new(key);
                if several {
                    name = Name::join([&name, &Name::new(method.key())]);
                }
                let context = Name::join([&name, &Name::new("webhook")]);
                let body = operation.get("requestBody").and_then(|body| self.body(body, &context));
                model.webhooks.push(Webhook {
                    name,
                    method,
                    summary: text_of(&operation, &item, "summary"),
                    docs: Docs {
                        title: None,
                        description: text_of(&operation, &item, "description"),
                        deprecated: operation.flag("deprecated"),
                        examples: Vec::new(),
                    },
                    body,
                    place: self.bundle.place(&operation.at),
                });
            }
        }
    }

    /// For each operation the author's id, or one made of method and path; distinct from all others in every style. Of two that
    /// meet, an author's id keeps its spelling, then the first by path and method: where they stand means nothing.
    fn operation_ids(&mut self, found: &[Found<'a>]) -> Vec<Name> {
        let mut taken = TypeNames::default();
        let mut written: BTreeMap<&str, &str> = BTreeMap::new();
        let ids: Vec<Option<&str>> = found.iter().map(Found::id).collect();
        for (found, raw) in found.iter().zip(&ids) {
            let Some(raw) = raw else { continue };
            if let Some(first) = written.insert(raw, &found.operation.at) {
                let place = self.bundle.place(&found.operation.at);
                let message = format!("the operation id `{raw}` is taken by another operation");
                let diagnostic = crate::diagnostics::Diagnostic::new(&codes::OPERATION_ID_REPEATED, message, place)
                    .related(self.bundle.place(first), "the other operation");
                self.diagnostics.push(diagnostic);
            }
        }
        let mut order: Vec<(bool, &str, Method, usize)> = found
            .iter()
            .zip(&ids)
            .enumerate()
            .map(|(i, (found, id))| (id.is_none(), found.path.raw.as_str(), found.method, i))
            .collect();
        order.sort_unstable();
        let mut names = vec![Name::new(""); found.len()];
        for (_, _, _, i) in order {
            if let (Some(name), Some(found), Some(id)) = (names.get_mut(i), found.get(i), ids.get(i)) {
                *name = taken.take(&id.map_or_else(|| found.made_id(), Name::new));
            }
        }
        names
    }

    /// Takes a path template apart.
    fn path(&mut self, raw: &str, at: &str) -> Option<PathTemplate> {
        match parse_path(raw) {
            Ok(path) => Some(path),
            Err(why) => {
                self.report_at(&codes::PATH_SYNTAX, format!("`{raw}` is not a path: {why}"), at);
                None
            }
        }
    }

    fn tell_unsupported_parts(&mut self, node: &Node<'a>, keys: &[&str]) {
        for key in keys {
            if let Some(part) = node.get(key) {
                let message = format!("`{key}` reaches no target but the bundled document");
                self.report_at(&codes::OPERATION_PART_UNSUPPORTED, message, &part.at);
            }
        }
    }
}

pub(super) fn text_of(node: &Node<'_>, item: &Node<'_>, key: &str) -> Option<String> {
    node.text(key).or_else(|| item.text(key)).map(str::to_owned)
}

/// A path with the names of its parameters left out: what requests can tell apart.
fn shape_of(path: &PathTemplate) -> String {
    let mut shape = String::new();
    for segment in &path.segments {
        shape.push('/');
        for part in segment {
            match part {
                PathPart::Fixed(text) => shape.push_str(text),
                PathPart::Parameter(_) => shape.push_str("{}"),
            }
        }
    }
    shape
}

/// Takes a path template apart, or tells what is wrong with it. A fragment (`/a#b`), which some contracts use to tell apart
/// operations that share a path, is part of the text.
fn parse_path(raw: &str) -> Result<PathTemplate, String> {
    let Some(rest) = raw.strip_prefix('/') else {
        return Err("it does not begin with `/`".to_owned());
    };
    let mut names: Vec<&str> = Vec::new();
    let mut segments = Vec::new();
    for segment in rest.split('/') {
        let mut parts = Vec::new();
        let mut left = segment;
        while !left.is_empty() {
            let Some(open) = left.find(['{', '}']) else {
                parts.push(PathPart::Fixed(left.to_owned()));
                break;
            };
            let (fixed, tail) = left.split_at(open);
            if !fixed.is_empty() {
                parts.push(PathPart::Fixed(fixed.to_owned()));
            }
            let Some((name, tail)) = tail.strip_prefix('{').and_then(|tail| tail.split_once('}')) else {
                return Err(format!("a brace in `{segment}` has no partner"));
            };
            if name.is_empty() || name.contains('{') {
                return Err(format!("`{segment}` has a parameter without a name"));
            }
            if names.contains(&name) {
                return Err(format!("`{{{name}}}` stands twice"));
            }
            names.push(name);
            parts.push(PathPart::Parameter(name.to_owned()));
            left = tail;
        }
        segments.push(parts);
    }
    Ok(PathTemplate {
        raw: raw.to_owned(),
        segments,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_may_have_several_parts() {
        let path = parse_path("/a/{b}.json/{c}:run").unwrap();
        assert_eq!(shape_of(&path), "/a/{}.json/{}:run");
        assert_eq!(path.segments[1].len(), 2);
    }

    #[test]
    fn the_root_and_trailing_slashes_are_paths() {
        assert_eq!(parse_path("/").unwrap().segments, vec![Vec::new()]);
        assert_eq!(parse_path("/a/").unwrap().segments.len(), 2);
    }

    #[test]
    fn broken_templates_are_told() {
        for bad in ["a", "/{a", "/a}", "/{}", "/{a}/{a}", "/{a{b}}"] {
            assert!(parse_path(bad).is_err(), "{bad}");
        }
    }
}
