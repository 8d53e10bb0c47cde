//! Linking: the parts of all documents in one, with references that all stay inside it.
//!
//! Owns: what is pulled in from other files, under which name, and where everything came from.
//! Must not know: finding documents, the terms of each version, the model.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::documents::{Document, Documents};
use super::grammar::{self, Place as Kind, Step};
use super::reference;
use super::update::Linked;
use super::{extension, upgrade};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, document as codes, schema as schemas};
use crate::model::{Case, Name};
use crate::pointer::{escape, push, unescape};
use crate::tree::{Map, Value};

/// Something that is still to be copied into the components of the bundle.
struct Pull {
    document: Arc<Document>,
    pointer: String,
    kind: Kind,
    section: &'static str,
    name: String,
}

/// What linking knows while it runs.
pub(super) struct Linker<'a, 'd> {
    pub(super) documents: Documents<'a>,
    pub(super) diagnostics: &'d mut Diagnostics,
    /// Parts of files that have their place in the bundle: file -> pointer -> bundle pointer. What is inside follows.
    placed: BTreeMap<Arc<str>, BTreeMap<String, String>>,
    /// What references came to: file -> text -> reference into the bundle. A contract says the same few again and again.
    linked: BTreeMap<Arc<str>, BTreeMap<String, String>>,
    /// Names of components that are taken, by section.
    taken: BTreeMap<&'static str, BTreeSet<String>>,
    queue: VecDeque<Pull>,
    /// Everything that is referred to: file and pointer.
    pub(super) targets: BTreeSet<(Arc<str>, String)>,
    /// What was planned: file and pointer -> kind and pointer in the bundle.
    pub(super) planned: BTreeMap<(Arc<str>, String), (Kind, String)>,
    /// What was planned only because something refers to it, by pointer in the bundle.
    pub(super) on_demand: BTreeSet<String>,
    /// Components that were copied: section, name, value; in the order in which they were planned.
    pulled: Vec<(&'static str, String, Value)>,
    /// Where the parts of the bundle came from.
    pub(super) origins: Vec<(String, Place)>,
    /// Keywords of another version: (file, keyword) -> first place and how many.
    foreign: BTreeMap<(Arc<str>, &'static str), (String, usize)>,
    /// Through how many references the copying stands where it does, where none belongs.
    through: usize,
}

/// Through how many of these it may: more are a circle.
const THROUGH: usize = 16;

/// Where the copying stands in a source file.
pub(super) struct At<'d> {
    pub(super) document: &'d Arc<Document>,
    /// Pointer in that file.
    pub(super) pointer: String,
}

impl At<'_> {
    pub(super) fn place(&self) -> Place {
        Place::pointer(&self.document.path, self.pointer.clone())
    }
}

impl<'a, 'd> Linker<'a, 'd> {
    pub(super) fn new(documents: Documents<'a>, diagnostics: &'d mut Diagnostics) -> Self {
        Self {
            documents,
            diagnostics,
            placed: BTreeMap::new(),
            linked: BTreeMap::new(),
            taken: BTreeMap::new(),
            queue: VecDeque::new(),
            targets: BTreeSet::new(),
            planned: BTreeMap::new(),
            on_demand: BTreeSet::new(),
            pulled: Vec::new(),
            origins: Vec::new(),
            foreign: BTreeMap::new(),
            through: 0,
        }
    }

    /// A linker that goes on where one of the last round ended.
    pub(super) fn resume(documents: Documents<'a>, diagnostics: &'d mut Diagnostics, linked: &mut Linked) -> Self {
        Self {
            placed: std::mem::take(&mut linked.placed),
            linked: std::mem::take(&mut linked.linked),
            taken: std::mem::take(&mut linked.taken),
            targets: std::mem::take(&mut linked.targets),
            ..Self::new(documents, diagnostics)
        }
    }

    /// Hands on what was found out. Whether there is nothing else to do.
    pub(super) fn suspend(self, linked: &mut Linked) -> bool {
        let nothing_left = self.queue.is_empty() && self.foreign.is_empty();
        linked.placed = self.placed;
        linked.linked = self.linked;
        linked.taken = self.taken;
        linked.targets = self.targets;
        linked.split |= self.documents.split;
        nothing_left
    }

