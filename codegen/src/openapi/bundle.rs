//! The bundle: all contracts and data models of a repository as one document.
//!
//! Owns: the order of the parts, what happens when two contracts meet. Must not know: how references are followed.

use std::sync::Arc;

use super::Bundle;
use super::circles;
use super::documents::{Document, Documents, Found};
use super::grammar::{self, Place as Kind};
use super::link::{At, Linker};
use super::update::Linked;
use crate::diagnostics::{Diagnostic, Diagnostics, Place, document as codes};
use crate::memo::Memo;
use crate::model::Method;
use crate::pointer::escape;
use crate::settings::Settings;
use crate::source::Sources;
use crate::source::locate::Locator;
use crate::tree::{Map, Value, json};

/// Reads every contract and data model of the sources into one document. Without a contract, the document is empty and the
/// reason has been told.
#[must_use]
pub fn bundle(sources: &Sources, settings: &Settings, memo: &Memo, diagnostics: &mut Diagnostics) -> Bundle {
    bundle_for_more(sources, settings, memo, diagnostics).0
}

/// The same with what linking found out, for a round after this one.
#[must_use]
pub(crate) fn bundle_for_more(
    sources: &Sources,
    settings: &Settings,
    memo: &Memo,
    diagnostics: &mut Diagnostics,
) -> (Bundle, Linked) {
    let told_before = diagnostics.len();
    let mut documents = Documents::new(sources, memo);
    let Found { contracts, schemas } = documents.find(settings, diagnostics);
    let Some((main, others)) = contracts.split_first() else {
        let bundle = Bundle {
            document: json!({"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": {}}),
            origins: Vec::new(),
        };
        let linked = Linked {
            told: true,
            ..Linked::default()
        };
        return (bundle, linked);
    };
    let mut linker = Linker::new(documents, diagnostics);
    linker.place(main, "", "");
    let aliases = claim_components(&mut linker, main);
    for document in &schemas {
        claim_definitions(&mut linker, document);
    }
    for document in others {
        claim_other_components(&mut linker, document, main);
        for key in ["/paths", "/webhooks"] {
            linker.place_among(document, key, key);
        }
    }
    let mut merged = copy_main(&mut linker, main, &aliases);
    for document in others {
        merge(&mut linker, &mut merged, document);
    }
    linker.copy_pulled();
    if let Some(components) = merged.get_mut("components").and_then(Value::as_object_mut) {
        linker.settle_components(components);
    }
    linker.tell_foreign();
    let mut origins = std::mem::take(&mut linker.origins);
    origins.sort();
    origins.dedup_by(|later, first| later.0 == first.0);
    let mut linked = Linked {
        several: !others.is_empty(),
        main: Arc::clone(&main.path),
        files: linker.documents.read_files().collect(),
        pulled: std::mem::take(&mut linker.planned),
        on_demand: std::mem::take(&mut linker.on_demand),
        ..Linked::default()
    };
    linker.suspend(&mut linked);
    head(&mut merged, main, settings, sources);
    let mut bundle = Bundle {
        document: Value::Object(merged),
        origins,
    };
    circles::settle(&mut bundle, diagnostics);
    linked.told = diagnostics.len() > told_before;
    (bundle, linked)
}

/// Takes the names of the main contract's components. Those that only refer to another file take the content of what they
/// refer to, so that it has one name in the bundle.
fn claim_components(linker: &mut Linker<'_, '_>, main: &Arc<Document>) -> Vec<(&'static str, String)> {
    let mut aliases = Vec::new();
    for (section, kind, name, value) in components_of(&main.value) {
        linker.take_name(section, name, main);
        let at = At {
            document: main,
            pointer: format!("/components/{section}/{}", escape(name)),
        };
        if let Some((document, pointer)) = linker.alias_target(value, &at) {
            linker.pull(&document, &pointer, kind, name);
            aliases.push((section, name.to_owned()));
        }
    }
    aliases
}

