//! Unions: variants, and the property that tells them apart.
//!
//! Owns: which variants belong together. Must not know: what variants hold.

use super::comparison::Comparison;
use super::rules;
use super::spot::Spot;
use super::types::form;
use crate::model::{Kind, Union, Variant};

/// So many pairs of unnamed variants are tried; beyond, a variant is recognised by its name, tag or schema only.
const TRIED: usize = 400;

impl Comparison<'_> {
    /// Two unions.
    pub(super) fn unions(&mut self, before: &Union, after: &Union, spot: &Spot) {
        let words = spot.words();
        match (before.exclusive, after.exclusive) {
            (false, true) => self.said(
                &rules::TYPE_NARROWED,
                spot,
                format!("{words} must be exactly one of its variants now"),
            ),
            (true, false) => self.said(
                &rules::TYPE_WIDENED,
                spot,
                format!("{words} may be several of its variants at once now"),
            ),
            _ => {}
        }
        let tag = |union: &Union| union.tag.as_ref().map(|tag| tag.wire.clone());
        let same_tag = tag(before) == tag(after);
        match (tag(before), tag(after)) {
            (None, Some(now)) => {
                let message = format!("the variants of {words} are told apart by `{now}` now");
                self.added(&rules::DISCRIMINATOR_ADDED, spot, message, Some(now));
            }
            (Some(old), None) => {
                let message = format!("the variants of {words} are not told apart by `{old}` any more");
                self.removed(&rules::DISCRIMINATOR_CHANGED, spot, message, Some(old));
            }
            (Some(old), Some(now)) if old != now => {
                let message = format!("the variants of {words} are told apart by `{now}` now, not by `{old}`");
                self.changed(&rules::DISCRIMINATOR_CHANGED, spot, message, old, now);
            }
            _ => {}
        }
        let pairs = self.matched(before, after, spot);
        for (i, old) in before.variants.iter().enumerate() {
            if !pairs.iter().any(|(other, _)| *other == i) {
                let place = spot.variant(&old.name.raw, &pointer(before, i), "");
                let message = format!("{words} is never {} any more", called(self.before.model, old));
                self.removed(&rules::VARIANT_REMOVED, &place, message, None);
            }
        }
        for (i, now) in after.variants.iter().enumerate() {
            let Some((old_at, old)) = pairs
                .iter()
                .find(|(_, other)| *other == i)
                .and_then(|(old, _)| Some((*old, before.variants.get(*old)?)))
            else {
                let place = spot.variant(&now.name.raw, "", &pointer(after, i));
                let message = format!("{words} may be {} now", called(self.after.model, now));
                self.added(&rules::VARIANT_ADDED, &place, message, None);
                continue;
            };
            let place = spot.variant(&now.name.raw, &pointer(before, old_at), &pointer(after, i));
            if same_tag && old.tags != now.tags {
                let (old, now) = (old.tags.join(", "), now.tags.join(", "));
                let message = format!("{} is told by `{now}` now, it was `{old}`", place.words());
                self.changed(&rules::VARIANT_TAG, &place, message, old, now);
            }
            self.types(&old.ty, &now.ty, &place);
        }
    }

    /// Pairs of variants, as indexes: by schema, then by the values of the tag, by name, and by what they hold.
    fn matched(&mut self, before: &Union, after: &Union, spot: &Spot) -> Vec<(usize, usize)> {
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        let (old, now) = (&before.variants, &after.variants);
        let free = |pairs: &[(usize, usize)], i: usize, j: usize| !pairs.iter().any(|(a, b)| *a == i || *b == j);
        for way in 0..4 {
            if way == 3 && (self.trial || (old.len() - pairs.len()) * (now.len() - pairs.len()) > TRIED) {
                break;
            }
            for (i, left) in old.iter().enumerate() {
                for (j, right) in now.iter().enumerate() {
                    if !free(&pairs, i, j) {
                        continue;
                    }
                    let same = match way {
                        0 => match (&left.ty.kind, &right.ty.kind) {
                            (Kind::Named(left), Kind::Named(right)) => self.pairs.same(*left, *right),
                            _ => false,
                        },
                        1 => left.tags.iter().any(|tag| right.tags.contains(tag)),
                        2 => left.name == right.name && !self.elsewhere(left, right),
                        _ => {
                            let (left, right) = (form(self.before.model, &left.ty), form(self.after.model, &right.ty));
                            self.alike(left, right, spot)
                        }
                    };
                    if same {
                        pairs.push((i, j));
                    }
                }
            }
        }
        pairs
    }

    /// Whether one of two variants is a component that has its pair in another.
    fn elsewhere(&self, before: &Variant, after: &Variant) -> bool {
        match (&before.ty.kind, &after.ty.kind) {
            (Kind::Named(old), Kind::Named(now)) => {
                self.pairs.schemas.get(old).is_some_and(|pair| pair != now)
                    || self
                        .pairs
                        .schemas
                        .iter()
                        .any(|(other, pair)| pair == now && other != old)
            }
            _ => false,
        }
    }
}

fn pointer(union: &Union, i: usize) -> String {
    format!("/{}/{i}", if union.exclusive { "oneOf" } else { "anyOf" })
}

/// A variant in a sentence: its schema, else its name.
fn called(model: &crate::model::Model, variant: &Variant) -> String {
    match &variant.ty.kind {
        Kind::Named(id) if model.type_def(*id).component => format!("`{}`", model.type_def(*id).name.raw),
        _ => format!("`{}`", variant.name.raw),
    }
}
