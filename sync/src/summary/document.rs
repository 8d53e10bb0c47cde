//! What JSON and YAML documents are made of, in words, by the shape of the document.
//!
//! Owns: the shapes that have words: API descriptions, request collections, lists of tools; anything else has keys.
//! Must not know: phrases, or who writes such documents.

use super::phrases::Thing;
use crate::items::Language;
use crate::items::outline::{Body, Item, slice};
use crate::items::tokens::tokens;

/// Members of a path that are operations.
const METHODS: [&str; 9] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
];

/// The things of a document.
pub(crate) fn things(language: Language, text: &str, file: &Body) -> Vec<Thing> {
    let read = Read { language, text };
    let root = match file.items.as_slice() {
        [only] if only.kind == "document" => match &only.body {
            Some(body) => body,
            None => return vec![read.whole("value", only)],
        },
        _ => file,
    };
    let has = |name: &str| root.items.iter().any(|item| item.name == name && item.body.is_some());
    let described = root
        .items
        .iter()
        .any(|item| matches!(item.name.as_str(), "openapi" | "swagger"));
    if described {
        read.described(root)
    } else if has("info") && has("item") {
        read.collection(root)
    } else if has("tools") {
        read.named(root, "tools", "tool")
    } else {
        root.items.iter().map(|item| read.key(item, 0)).collect()
    }
}

struct Read<'t> {
    language: Language,
    text: &'t str,
}

impl Read<'_> {
    /// Something that is told as a whole.
    fn whole(&self, noun: &'static str, item: &Item) -> Thing {
        Thing {
            noun,
            name: name(item),
            title: None,
            own: self.said(&item.naked(self.text)),
            inside: Vec::new(),
        }
    }

    fn said(&self, text: &str) -> String {
        match self.language {
            Language::Json => tokens(self.language, text).join(" "),
            _ => text.trim_end().to_owned(),
        }
    }

    /// An API description: operations, schemas, fields.
    fn described(&self, root: &Body) -> Vec<Thing> {
        let mut things = Vec::new();
        for item in &root.items {
            match (item.name.as_str(), &item.body) {
                ("paths" | "webhooks", Some(paths)) => {
                    for path in &paths.items {
                        things.extend(self.operations(path));
                    }
                }
                ("components", Some(components)) => {
                    for group in &components.items {
                        match (group.name.as_str(), &group.body) {
                            ("schemas", Some(schemas)) => {
                                things.extend(schemas.items.iter().map(|one| self.schema(one)))
                            }
                            ("parameters", Some(all)) => things.extend(self.all("parameter", all)),
                            ("responses", Some(all)) => things.extend(self.all("response", all)),
                            (_, Some(all)) => things.extend(self.all("component", all)),
                            _ => things.push(self.whole("component", group)),
                        }
                    }
                }
                ("definitions", Some(schemas)) => things.extend(schemas.items.iter().map(|one| self.schema(one))),
                ("tags", Some(tags)) => things.extend(self.all("tag", tags)),
                _ => things.push(self.whole("key", item)),
            }
        }
        things
    }

    fn all(&self, noun: &'static str, body: &Body) -> Vec<Thing> {
        body.items.iter().map(|item| self.whole(noun, item)).collect()
    }

    fn operations(&self, path: &Item) -> Vec<Thing> {
        let Some(body) = &path.body else {
            return vec![self.whole("path", path)];
        };
        let things = body.items.iter().map(|item| {
            let is_method = METHODS.contains(&item.name.as_str());
            let mut thing = self.whole(if is_method { "operation" } else { "path" }, item);
            thing.name = format!("{} {}", item.name, path.name);
            thing
        });
        things.collect()
    }

    fn schema(&self, schema: &Item) -> Thing {
        let mut thing = self.whole("schema", schema);
        let fields = schema
            .body
            .as_ref()
            .and_then(|body| body.items.iter().find(|item| item.name == "properties"));
        if let (Some(body), Some(fields)) = (&schema.body, fields)
            && let Some(inner) = &fields.body
        {
            let rest = body
                .items
                .iter()
                .filter(|item| !matches!(item.name.as_str(), "properties" | "required"));
            thing.own = rest.map(|item| self.said(&item.naked(self.text))).collect();
            thing.inside = self.all("field", inner);
            thing.title = Some(schema.name.clone());
        }
        thing
    }

    /// A collection of requests in folders.
    fn collection(&self, root: &Body) -> Vec<Thing> {
        let mut things = Vec::new();
        for item in &root.items {
            match (item.name.as_str(), &item.body) {
                ("item", Some(entries)) => things.extend(entries.items.iter().map(|entry| self.entry(entry))),
                ("variable", Some(variables)) => things.extend(self.all("variable", variables)),
                _ => things.push(self.whole("key", item)),
            }
        }
        things
    }

    fn entry(&self, entry: &Item) -> Thing {
        let mut thing = self.whole("request", entry);
        let inner = entry
            .body
            .as_ref()
            .and_then(|body| body.items.iter().find(|item| item.name == "item"));
        if let (Some(body), Some(inner)) = (&entry.body, inner)
            && let Some(entries) = &inner.body
        {
            thing.noun = "folder";
            let rest = body.items.iter().filter(|item| item.name != "item");
            thing.own = rest.map(|item| self.said(&item.naked(self.text))).collect();
            thing.inside = entries.items.iter().map(|entry| self.entry(entry)).collect();
            let called = entry.ids.iter().find(|(field, _)| *field == "name");
            thing.title = called.map(|(_, name)| name.trim_matches('"').to_owned());
        }
        thing
    }

    /// A document that is about one list.
    fn named(&self, root: &Body, list: &str, noun: &'static str) -> Vec<Thing> {
        let mut things = Vec::new();
        for item in &root.items {
            match &item.body {
                Some(body) if item.name == list => things.extend(self.all(noun, body)),
                _ => things.push(self.whole("key", item)),
            }
        }
        things
    }

    /// A key, and what it holds one level down.
    fn key(&self, item: &Item, depth: usize) -> Thing {
        let mut thing = self.whole(if item.kind == "element" { "entry" } else { "key" }, item);
        if let Some(body) = item.body.as_ref().filter(|body| depth < 1 && !body.items.is_empty()) {
            thing.own = self.said(slice(self.text, item.front.start..body.open));
            thing.inside = body.items.iter().map(|inner| self.key(inner, depth + 1)).collect();
            thing.title = Some(item.name.clone()).filter(|name| !name.is_empty());
        }
        thing
    }
}

/// What an item is called among its neighbours.
fn name(item: &Item) -> String {
    match item.ids.first() {
        Some((field, value)) if item.name.is_empty() => format!("{field}={value}"),
        _ => item.name.clone(),
    }
}