/// Takes names for the definitions of a data model. All of them are part of the bundle, referred to or not.
fn claim_definitions(linker: &mut Linker<'_, '_>, document: &Arc<Document>) {
    for key in ["$defs", "definitions"] {
        for name in document
            .value
            .get(key)
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(Map::keys)
        {
            let pointer = format!("/{key}/{}", escape(name));
            if !linker.is_placed(document, &pointer) {
                claim_named(linker, document, "schemas", Kind::Schema, name, &pointer);
            }
        }
    }
}

/// Takes a name for a component of another file, and tells when it could not be its own.
fn claim_named(
    linker: &mut Linker<'_, '_>,
    document: &Arc<Document>,
    section: &'static str,
    kind: Kind,
    name: &str,
    pointer: &str,
) {
    let taken = linker.take_name(section, name, document);
    if taken != name {
        let message = format!("`{name}` is the name of another component; this one is called `{taken}` in the bundle");
        linker.diagnostics.push(Diagnostic::new(
            &codes::COMPONENT_RENAMED,
            message,
            Place::key(&document.path, pointer),
        ));
    }
    linker.pull(document, pointer, kind, &taken);
}

/// Takes names for the components of a further contract. One that the main contract has word for word is the same.
fn claim_other_components(linker: &mut Linker<'_, '_>, document: &Arc<Document>, main: &Arc<Document>) {
    for (section, kind, name, value) in components_of(&document.value) {
        let pointer = format!("/components/{section}/{}", escape(name));
        let same = main.value.pointer(&pointer) == Some(value) && main.old == document.old;
        if same {
            linker.place(document, &pointer, &pointer);
        } else {
            claim_named(linker, document, section, kind, name, &pointer);
        }
    }
}

/// Every component of a contract: section, kind, name, value.
fn components_of(contract: &Value) -> impl Iterator<Item = (&'static str, Kind, &str, &Value)> {
    let sections = contract.get("components").and_then(Value::as_object);
    sections
        .into_iter()
        .flatten()
        .filter_map(|(section, members)| {
            let kind = grammar::kind_of_section(section)?;
            Some((grammar::section(kind)?, kind, members.as_object()?))
        })
        .flat_map(|(section, kind, members)| {
            members
                .iter()
                .map(move |(name, value)| (section, kind, name.as_str(), value))
        })
}

