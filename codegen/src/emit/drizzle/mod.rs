//! The `drizzle` target.
//!
//! Owns: `schema.ts` (tables, enumerations, relations) and `drizzle.config.ts`. Must not know: other targets, beyond where the
//! package keeps types for JSON columns.
//!
//! One module holds everything: drizzle-kit loads it by itself and follows no imports written for ES modules, and types of JSON
//! columns are imported as types only, so nothing is left of them when it runs. Properties have the names of the fields on the
//! wire, so a row of a table is a value of its schema.

mod columns;
mod names;
mod tables;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use serde::Serialize;

use super::typescript::imports::Imports;
use super::typescript::layout::Layout;
use super::typescript::names::TsNames;
use super::typescript::text::{comment, string};
use super::typescript::types;
use super::{Artifact, GENERATED_BY, Input, Ownership, typescript};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, emit as codes};
use crate::model::graph::Edges;
use crate::model::{ColumnKind, Model, Shape, TypeId};
use crate::revisions::Round;
use names::DrizzleNames;

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[
    (
        "drizzle/drizzle.config.ts",
        include_str!("../../../../templates/drizzle/drizzle.config.ts"),
    ),
    (
        "drizzle/columns.ts",
        include_str!("../../../../templates/drizzle/columns.ts"),
    ),
];

/// The functions of Drizzle's dialect.
const PG: &str = "drizzle-orm/pg-core";

/// What frames may use.
#[derive(Serialize)]
struct Frame<'a> {
    project: &'a str,
    timestamp: bool,
    bytes: bool,
}

/// What the writers of tables share.
struct Context<'c> {
    model: &'c Model,
    ts: &'c TsNames<'c>,
    names: &'c DrizzleNames,
    /// Whether the package has the zod target, whose types JSON columns then have.
    zod: bool,
}

/// Makes the artifacts.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let model = input.model;
    let folder = typescript::folder(input);
    let ts = input.names.typescript(input);
    let round = input.revisions.of_tables();
    let key = ("drizzle names", String::new());
    let names = input
        .memo
        .part(key, round, input.revisions.now, || DrizzleNames::new(model, ts));
    let context = Context {
        model,
        names: &names,
        ts,
        zod: input.selected.contains(&"zod"),
    };
    let has = |kind: &ColumnKind| {
        model
            .entities
            .iter()
            .flat_map(|entity| &entity.columns)
            .any(|column| column.kind == *kind)
    };
    let frame = Frame {
        project: input.project,
        timestamp: has(&ColumnKind::Timestamp),
        bytes: has(&ColumnKind::Bytes),
    };
    let mut render = |name: &str| {
        input.templates.render(name, &frame).unwrap_or_else(|error| {
            let place = Place::file(&format!("templates/{}", error.name));
            diagnostics.push(Diagnostic::new(&codes::TEMPLATE, error.message, place));
            String::new()
        })
    };
    let config = render("drizzle/drizzle.config.ts");
    let column_types = render("drizzle/columns.ts");
    let mut imports = Imports::default();
    if frame.timestamp || frame.bytes {
        imports.value(PG, "customType");
    }
    let mut mentioned = BTreeSet::new();
    let body = schema(input, &context, &mut imports, &mut mentioned);
    let mut parts = vec![imports.render()];
    if !column_types.trim().is_empty() {
        parts.push(format!("{}\n", column_types.trim()));
    }
    parts.retain(|part| !part.is_empty());
    parts.extend(body);
    let mut modules = vec![
        (format!("{folder}/drizzle.config.ts"), vec![config]),
        (format!("{folder}/src/drizzle/schema.ts"), parts),
    ];
    if !context.zod && !mentioned.is_empty() {
        modules.push((format!("{folder}/src/drizzle/types.ts"), json_types(ts, mentioned)));
    }
    modules
        .into_iter()
        .map(|(path, mut parts)| {
            parts.insert(0, format!("// {GENERATED_BY}\n"));
            Artifact {
                path,
                text: parts.join("\n").into(),
                ownership: Ownership::Managed,
                target: "drizzle",
            }
        })
        .collect()
}

