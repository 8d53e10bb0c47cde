//! Documents put together from texts of units.
//!
//! Owns: what stands around the texts, in JSON and in YAML, so that the whole is laid out as if it had been written at once.
//! Must not know: how a unit is written.

use super::units::Group;
use super::yaml;
use crate::emit::json;
use crate::pointer::below;
use crate::rope::{Piece, Rope, Strands};
use crate::tree::{self, Map, Value};

/// The text of a unit behind its key, by pointer.
pub(super) type Text<'t> = dyn Fn(&str) -> Option<&'t Piece> + 't;

/// Pointers of the units whose texts stand in a document, in its order: they are what it shares.
pub(super) type Spots = Vec<String>;

/// How deep the keys of units stand in a document: at the left margin it is nothing.
pub(super) fn depth(group: &Group) -> usize {
    group.pointer.matches('/').count()
}

/// The document as JSON, indented by two, with a line end. Units come with [`json::behind`].
pub(super) fn json(frame: &Value, groups: &[Group], text: &Text<'_>) -> (Rope, Spots) {
    let mut strands = Strands::default();
    let mut spots = Spots::new();
    let mut write = |level: &Level<'_>, event: Event<'_>| {
        let out = &mut strands.own;
        match event {
            Event::Open => out.push('{'),
            Event::Key(key, first) => {
                out.push_str(if first { "\n" } else { ",\n" });
                json::indent(out, level.depth + 1);
                json::string(out, key);
                out.push_str(": ");
            }
            Event::Value(value) => json::behind(out, value, level.depth + 1),
            Event::Text(pointer, text) => {
                strands.share(text);
                spots.push(pointer.to_owned());
            }
            Event::Close(empty) => {
                if !empty {
                    out.push('\n');
                    json::indent(out, level.depth);
                }
                out.push('}');
            }
        }
    };
    walk(frame, &Level::root(groups), text, &mut write);
    strands.own.push('\n');
    (strands.into(), spots)
}

/// A document in which some of the texts of units are others.
pub(super) fn replaced(document: &Rope, spots: &[String], text: &Text<'_>) -> Rope {
    document.with_shared(|number| text(spots.get(number)?).cloned())
}

/// The document as YAML. Units come with [`yaml::behind`].
pub(super) fn yaml(head: &str, frame: &Value, groups: &[Group], text: &Text<'_>) -> (Rope, Spots) {
    let mut strands = Strands::default();
    strands.own.push_str(head);
    let mut spots = Spots::new();
    let mut write = |level: &Level<'_>, event: Event<'_>| {
        let out = &mut strands.own;
        match event {
            Event::Open if level.depth > 0 => out.push('\n'),
            Event::Open => {}
            Event::Key(key, _) => {
                json::indent(out, level.depth);
                yaml::key(out, key, level.depth);
            }
            Event::Value(value) => yaml::behind(out, value, level.depth),
            Event::Text(pointer, text) => {
                strands.share(text);
                spots.push(pointer.to_owned());
            }
            Event::Close(true) => {
                // What was opened turned out to be empty.
                if level.depth > 0 {
                    out.truncate(out.len() - 1);
                    out.push(' ');
                }
                out.push_str("{}\n");
            }
            Event::Close(false) => {}
        }
    };
    walk(frame, &Level::root(groups), text, &mut write);
    (strands.into(), spots)
}

/// Where the walk stands.
struct Level<'a> {
    pointer: String,
    depth: usize,
    groups: &'a [Group],
}

impl<'a> Level<'a> {
    fn root(groups: &'a [Group]) -> Self {
        Self {
            pointer: String::new(),
            depth: 0,
            groups,
        }
    }
}

enum Event<'e> {
    Open,
    /// A key, and whether it is the first.
    Key(&'e str, bool),
    Value(&'e Value),
    /// The pointer of a unit, and its text.
    Text(&'e str, &'e Piece),
    /// Whether there was nothing.
    Close(bool),
}

/// Goes through the maps in which groups stand; all else is told as values.
fn walk(value: &Value, level: &Level<'_>, text: &Text<'_>, tell: &mut dyn FnMut(&Level<'_>, Event<'_>)) {
    let empty = Map::new();
    let members = value.as_object().unwrap_or(&empty);
    let own = level.groups.iter().find(|group| group.pointer == level.pointer);
    let keys: Vec<&str> = match own {
        Some(group) => group.names.iter().map(String::as_str).collect(),
        None => members.keys().map(tree::Text::as_str).collect(),
    };
    tell(level, Event::Open);
    for (i, key) in keys.iter().enumerate() {
        tell(level, Event::Key(key, i == 0));
        let pointer = below(&level.pointer, key);
        let unit = own.and_then(|_| text(&pointer));
        let is_above = |group: &Group| group.pointer == pointer || group.pointer.starts_with(&format!("{pointer}/"));
        match (unit, members.get(key)) {
            (Some(unit), _) => tell(level, Event::Text(&pointer, unit)),
            (None, Some(value)) if own.is_none() && level.groups.iter().any(is_above) => {
                let level = Level {
                    depth: level.depth + 1,
                    pointer,
                    groups: level.groups,
                };
                walk(value, &level, text, tell);
            }
            (None, value) => tell(level, Event::Value(value.unwrap_or(&Value::Null))),
        }
    }
    tell(level, Event::Close(keys.is_empty()));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::units::apart;
    use super::*;
    use crate::tree::json;

    #[test]
    fn what_is_put_together_reads_as_if_it_had_been_written_at_once() {
        let documents = [
            json!({"openapi": "3.1.0", "info": {"title": "a\nb", "list": [], "none": {}}, "tags": [{"name": "x"}],
                "paths": {"/a": {"get": {"x": [1, {"y": "z\nw\n"}]}}, "x-b": {"c": [1]}, "/d": {}}, "components":
                {"schemas": {"A": {"type": "object", "enum": [1]}, "B": true, "C'": {}}, "x-e": {"f": 1}, "responses": {}}}),
            json!({"openapi": "3.1.0", "paths": {}, "components": {}}),
            json!({"paths": {"/a": "text"}}),
        ];
        for document in documents {
            let (frame, groups) = apart(&document);
            let texts = |write: &dyn Fn(&mut String, &Value, usize)| -> BTreeMap<String, Piece> {
                let units = groups
                    .iter()
                    .flat_map(|group| group.units().map(move |unit| (group, unit)));
                let units = units.map(|(group, (pointer, _))| {
                    let mut out = String::new();
                    write(&mut out, document.pointer(&pointer).unwrap(), depth(group));
                    (pointer, out.into())
                });
                units.collect()
            };
            let found = texts(&|out, value, depth| json::behind(out, value, depth + 1));
            let (made, spots) = json(&frame, &groups, &|pointer| found.get(pointer));
            assert_eq!(made, *json::document(&document));
            let more = Piece::from("\"more\" and more".to_owned());
            let other = |pointer: &str| pointer.len().is_multiple_of(2).then_some(&more);
            let (whole, there) = json(&frame, &groups, &|pointer| {
                found.get(pointer).map(|text| other(pointer).unwrap_or(text))
            });
            assert_eq!(replaced(&made, &spots, &other), whole);
            assert_eq!(spots, there);
            let found = texts(&|out, value, depth| yaml::behind(out, value, depth));
            let (made, _) = yaml("", &frame, &groups, &|pointer| found.get(pointer));
            assert_eq!(made, *yaml::document(&document));
        }
    }
}
