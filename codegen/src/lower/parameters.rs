//! Parameters.
//!
//! Owns: merging those of a path with those of an operation, styles and their defaults. Must not know: bodies.

use super::Lowering;
use super::ledger::Deed;
use super::names::Context;
use super::node::Node;
use super::parts::Member;
use crate::diagnostics::contract as codes;
use crate::model::types::Docs;
use crate::model::{Kind, Location, Name, Parameter, PathPart, PathTemplate, Style, TextFormat, Type};
use crate::pointer::unescape;
use crate::tree::Value;

impl<'a> Lowering<'a> {
    /// The parameters of an operation: those of its path first, each replaced where the operation declares it anew.
    pub(super) fn parameters(
        &mut self,
        item: &Node<'a>,
        operation: &Node<'a>,
        path: &PathTemplate,
        id: &Name,
    ) -> Vec<Parameter> {
        let mut found: Vec<Parameter> = Vec::new();
        for list in [item.get("parameters"), operation.get("parameters")].iter().flatten() {
            for node in list.items() {
                let node = self.resolve(node);
                let Some(parameter) = self.known_parameter(&node, path, id) else {
                    continue;
                };
                let same =
                    |known: &&mut Parameter| known.location == parameter.location && known.wire == parameter.wire;
                match found.iter_mut().find(same) {
                    Some(known) => *known = parameter,
                    None => found.push(parameter),
                }
            }
        }
        for name in path.segments.iter().flatten().filter_map(|part| match part {
            PathPart::Parameter(name) => Some(name),
            PathPart::Fixed(_) => None,
        }) {
            if !found
                .iter()
                .any(|known| known.location == Location::Path && known.wire == *name)
            {
                let message = format!("`{{{name}}}` in the path is not declared; it is taken for a string");
                self.report_at(
                    &codes::PATH_PARAMETER_UNDECLARED,
                    message,
                    &format!("{}#{name}", operation.at),
                );
                found.push(Parameter {
                    wire: name.clone(),
                    name: Name::new(name),
                    location: Location::Path,
                    required: true,
                    ty: Type::of(Kind::Text(TextFormat::Plain)),
                    style: Style::Simple,
                    explode: false,
                    default: None,
                    docs: Docs::default(),
                });
            }
        }
        found
    }

    /// A component names what stands in it itself, so every operation that refers to it has the same parameter; but those of
    /// paths are looked at with their path.
    fn known_parameter(&mut self, node: &Node<'a>, path: &PathTemplate, id: &Name) -> Option<Parameter> {
        if let Some((known, reads)) = self.parameters.get(&node.at) {
            self.ledger.reads_all(reads);
            let known = known.clone();
            self.did(|| Deed::Knew(node.at.clone()));
            return Some(known);
        }
        let aside = self.ledger.aside();
        let made = self.parameter(node, path, id);
        let reads = self.ledger.together(aside);
        let made = made?;
        if made.location != Location::Path && component_name(&node.at, "parameter").is_some() {
            self.did(|| Deed::Parameter(node.at.clone()));
            self.parameters.insert(node.at.clone(), (made.clone(), reads));
        }
        Some(made)
    }