/// Something of the schema, with what it takes from elsewhere.
#[derive(Default)]
struct Part {
    text: String,
    imports: Imports,
    /// Types of JSON columns.
    mentioned: BTreeSet<TypeId>,
}

/// Enumerations, tables, relations.
fn schema(
    input: &Input<'_>,
    context: &Context<'_>,
    imports: &mut Imports,
    mentioned: &mut BTreeSet<TypeId>,
) -> Vec<String> {
    let model = context.model;
    if model.entities.is_empty() {
        return vec!["// The contract describes no tables.\nexport {};\n".to_owned()];
    }
    let revisions = input.revisions;
    let part = |what: &'static str, name: String, round: Round, make: &dyn Fn(&mut Part)| {
        input.memo.part((what, name), round, revisions.now, || {
            let mut part = Part::default();
            make(&mut part);
            part
        })
    };
    let mut parts = Vec::new();
    for (id, constant, stored) in context.names.enums() {
        let round = revisions.of_type(id).max(revisions.of_tables());
        let name = id.index().to_string();
        parts.push(part("drizzle enumeration", name, round, &|part| {
            enumeration(model, (id, constant, stored), part);
        }));
    }
    let relations = OnceCell::new();
    let mut related = Vec::new();
    for at in 0..model.entities.len() {
        let round = revisions.of_table(model, at);
        let name = format!("{} {} {at}", context.ts.placement(), context.zod);
        parts.push(part("drizzle table", name, round, &|part| {
            part.text = tables::table(context, at, &mut part.imports, &mut part.mentioned);
        }));
        related.push(part("drizzle relations", at.to_string(), round, &|part| {
            let all = relations.get_or_init(|| names::relations(model));
            if let Some(own) = all.get(at) {
                part.text = tables::relations(context, at, own, &mut part.imports);
            }
        }));
    }
    parts.append(&mut related);
    for part in &parts {
        imports.take(&part.imports);
        mentioned.extend(&part.mentioned);
    }
    let texts = parts.iter().map(|part| part.text.clone());
    texts.filter(|text| !text.is_empty()).collect()
}

/// An enumeration: its type, its constant, and its name in the database.
fn enumeration(model: &Model, (id, constant, stored): (TypeId, &str, &str), part: &mut Part) {
    let def = model.type_def(id);
    let Shape::Enumeration(list) = &def.shape else { return };
    let values = list.values.iter().filter_map(|value| value.as_str());
    let values = Layout::list(values.map(|value| Layout::text(string(value))).collect());
    part.imports.value(PG, "pgEnum");
    part.text = comment(def.docs.description.as_deref().unwrap_or_default(), "");
    let call = Layout::call("pgEnum", vec![Layout::text(string(stored)), values]);
    call.line(0, &format!("export const {constant} = "), ";", &mut part.text);
}

/// The types of JSON columns, for a package without the zod target.
fn json_types(ts: &TsNames<'_>, mentioned: BTreeSet<TypeId>) -> Vec<String> {
    let mut wanted: Vec<TypeId> = mentioned.iter().copied().collect();
    let mut known = mentioned;
    while let Some(id) = wanted.pop() {
        for other in ts.model.references(id, Edges::All) {
            if known.insert(other) {
                wanted.push(other);
            }
        }
    }
    let definition = |id: TypeId| {
        let def = ts.model.type_def(id);
        let mut text = comment(def.docs.description.as_deref().unwrap_or_default(), "");
        let spelt = types::definition(ts, def, &mut |_| {});
        spelt.line(0, &format!("export type {} = ", ts.type_name(id)), ";", &mut text);
        text
    };
    known.into_iter().map(definition).collect()
}
