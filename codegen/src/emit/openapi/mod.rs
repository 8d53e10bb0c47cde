//! The `openapi` target.
//!
//! Owns: the bundled document in canonical form and its down-conversion to 3.0. Must not know: other targets.
//!
//! Both are the public view of the contract: internal schemas that no public part refers to, and how things are stored, are
//! not published. `openapi.json` is what a server answers with; the YAML files say the same.
//!
//! Path items, webhooks and components are written one by one, side by side, and put together at the end.

mod assemble;
mod book;
mod canonical;
mod downgrade;
mod objects;
mod public;
mod tally;
mod typed;
mod units;
mod written;
mod yaml;

pub(super) use self::book::Book;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use self::book::Volume;
use self::canonical::canonical;
use self::downgrade::Context;
use self::objects::Object;
use self::tally::Tally;
use self::units::{Group, Parts, apart, in_order};
use self::written::{Older, Texts, Unit};
use super::ahead::Contract;
use super::{AT_ONCE, Artifact, GENERATED_BY, Input, Ownership};
use crate::diagnostics::{Diagnostic, Diagnostics, downgrade as codes};
use crate::openapi::grammar::Place;
use crate::pointer::below;
use crate::rope::Rope;
use crate::tree::Value;

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[];

/// Where the documents go when nothing is said.
const FOLDER: &str = "generated/openapi";

/// Units by pointer.
type Units<U> = BTreeMap<String, Arc<U>>;

/// Makes the artifacts.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let key = || ("openapi book", String::new());
    let contract = input.contract();
    let book = match (input.ahead.take_book(), input.memo.take_part::<Book>(&key())) {
        (Some(book), _) => Some(book),
        (None, Some((made, book))) if made >= input.revisions.of_everything() => Some(book),
        (None, Some((made, book))) => book.followed(made, &contract),
        (None, None) => None,
    };
    let book = book.unwrap_or_else(|| documents(&contract));
    let artifacts = book.artifacts(diagnostics);
    input.memo.keep_part(key(), input.revisions.now, book);
    artifacts
}

/// Both documents, made anew.
pub(super) fn documents(input: &Contract<'_>) -> Book {
    let bundle = input.bundle;
    let document = &bundle.document;
    let mut diagnostics = Diagnostics::new();
    let (frame, groups) = apart(document);
    let apart = (frame.clone(), groups.clone());
    let mut dropped = Tally::default();
    let frame = canonical(document, "", &frame, Object::Of(Place::Document), &mut dropped);
    let mut groups = in_order(&frame, groups);
    let units: Units<Unit> = each(&groups, |pointer, group| Some(newer(input, pointer, group)));
    tallied(&groups, &units, |unit| &unit.dropped, &mut dropped);
    dropped.tell(&codes::KEYWORD_DROPPED, bundle, &mut diagnostics);
    for name in public::keep_public(&frame, &mut groups, &units) {
        let pointer = below("/components/schemas", &name);
        let message = format!("`{name}` is internal, but a public part of the contract refers to it");
        let place = bundle.place(&pointer);
        diagnostics.push(Diagnostic::new(&codes::INTERNAL_PUBLISHED, message, place));
    }
    let (older_groups, older) = older(input, &frame, groups.clone(), &units, &mut diagnostics);
    let newer = volume(input, "openapi", &frame, &groups, units, |unit| &unit.text);
    let book = Book {
        apart,
        frame,
        groups,
        newer,
        older_groups,
        older,
        diagnostics,
    };
    match input.memo.is_lasting() {
        true => book,
        false => book.closed(),
    }
}

/// A unit of the public document, by its pointer.
fn newer(input: &Contract<'_>, pointer: &str, group: &Group) -> Arc<Unit> {
    let document = &input.bundle.document;
    let round = input.revisions.of_unit_alone(pointer);
    let key = ("openapi", pointer.to_owned());
    input.memo.part(key, round, input.revisions.now, || {
        Unit::of(
            document,
            pointer,
            document.pointer(pointer).unwrap_or(&Value::Null),
            group,
            input.memo,
        )
    })
}

/// The same in 3.0.
fn older_unit(input: &Contract<'_>, context: &Context<'_>, pointer: &str, group: &Group) -> Option<Arc<Older>> {
    let round = match context.is_plain() {
        // No more is asked of what is referred to than what it is itself.
        true => input.revisions.of_unit_and_next(pointer),
        // Names of what is referred to in the middle of schemas depend on all of them.
        false => input.revisions.now,
    };
    let newer = context.value(pointer)?;
    let key = ("openapi-3.0", pointer.to_owned());
    Some(input.memo.part(key, round, input.revisions.now, || {
        Older::of(context, pointer, newer, group, input.memo)
    }))
}

/// The 3.0 document, with what it goes without.
fn older(
    input: &Contract<'_>,
    frame: &Value,
    mut groups: Vec<Group>,
    units: &Units<Unit>,
    diagnostics: &mut Diagnostics,
) -> (Vec<Group>, Volume<Older>) {
    let parts = Parts {
        frame,
        units,
        value: |unit: &Unit| &unit.value,
    };
    let context = Context::of(&parts, &groups);
    let mut losses = Tally::default();
    let frame = context.frame(&mut groups, &mut losses);
    let older: Units<Older> = each(&groups, |pointer, group| older_unit(input, &context, pointer, group));
    tallied(&groups, &older, |unit| &unit.losses, &mut losses);
    losses.tell(&codes::DOWNCONVERTED, input.bundle, diagnostics);
    let mut refused = typed::check_frame(&frame);
    tallied(&groups, &older, |unit| &unit.refused, &mut refused);
    refused.tell(&codes::DOWNCONVERT_REFUSED, input.bundle, diagnostics);
    let volume = volume(input, "openapi-3.0", &frame, &groups, older, |unit| &unit.text);
    (groups, volume)
}

/// Makes every unit, side by side.
fn each<U: Send + Sync>(groups: &[Group], make: impl Fn(&str, &Group) -> Option<Arc<U>> + Sync) -> Units<U> {
    let units: Vec<(String, &Group)> = groups
        .iter()
        .flat_map(|group| group.units().map(move |(pointer, _)| (pointer, group)))
        .collect();
    let units = units.into_par_iter().with_max_len(AT_ONCE);
    let made = units.filter_map(|(pointer, group)| {
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
fn volume<U: Send + Sync>(
    input: &Contract<'_>,
    name: &str,
    frame: &Value,
    groups: &[Group],
    units: Units<U>,
    texts: fn(&U) -> &Texts,
) -> Volume<U> {
    let folder = input.settings.openapi.out.as_deref().unwrap_or(FOLDER);
    let artifact = |end: &str, text: Rope| Artifact {
        path: format!("{folder}/{name}.{end}"),
        text,
        ownership: Ownership::Managed,
        target: "openapi",
    };
    let of = |pointer: &str| units.get(pointer).map(|unit| texts(unit));
    let head = format!("# {GENERATED_BY}\n");
    let ((json, of_json), (yaml, of_yaml)) = rayon::join(
        || assemble::json(frame, groups, &|pointer| of(pointer).map(|texts| &texts.json)),
        || assemble::yaml(&head, frame, groups, &|pointer| of(pointer).map(|texts| &texts.yaml)),
    );
    Volume {
        json: (artifact("json", json), of_json),
        yaml: (artifact("yaml", yaml), of_yaml),
        units,
    }
}