    fn parameter(&mut self, node: &Node<'a>, path: &PathTemplate, id: &Name) -> Option<Parameter> {
        let wire = node.text("name").unwrap_or_default();
        let location = match node.text("in") {
            Some("path") => Location::Path,
            Some("query") => Location::Query,
            Some("header") => Location::Header,
            Some("cookie") => Location::Cookie,
            other => {
                let message = match other {
                    Some(other) => format!("parameters in `{other}` are not known"),
                    None => "the parameter does not say where it stands (`in`)".to_owned(),
                };
                self.report_at(&codes::PARAMETER_INVALID, message, &node.at);
                return None;
            }
        };
        if wire.is_empty() {
            self.report_at(&codes::PARAMETER_INVALID, "the parameter has no name", &node.at);
            return None;
        }
        let reserved = ["accept", "content-type", "authorization"];
        if location == Location::Header && reserved.contains(&wire.to_ascii_lowercase().as_str()) {
            self.report_at(
                &codes::PARAMETER_IGNORED,
                format!("the header parameter `{wire}` has no effect"),
                &node.at,
            );
            return None;
        }
        let in_path = || {
            path.segments
                .iter()
                .flatten()
                .any(|part| matches!(part, PathPart::Parameter(name) if name == wire))
        };
        if location == Location::Path && !in_path() {
            let message = format!("the path has no `{{{wire}}}`");
            self.report_at(&codes::PATH_PARAMETER_UNUSED, message, &node.at);
            return None;
        }
        let (style, explode) = self.style(node, location);
        let content = node.get("content").and_then(|content| content.members().next());
        let (schema, style) = match content {
            Some((media, content)) => {
                if !media.contains("json") {
                    let message = format!("a parameter of media type `{media}` is taken for a string");
                    self.report_at(&codes::PARAMETER_INVALID, message, &content.at);
                }
                let json = media.contains("json");
                (
                    content.get("schema").filter(|_| json),
                    if json { Style::Json } else { style },
                )
            }
            None => (node.get("schema"), style),
        };
        let component = component_name(&node.at, "parameter");
        let word = if component.is_some() { "" } else { wire };
        let base = component.unwrap_or_else(|| id.clone());
        let (ty, default, mut docs) = match schema {
            Some(schema) => {
                let member = [Member::new(schema)];
                let ty = self.form(&member, super::schema::Slot::Inline(Context::of(&base, word)));
                (ty, self.default_of(&member), self.docs_of(&member))
            }
            None => (Type::of(Kind::Text(TextFormat::Plain)), None, Docs::default()),
        };
        let mut examples = self.examples_of(node);
        examples.append(&mut docs.examples);
        docs = Docs {
            title: docs.title,
            description: node.text("description").map(str::to_owned).or(docs.description),
            deprecated: docs.deprecated || node.flag("deprecated"),
            examples,
        };
        Some(Parameter {
            wire: wire.to_owned(),
            name: Name::new(wire),
            location,
            required: location == Location::Path || node.flag("required"),
            ty,
            style,
            explode,
            default,
            docs,
        })
    }

    /// How the value is written, with the defaults of its place.
    fn style(&mut self, node: &Node<'a>, location: Location) -> (Style, bool) {
        let admitted: &[(&str, Style)] = match location {
            Location::Path => &[
                ("simple", Style::Simple),
                ("label", Style::Label),
                ("matrix", Style::Matrix),
            ],
            Location::Query => &[
                ("form", Style::Form),
                ("spaceDelimited", Style::SpaceDelimited),
                ("pipeDelimited", Style::PipeDelimited),
                ("deepObject", Style::DeepObject),
            ],
            Location::Header => &[("simple", Style::Simple)],
            // The newer `cookie` differs from `form` only in not escaping.
            Location::Cookie => &[("form", Style::Form), ("cookie", Style::Form)],
        };
        let by_default = admitted.first().map_or(Style::Simple, |(_, style)| *style);
        let style = match node.text("style") {
            None => by_default,
            Some(word) => match admitted.iter().find(|(known, _)| *known == word) {
                Some((_, style)) => *style,
                None => {
                    let message = format!("the style `{word}` is not one of its place; the default is used");
                    self.report_at(&codes::PARAMETER_INVALID, message, &node.at);
                    by_default
                }
            },
        };
        let explode = node.value.get("explode").and_then(Value::as_bool);
        (
            style,
            explode.unwrap_or(matches!(style, Style::Form | Style::DeepObject)),
        )
    }

    /// The value that absence stands for, when one is written in place.
    pub(super) fn default_of(&mut self, members: &[Member<'a>]) -> Option<Value> {
        let parts = self.take_apart(members);
        let value = parts.parts.iter().find_map(|part| part.map.get("default"))?;
        (!value.is_null()).then(|| value.clone())
    }

    /// Example values beside a schema: `example`, and the values of `examples`.
    pub(super) fn examples_of(&self, node: &Node<'a>) -> Vec<Value> {
        let mut found: Vec<Value> = node.value.get("example").cloned().into_iter().collect();
        for (_, example) in node.get("examples").iter().flat_map(Node::members) {
            let example = self.resolve(example);
            found.extend(example.value.get("value").cloned());
        }
        found
    }
}

/// The name for what stands inline in a component other than a schema: its key, with the kind of component behind it.
pub(super) fn component_name(at: &str, kind: &str) -> Option<Name> {
    let rest = at.strip_prefix("/components/")?;
    let (_, key) = rest.split_once('/')?;
    if key.contains('/') {
        return None;
    }
    let key = Name::new(&unescape(key));
    let short = kind == "parameter" && key.words().last().is_some_and(|word| word == "param");
    Some(if short {
        key
    } else {
        Name::join([&key, &Name::new(kind)])
    })
}
