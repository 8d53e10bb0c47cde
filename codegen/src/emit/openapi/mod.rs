//! The `openapi` target.
//!
//! Owns: the bundled document in canonical form and its down-conversion to 3.0. Must not know: other targets.
//!
//! Both are the public view of the contract: internal schemas that no public part refers to, and how things are stored, are
//! not published. `openapi.json` is what a server answers with; the YAML files say the same.
//!
//! Path items, webhooks and components are written one by one, side by side, and put together at the end.

mod assemble;
mod canonical;
mod downgrade;
mod objects;
mod public;
mod tally;
mod typed;
mod units;
mod written;
mod yaml;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use self::canonical::canonical;
use self::downgrade::Context;
use self::objects::Object;
use self::tally::Tally;
use self::units::{Group, Parts, apart, in_order};
use self::written::{Older, Texts, Unit};
use super::{Artifact, GENERATED_BY, Input, Ownership};
use crate::diagnostics::{Diagnostic, Diagnostics, downgrade as codes};
use crate::openapi::grammar::Place;

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[];

/// Where the documents go when nothing is said.
const FOLDER: &str = "generated/openapi";

/// Units by pointer.
type Units<U> = BTreeMap<String, Arc<U>>;

/// Makes the artifacts.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let round = input.revisions.of_everything();
    input.again("openapi", "", round, diagnostics, |diagnostics| {
        documents(input, diagnostics)
    })
}

fn documents(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let bundle = input.bundle;
    let document = &bundle.document;
    let (frame, groups) = apart(document);
    let mut dropped = Tally::default();
    let mut frame = canonical(document, "", &frame, Object::Of(Place::Document), &mut dropped);
    let mut groups = in_order(&frame, groups);
    let units: Units<Unit> = each(&groups, |pointer, group| {
        let round = input.revisions.of_unit_alone(pointer);
        let made = input
            .memo
            .part(("openapi", pointer.to_owned()), round, input.revisions.now, || {
                Unit::of(
                    document,
                    pointer,
                    document.pointer(pointer).unwrap_or(&Value::Null),
                    group,
                )
            });
        Some(made)
    });
    tallied(&groups, &units, |unit| &unit.dropped, &mut dropped);
    dropped.tell(&codes::KEYWORD_DROPPED, bundle, diagnostics);
    for name in public::keep_public(&frame, &mut groups, &units) {
        let pointer = units::below("/components/schemas", &name);
        let message = format!("`{name}` is internal, but a public part of the contract refers to it");
        let place = bundle.place(&pointer);
        diagnostics.push(Diagnostic::new(&codes::INTERNAL_PUBLISHED, message, place));
    }
    let newer = pair(input, "openapi", &frame, &groups, &units, |unit| &unit.text);
    let older = older(input, &mut frame, groups, &units, diagnostics);
    newer.into_iter().chain(older).collect()
}

/// The 3.0 documents, with what they go without.
fn older(
    input: &Input<'_>,
    frame: &mut Value,
    mut groups: Vec<Group>,
    units: &Units<Unit>,
    diagnostics: &mut Diagnostics,
) -> [Artifact; 2] {
    let parts = Parts {
        frame,
        units,
        value: |unit: &Unit| &unit.value,
    };
    let context = Context::of(&parts, &groups);
    let mut losses = Tally::default();
    let frame = context.frame(&mut groups, &mut losses);
    let older: Units<Older> = each(&groups, |pointer, group| {
        let round = match context.is_plain() {
            // No more is asked of what is referred to than what it is itself.
            true => input.revisions.of_unit_and_next(pointer),
            // Names of what is referred to in the middle of schemas depend on all of them.
            false => input.revisions.now,
        };
        let newer = context.value(pointer)?;
        let made = input
            .memo
            .part(("openapi-3.0", pointer.to_owned()), round, input.revisions.now, || {
                Older::of(&context, pointer, newer, group)
            });
        Some(made)
    });
    tallied(&groups, &older, |unit| &unit.losses, &mut losses);
    losses.tell(&codes::DOWNCONVERTED, input.bundle, diagnostics);
    let mut refused = typed::check_frame(&frame);
    tallied(&groups, &older, |unit| &unit.refused, &mut refused);
    refused.tell(&codes::DOWNCONVERT_REFUSED, input.bundle, diagnostics);
    pair(input, "openapi-3.0", &frame, &groups, &older, |unit| &unit.text)
}

/// Makes every unit, side by side.
fn each<U: Send + Sync>(groups: &[Group], make: impl Fn(&str, &Group) -> Option<Arc<U>> + Sync) -> Units<U> {
    let units: Vec<(String, &Group)> = groups
        .iter()
        .flat_map(|group| group.units().map(move |(pointer, _)| (pointer, group)))
        .collect();
    let made = units.into_par_iter().filter_map(|(pointer, group)| {
        let made = make(&pointer, group)?;
        Some((pointer, made))
    });
    made.collect::<Vec<_>>().into_iter().collect()
}

/// Adds up what was counted in each unit, in the order of the document.
fn tallied<U>(groups: &[Group], units: &Units<U>, count: fn(&U) -> &Tally, all: &mut Tally) {
    for (pointer, _) in groups.iter().flat_map(Group::units) {
        if let Some(unit) = units.get(&pointer) {
            all.add_all(count(unit));
        }
    }
}

/// A document as JSON and as YAML.
fn pair<U: Send + Sync>(
    input: &Input<'_>,
    name: &str,
    frame: &Value,
    groups: &[Group],
    units: &Units<U>,
    texts: fn(&U) -> &Texts,
) -> [Artifact; 2] {
    let folder = input.settings.openapi.out.as_deref().unwrap_or(FOLDER);
    let artifact = |end: &str, text: String| Artifact {
        path: format!("{folder}/{name}.{end}"),
        text: text.into(),
        ownership: Ownership::Managed,
        target: "openapi",
    };
    let of = |pointer: &str| units.get(pointer).map(|unit| texts(unit));
    let (json, yaml) = rayon::join(
        || assemble::json(frame, groups, &|pointer| of(pointer).map(|texts| texts.json.as_str())),
        || assemble::yaml(frame, groups, &|pointer| of(pointer).map(|texts| texts.yaml.as_str())),
    );
    let yaml = format!("# {GENERATED_BY}\n{yaml}");
    [artifact("json", json), artifact("yaml", yaml)]
}
