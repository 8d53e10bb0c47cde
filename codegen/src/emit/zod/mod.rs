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
use serde_json::Value;

use super::typescript::format::format_parts;
use super::typescript::imports::Imports;
use super::typescript::names::TsNames;
use super::typescript::text::{string, value};
use super::{Artifact, GENERATED_BY, Input, Ownership, typescript};
use crate::diagnostics::{Diagnostic, Diagnostics, Place as At, emit as codes};
use crate::model::TypeId;
use crate::model::graph::Edges;

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
    let names = TsNames::new(input.model);
    let folder = format!("{}/src/zod", typescript::folder(input));
    let head = || format!("// {GENERATED_BY}\n");
    let mut modules: Vec<(String, Vec<String>)> = Vec::new();
    let definitions = input.model.guard_definitions.as_ref();
    if let Some(definitions) = definitions {
        modules.push((
            format!("{folder}/definitions.ts"),
            vec![head(), definitions_of(definitions)],
        ));
    }
    for (frame, _) in FRAMES
        .iter()
        .filter(|(frame, _)| definitions.is_some() || *frame != GUARD)
    {
        match input.templates.render(frame, &Frame { project: input.project }) {
            Ok(text) => modules.push((
                format!("{folder}/{}", frame.trim_start_matches("zod/")),
                vec![head(), text],
            )),
            Err(error) => {
                let place = At::file(&format!("templates/{}", error.name));
                diagnostics.push(Diagnostic::new(&codes::TEMPLATE, error.message, place));
            }
        }
    }
    modules.push((format!("{folder}/index.ts"), vec![head(), index(&names)]));
    let components = input.model.components(Edges::All);
    let large = size::large(input.model, &components);
    let named = names.modules();
    let formatted = |path: String, parts: Vec<String>, found: &mut Diagnostics| Artifact {
        text: format_parts(input.memo, &path, parts, found).into(),
        path,
        ownership: Ownership::Managed,
        target: "zod",
    };
    let module = |module: &str, ids: &[TypeId], found: &mut Diagnostics| {
        let round = input.revisions.of_types(ids);
        input.again("zod", module, round, found, |found| {
            let definitions: Vec<Arc<(String, Imports)>> = order::topological(input.model, &components, ids)
                .into_par_iter()
                .map(|id| {
                    let key = ("zod type", id.index().to_string());
                    let round = input.revisions.of_type(id);
                    input.memo.part(key, round, input.revisions.now, || {
                        let mut imports = Imports::default();
                        let mut writer = Writer::new(&names, &components, Place::Module(module), &mut imports);
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
            let mut parts = vec![head(), imports.render()];
            parts.extend(definitions.iter().map(|definition| definition.0.clone()));
            vec![formatted(format!("{folder}/{module}.ts"), parts, found)]
        })
    };
    let made: Vec<(Vec<Artifact>, Diagnostics)> = named
        .par_iter()
        .map(|(name, ids)| {
            let mut found = Diagnostics::new();
            (module(name, ids, &mut found), found)
        })
        .collect();
    let mut artifacts: Vec<Artifact> = modules
        .into_iter()
        .map(|(path, parts)| formatted(path, parts, diagnostics))
        .collect();
    for (mut own, mut found) in made {
        artifacts.append(&mut own);
        diagnostics.append(&mut found);
    }
    artifacts
}

/// The schemas that guards refer to.
fn definitions_of(definitions: &BTreeMap<String, Value>) -> String {
    let mut text = String::from(
        "/** Schemas that guards refer to, by their pointers in the contract. */\nexport const definitions: { readonly [pointer: string]: unknown } = {",
    );
    for (pointer, schema) in definitions {
        text.push_str(&format!("\n  {}: {},", string(pointer), value(schema)));
    }
    text.push_str("\n};\n");
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
            let list: Vec<String> = public
                .iter()
                .map(|id| format!("type {}, {}", names.type_name(**id), names.schema_name(**id)))
                .collect();
            text.push_str(&format!("export {{ {} }} from './{module}.js';\n", list.join(", ")));
        }
    }
    if text.is_empty() {
        text.push_str("export {};\n");
    }
    text
}
