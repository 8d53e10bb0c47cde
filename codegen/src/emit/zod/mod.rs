//! The `zod` target.
//!
//! Owns: Zod 4 schemas and their inferred types. Must not know: other targets.
//!
//! A schema admits what the contract's schema admits, no more and no less: formats that Zod reads otherwise are our own
//! (`formats.ts`), and so are the rules that it lacks (`rules.ts`). Values are never changed: a default is told in the
//! documentation, not filled in, so that what is sent is what was meant.

mod definition;
mod docs;
mod expression;
mod order;
mod size;
#[cfg(test)]
mod tests;
mod unions;

pub(super) use expression::{Place, Writer};

use std::collections::BTreeMap;

use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use super::typescript::imports::{Imports, declaration};
use super::typescript::layout::{Item, Layout};
use super::typescript::names::TsNames;
use super::{AT_ONCE, Artifact, GENERATED_BY, Input, Ownership, typescript};
use crate::diagnostics::{Diagnostic, Diagnostics, Place as At, emit as codes};
use crate::model::TypeId;
use crate::model::graph::Edges;
use crate::tree::Value;

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[
    ("zod/rules.ts", include_str!("../../../../templates/zod/rules.ts")),
    ("zod/formats.ts", include_str!("../../../../templates/zod/formats.ts")),
    (GUARD, include_str!("../../../../templates/zod/guard.ts")),
];

/// The frame that only a contract with guards needs.
const GUARD: &str = "zod/guard.ts";

/// What frames may use.
#[derive(Serialize)]
struct Frame<'a> {
    project: &'a str,
}

/// Makes the artifacts.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let names = input.names.typescript(input);
    let folder = format!("{}/src/zod", typescript::folder(input));
    let head = || format!("// {GENERATED_BY}\n");
    let mut modules: Vec<(String, String)> = Vec::new();
    let definitions = input.model.guard_definitions.as_ref();
    if let Some(definitions) = definitions {
        modules.push(("definitions".to_owned(), definitions_of(definitions)));
    }
    for (frame, _) in FRAMES
        .iter()
        .filter(|(frame, _)| definitions.is_some() || *frame != GUARD)
    {
        let module = frame.trim_start_matches("zod/").trim_end_matches(".ts");
        match input.templates.render(frame, &Frame { project: input.project }) {
            Ok(text) => modules.push((module.to_owned(), text)),
            Err(error) => {
                let place = At::file(&format!("templates/{}", error.name));
                diagnostics.push(Diagnostic::new(&codes::TEMPLATE, error.message, place));
            }
        }
    }
    modules.push(("index".to_owned(), index(names)));
    let components = input.model.components(Edges::All);
    let large = size::large(input.model, &components);
    let named = names.modules();
    let module = |module: &str, ids: &[TypeId], found: &mut Diagnostics| {
        let round = input.revisions.of_types(ids);
        let name = format!("{} {module}", names.placement());
        input.again("zod", &name, round, found, |_| {
            let definitions: Vec<Arc<(String, Imports)>> = order::topological(input.model, &components, ids)
                .into_par_iter()
                .with_max_len(AT_ONCE)
                .map(|id| {
                    let key = ("zod type", format!("{} {}", names.placement(), id.index()));
                    let round = input.revisions.of_type(id);
                    input.memo.part(key, round, input.revisions.now, || {
                        let mut imports = Imports::default();
                        let mut writer = Writer::new(names, &components, Place::Module(module), &mut imports);
                        writer.large = Some(&large);
                        (definition::write(&mut writer, id), imports)
                    })
                })
                .collect();
            let mut imports = Imports::default();
            imports.value("zod", "z");
            for definition in &definitions {
                imports.take(&definition.1);
            }
            let (head, imports) = (head(), imports.render());
            let texts = definitions.iter().map(|definition| definition.0.as_str());
            let parts = [head.as_str(), &imports].into_iter().chain(texts);
            vec![artifact(&folder, module, &parts.collect::<Vec<_>>())]
        })
    };
    let made: Vec<(Vec<Artifact>, Diagnostics)> = named
        .par_iter()
        .with_max_len(1)
        .map(|(name, ids)| {
            let mut found = Diagnostics::new();
            (module(name, ids, &mut found), found)
        })
        .collect();
    let mut artifacts: Vec<Artifact> = modules
        .iter()
        .map(|(module, text)| artifact(&folder, module, &[&head(), text]))
        .collect();
    for (mut own, mut found) in made {
        artifacts.append(&mut own);
        diagnostics.append(&mut found);
    }
    artifacts
}

/// A module of parts, with an empty line between them.
fn artifact(folder: &str, module: &str, parts: &[&str]) -> Artifact {
    Artifact {
        path: format!("{folder}/{module}.ts"),
        text: parts.join("\n").into(),
        ownership: Ownership::Managed,
        target: "zod",
    }
}

/// The schemas that guards refer to.
fn definitions_of(definitions: &BTreeMap<String, Value>) -> String {
    let mut text = String::from("/** Schemas that guards refer to, by their pointers in the contract. */\n");
    let members = definitions
        .iter()
        .map(|(pointer, schema)| Item::member(pointer, Layout::value(schema)));
    let mut object = Layout::object(members.collect());
    if !definitions.is_empty() {
        object = object.on_lines();
    }
    let head = "export const definitions: { readonly [pointer: string]: unknown } = ";
    object.line(0, head, ";", &mut text);
    text
}

/// The public index: everything but internal types.
fn index(names: &TsNames<'_>) -> String {
    let mut text = String::new();
    for (module, ids) in names.modules() {
        let is_public = |id: &&TypeId| !names.model.type_def(**id).internal;
        let public: Vec<&TypeId> = ids.iter().filter(is_public).collect();
        if public.len() == ids.len() {
            text.push_str(&format!("export * from './{module}.js';\n"));
        } else if !public.is_empty() {
            let both = |id: &&TypeId| [(names.type_name(**id), true), (names.schema_name(**id), false)];
            let list = public.iter().flat_map(both).collect();
            declaration("export", list, &format!("./{module}.js"), &mut text);
        }
    }
    if text.is_empty() {
        text.push_str("export {};\n");
    }
    text
}