    /// Says that a part of a file stands in the bundle at a pointer.
    pub(super) fn place(&mut self, document: &Document, pointer: &str, bundle: &str) {
        self.place_among(document, pointer, bundle);
        self.origins
            .push((bundle.to_owned(), Place::pointer(&document.path, pointer)));
    }

    /// Says where references to a part of a file lead, when that place holds parts of other files as well.
    pub(super) fn place_among(&mut self, document: &Document, pointer: &str, bundle: &str) {
        let of_file = self.placed.entry(Arc::clone(&document.path)).or_default();
        of_file.insert(pointer.to_owned(), bundle.to_owned());
    }

    /// Takes a name for a component. Names that others have get the file's name behind them, then numbers.
    pub(super) fn take_name(&mut self, section: &'static str, wanted: &str, document: &Document) -> String {
        let taken = self.taken.entry(section).or_default();
        let mut name = wanted.to_owned();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{wanted}{}", Name::new(stem(&document.path)).to(Case::Pascal));
            if number > 2 {
                name.push_str(&number.to_string());
            }
            number += 1;
        }
        name
    }

    /// Whether a component of that name exists.
    pub(super) fn is_taken(&self, section: &str, name: &str) -> bool {
        self.taken.get(section).is_some_and(|taken| taken.contains(name))
    }

    /// Whether a part of a file has its place in the bundle.
    pub(super) fn is_placed(&self, document: &Document, pointer: &str) -> bool {
        self.bundle_pointer(document, pointer).is_some()
    }

    /// Plans to copy a part of a file into the components, under a name that was taken for it.
    pub(super) fn pull(&mut self, document: &Arc<Document>, pointer: &str, kind: Kind, name: &str) {
        let Some(section) = grammar::section(kind) else {
            return;
        };
        let bundle = format!("/components/{section}/{}", escape(name));
        self.place(document, pointer, &bundle);
        let source = (Arc::clone(&document.path), pointer.to_owned());
        self.planned.insert(source, (kind, bundle));
        self.queue.push_back(Pull {
            document: Arc::clone(document),
            pointer: pointer.to_owned(),
            kind,
            section,
            name: name.to_owned(),
        });
    }

    /// Copies everything that was planned, and what that needs in turn. Ends because every part is planned once.
    pub(super) fn copy_pulled(&mut self) {
        while let Some(pull) = self.queue.pop_front() {
            let Some(value) = pull.document.value.pointer(&pull.pointer) else {
                continue;
            };
            let mut at = At {
                document: &pull.document,
                pointer: pull.pointer.clone(),
            };
            let copied = self.copy(value, pull.kind, &mut at);
            self.pulled.push((pull.section, pull.name, copied));
        }
    }

    /// Moves what was copied into the components of the bundle: placeholders are filled, the rest is added behind them.
    pub(super) fn settle_components(&mut self, components: &mut Map) {
        for (section, name, value) in std::mem::take(&mut self.pulled) {
            let section = components.entry(section).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(section) = section {
                section.insert(name, value);
            }
        }
    }

    /// If all that stands here is a reference into another file: where it leads.
    pub(super) fn alias_target(&mut self, value: &Value, at: &At<'_>) -> Option<(Arc<Document>, String)> {
        let map = value.as_object().filter(|map| map.len() == 1)?;
        let text = map.get("$ref")?.as_str()?;
        let target = reference::parse(text, &at.document.path).ok()?;
        if *target.file == *at.document.path || !self.documents.exists(&target.file) {
            return None;
        }
        let document = self.documents.get(&target.file, at.document.old, self.diagnostics)?;
        document.value.pointer(&target.pointer)?;
        if self.bundle_pointer(&document, &target.pointer).is_some() {
            return None;
        }
        Some((document, target.pointer))
    }

    /// Copies a value: references lead into the bundle afterwards, and schemas are told in the terms of 3.1.
    pub(super) fn copy(&mut self, value: &Value, kind: Kind, at: &mut At<'_>) -> Value {
        let map = match value {
            Value::Object(map) => map,
            // YAML says `null` by saying nothing.
            Value::Null if kind == Kind::Schema => {
                let message = "nothing stands here; any value is taken";
                self.diagnostics
                    .push(Diagnostic::new(&schemas::SCHEMA_EMPTY, message, at.place()));
                return Value::Object(Map::new());
            }
            _ => return value.clone(),
        };
        let mut copied = map.clone();
        let mut gone = BTreeSet::new();
        for (key, value) in map {
            let length = push(&mut at.pointer, key);
            match self.copy_member(key, value, kind, at) {
                Some(new) => settle(&mut copied, key, value, new),
                None => gone.extend([key.as_str()]),
            }
            at.pointer.truncate(length);
        }
        without(&mut copied, &gone);
        if kind == Kind::Schema {
            for keyword in upgrade::schema(&mut copied) {
                self.note_foreign(keyword, at);
            }
        }
        Value::Object(copied)
    }

    fn copy_member(&mut self, key: &str, value: &Value, kind: Kind, at: &mut At<'_>) -> Option<Value> {
        match (key, value, kind) {
            ("$ref", Value::String(text), kind) if grammar::section(kind).is_some() => {
                return self.link(text, kind, at).map(Value::from);
            }
            ("mapping", Value::Object(mapping), Kind::Discriminator) => {
                return Some(Value::Object(self.copy_mapping(mapping, at)));
            }
            ("x-flaresmith", value, kind) => {
                extension::check(value, kind, &at.place(), self.diagnostics);
            }
            _ => {}
        }
        let step = grammar::step(kind, key);
        // No version has references for operations, maps and lists, but people split contracts so.
        if let (Some(Step::One(Kind::Operation) | Step::Map(_) | Step::List(_)), Some(Value::String(text))) =
            (step, value.get("$ref"))
        {
            return self.copy_from_elsewhere(text, (key, kind), at);
        }
        Some(match (step, value) {
            (Some(Step::One(inner)), value) => self.copy(value, inner, at),
            (Some(Step::Map(inner)), Value::Object(map)) => {
                let mut copied = map.clone();
                for (name, value) in map {
                    let length = push(&mut at.pointer, name);
                    let is_data =
                        name.starts_with("x-") && matches!(inner, Kind::PathItem | Kind::Response | Kind::Callback);
                    let new = if is_data {
                        value.clone()
                    } else {
                        self.copy(value, inner, at)
                    };
                    at.pointer.truncate(length);
                    settle(&mut copied, name, value, new);
                }
                Value::Object(copied)
            }
            (Some(Step::List(inner)), Value::Array(items)) => {
                let mut copied = items.clone();
                for (i, item) in items.iter().enumerate() {
                    let length = push(&mut at.pointer, &i.to_string());
                    let new = self.copy(item, inner, at);
                    at.pointer.truncate(length);
                    if !new.is(item)
                        && let Some(place) = copied.get_mut(i)
                    {
                        *place = new;
                    }
                }
                Value::Array(copied)
            }
            // Tuples of older drafts are lists of schemas where one schema is expected.
            (_, value) => value.clone(),
        })
    }

    /// The value of a member that stands elsewhere, as if it stood here. `None`: it stands nowhere, which has been told.
    fn copy_from_elsewhere(&mut self, text: &str, (key, kind): (&str, Kind), at: &At<'_>) -> Option<Value> {
        if self.through >= THROUGH {
            let message = format!("`{text}` refers to nothing but itself");
            self.diagnostics
                .push(Diagnostic::new(&codes::REF_CIRCULAR, message, at.place()));
            return None;
        }
        let (document, pointer) = self.led_to(text, kind, at)?;
        // A change of that file is one of whatever refers to it.
        self.documents.split = true;
        if let Some(bundle) = self.bundle_pointer(at.document, &at.pointer) {
            let place = Place::pointer(&document.path, pointer.clone());
            self.origins.push((bundle, place));
        }
        let value = document.value.pointer(&pointer)?;
        let mut there = At {
            document: &document,
            pointer,
        };
        self.through += 1;
        let copied = self.copy_member(key, value, kind, &mut there);
        self.through -= 1;
        copied
    }

    /// Values of a discriminator's mapping are references or names of components.
    fn copy_mapping(&mut self, mapping: &Map, at: &mut At<'_>) -> Map {
        let mut copied = mapping.clone();
        let mut gone = BTreeSet::new();
        for (tag, value) in mapping {
            let length = push(&mut at.pointer, tag);
            let new = match value.as_str() {
                Some(text) if text.contains(['#', '/']) => self.link(text, Kind::Schema, at).map(Value::from),
                Some(name) if !self.is_taken("schemas", name) && self.documents.exists(name) => {
                    self.link(name, Kind::Schema, at).map(Value::from)
                }
                _ => Some(value.clone()),
            };
            at.pointer.truncate(length);
            match new {
                Some(new) => settle(&mut copied, tag, value, new),
                None => gone.extend([tag.as_str()]),
            }
        }
        without(&mut copied, &gone);
        copied
    }

    /// What a reference becomes in the bundle; what it leads to is planned when it is new. `None`: it leads nowhere, which
    /// has been told.
    fn link(&mut self, text: &str, kind: Kind, at: &At<'_>) -> Option<String> {
        let known = self.linked.get(&at.document.path).and_then(|linked| linked.get(text));
        if let Some(known) = known {
            return Some(known.clone());
        }
        let linked = self.find_out(text, kind, at)?;
        let of_file = self.linked.entry(Arc::clone(&at.document.path)).or_default();
        of_file.insert(text.to_owned(), linked.clone());
        Some(linked)
    }

    fn find_out(&mut self, text: &str, kind: Kind, at: &At<'_>) -> Option<String> {
        let (document, pointer) = self.led_to(text, kind, at)?;
        let bundle = match self.bundle_pointer(&document, &pointer) {
            Some(bundle) => bundle,
            None => {
                let section = grammar::section(kind)?;
                let last = pointer.rsplit('/').next().unwrap_or("");
                let named = !last.is_empty() && last.parse::<usize>().is_err();
                let wanted = if named {
                    unescape(last).into_owned()
                } else {
                    Name::new(stem(&document.path)).to(Case::Pascal)
                };
                let name = self.take_name(section, &component_name(&wanted), &document);
                self.pull(&document, &pointer, kind, &name);
                let bundle = format!("/components/{section}/{}", escape(&name));
                self.on_demand.insert(bundle.clone());
                bundle
            }
        };
        self.targets.insert((Arc::clone(&document.path), pointer));
        Some(format!("#{bundle}"))
    }

    /// Where a part of a file stands in the bundle: by its own place, or inside something that has one.
    fn bundle_pointer(&self, document: &Document, pointer: &str) -> Option<String> {
        let of_file = self.placed.get(&document.path)?;
        let mut prefix = pointer;
        loop {
            if let Some(bundle) = of_file.get(prefix) {
                return Some(format!("{bundle}{}", pointer.get(prefix.len()..).unwrap_or("")));
            }
            prefix = prefix.rsplit_once('/')?.0;
        }
    }

    fn note_foreign(&mut self, keyword: &'static str, at: &At<'_>) {
        if !at.document.old {
            let key = (Arc::clone(&at.document.path), keyword);
            let entry = self
                .foreign
                .entry(key)
                .or_insert_with(|| (format!("{}/{keyword}", at.pointer), 0));
            entry.1 += 1;
        }
    }

    /// Tells about keywords of other versions, once for each file and keyword.
    pub(super) fn tell_foreign(&mut self) {
        for ((file, keyword), (pointer, count)) in std::mem::take(&mut self.foreign) {
            let hint = match keyword {
                "nullable" => "write `type: [string, 'null']`",
                "items" => "write `prefixItems:` for the items of a tuple",
                _ => "write the limit itself behind the keyword",
            };
            let message = format!("`{keyword}` is used as in OpenAPI 3.0, {count} times");
            self.diagnostics
                .push(Diagnostic::new(&codes::DIALECT_MIXED, message, Place::key(&file, pointer)).hint(hint));
        }
    }
}

/// Gives a member of a copied object its value. What stays as it was stays shared with what was read.
fn settle(copied: &mut Map, key: &str, value: &Value, new: Value) {
    if !new.is(value) {
        copied.insert(key, new);
    }
}

/// Takes members out, all at once.
fn without(copied: &mut Map, gone: &BTreeSet<&str>) {
    if !gone.is_empty() {
        copied.retain(|key, _| !gone.contains(key.as_str()));
    }
}

/// The name of a file without folder and ending.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// Keys of components may hold only some characters.
fn component_name(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !text.is_empty() && text.chars().all(allowed) {
        text.to_owned()
    } else {
        Name::new(text).to(Case::Pascal)
    }
}