/// The main contract, with placeholders for components that come from elsewhere.
fn copy_main(linker: &mut Linker<'_, '_>, main: &Arc<Document>, aliases: &[(&'static str, String)]) -> Map {
    let mut at = At {
        document: main,
        pointer: String::new(),
    };
    let Value::Object(mut merged) = linker.copy(&main.value, Kind::Document, &mut at) else {
        return Map::new();
    };
    for key in ["paths", "components"] {
        if !merged.get(key).is_some_and(Value::is_object) {
            merged.insert(key.to_owned(), json!({}));
        }
    }
    for (section, name) in aliases {
        let slot = merged
            .get_mut("components")
            .and_then(|components| components.get_mut(*section)?.get_mut(name));
        if let Some(slot) = slot {
            *slot = Value::Bool(true);
        }
    }
    merged
}

/// Adds a further contract to what has been merged.
fn merge(linker: &mut Linker<'_, '_>, merged: &mut Map, document: &Arc<Document>) {
    let Some(contract) = document.value.as_object() else {
        return;
    };
    for key in ["paths", "webhooks"] {
        let Some(items) = contract.get(key).and_then(Value::as_object) else {
            continue;
        };
        for (path, item) in items {
            let mut at = At {
                document,
                pointer: format!("/{key}/{}", escape(path)),
            };
            let mut item = linker.copy(item, Kind::PathItem, &mut at);
            own_security(&mut item, contract, merged);
            merge_item(linker, merged, key, path, item, &at);
        }
    }
    for key in ["tags", "servers"] {
        let Some(Value::Array(items)) = contract.get(key) else {
            continue;
        };
        let list = merged.entry(key).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            for item in items {
                let name = |value: &Value| value.get("name").or_else(|| value.get("url")).cloned();
                if !list.iter().any(|known| name(known) == name(item)) {
                    list.push(item.clone());
                }
            }
        }
    }
    merge_extension(linker, merged, document);
}

/// Operations of a contract keep the security that their own document demands.
fn own_security(item: &mut Value, contract: &Map, merged: &Map) {
    if contract.get("security") == merged.get("security") {
        return;
    }
    let own = contract.get("security").cloned().unwrap_or_else(|| json!([]));
    for method in Method::ALL {
        if let Some(operation) = item.get_mut(method.key()).and_then(Value::as_object_mut) {
            operation.entry("security").or_insert_with(|| own.clone());
        }
    }
}

fn merge_item(linker: &mut Linker<'_, '_>, merged: &mut Map, key: &str, path: &str, item: Value, at: &At<'_>) {
    let all = merged.entry(key).or_insert_with(|| json!({}));
    let Value::Object(all) = all else { return };
    let bundle = format!("/{key}/{}", escape(path));
    let Some(Value::Object(known)) = all.get_mut(path) else {
        all.insert(path.to_owned(), item);
        linker
            .origins
            .push((bundle, Place::pointer(&at.document.path, at.pointer.clone())));
        return;
    };
    for (name, value) in item.as_object().into_iter().flatten() {
        let pointer = format!("{}/{name}", at.pointer);
        if !known.contains_key(name) {
            known.insert(name.clone(), value.clone());
            linker
                .origins
                .push((format!("{bundle}/{name}"), Place::pointer(&at.document.path, pointer)));
        } else if Method::ALL.iter().any(|method| method.key() == name) {
            let message = format!("{} {path} is defined in another contract too", name.to_uppercase());
            linker.diagnostics.push(Diagnostic::new(
                &codes::OPERATION_DUPLICATE,
                message,
                Place::key(&at.document.path, pointer),
            ));
        }
    }
}

/// Maps of the extension are united; of two entries of one name the first contract's counts.
fn merge_extension(linker: &mut Linker<'_, '_>, merged: &mut Map, document: &Arc<Document>) {
    let Some(extension) = document.value.get("x-flaresmith") else {
        return;
    };
    let mut at = At {
        document,
        pointer: "/x-flaresmith".to_owned(),
    };
    let copied = linker.copy(extension, Kind::Extension, &mut at);
    let ours = merged.entry("x-flaresmith").or_insert_with(|| json!({}));
    let (Value::Object(ours), Value::Object(theirs)) = (ours, copied) else {
        return;
    };
    for (key, value) in theirs {
        match (ours.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(more)) => {
                for (name, value) in more {
                    if !known.contains_key(&name) {
                        let origin = Place::pointer(&document.path, format!("/x-flaresmith/{key}/{}", escape(&name)));
                        linker
                            .origins
                            .push((format!("/x-flaresmith/{key}/{}", escape(&name)), origin));
                        known.insert(name, value);
                    }
                }
            }
            (None, value) => {
                let origin = Place::pointer(&document.path, format!("/x-flaresmith/{key}"));
                linker.origins.push((format!("/x-flaresmith/{key}"), origin));
                ours.insert(key, value);
            }
            _ => {}
        }
    }
}

/// Version and title. YAML makes a number of `version: 1.0`; the author's own spelling is what counts.
fn head(merged: &mut Map, main: &Document, settings: &Settings, sources: &Sources) {
    let version = match merged.get("openapi").and_then(Value::as_str) {
        Some(version) if version.starts_with("3.1") => version.to_owned(),
        _ => "3.1.0".to_owned(),
    };
    merged.insert("openapi", version.into());
    let info = merged.entry("info").or_insert_with(|| json!({}));
    let Value::Object(info) = info else {
        return;
    };
    for key in ["title", "version"] {
        match info.get(key) {
            Some(Value::String(_)) => {}
            Some(Value::Number(number)) => {
                let written = Locator::new(sources).scalar(&main.path, &format!("/info/{key}"));
                let text = written.unwrap_or_else(|| number.to_string());
                info.insert(key, text.into());
            }
            _ => {
                let text = match key {
                    "title" => settings.name.clone().unwrap_or_else(|| "API".to_owned()),
                    _ => "0.0.0".to_owned(),
                };
                info.insert(key, text.into());
            }
        }
    }
}
