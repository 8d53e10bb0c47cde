//! Records: properties, and members that no property names.
//!
//! Owns: what changed about the members of an object. Must not know: types in detail.

use super::comparison::Comparison;
use super::rules;
use super::spot::{Direction, Spot};
use crate::model::{Extra, Field, Kind, Record, Type};

impl Comparison<'_> {
    /// Two objects.
    pub(super) fn records(&mut self, before: &Record, after: &Record, spot: &Spot) {
        for old in &before.fields {
            if !after.fields.iter().any(|now| now.wire == old.wire) {
                let spot = spot.property(&old.wire).toward(travels(old, spot.direction));
                let message = format!("the property {} was removed", spot.words());
                self.removed(&rules::PROPERTY_REMOVED, &spot, message, None);
            }
        }
        let closed = before.extra == Extra::Refused;
        for now in &after.fields {
            match before.fields.iter().find(|old| old.wire == now.wire) {
                Some(old) => self.property(old, now, spot),
                None => {
                    let direction = travels(now, spot.direction);
                    let spot = spot.property(&now.wire).toward(direction);
                    let words = spot.words();
                    let (rule, message) = if now.required && direction.request {
                        (
                            &rules::PROPERTY_ADDED_REQUIRED,
                            format!("the required property {words} was added"),
                        )
                    } else if closed && direction.response {
                        (
                            &rules::PROPERTY_ADDED_TO_CLOSED,
                            format!("the property {words} was added, and readers refuse what they do not know"),
                        )
                    } else {
                        (&rules::PROPERTY_ADDED, format!("the property {words} was added"))
                    };
                    self.added(rule, &spot, message, None);
                }
            }
        }
        self.extra(&before.extra, &after.extra, spot);
        let (old, now) = (before, after);
        self.count("member", old.min_properties, now.min_properties, true, spot);
        self.count("member", old.max_properties, now.max_properties, false, spot);
    }

    fn property(&mut self, before: &Field, after: &Field, spot: &Spot) {
        let (old, now) = (travels(before, spot.direction), travels(after, spot.direction));
        let direction = Direction::new(old.request && now.request, old.response && now.response);
        let spot = spot.property(&after.wire);
        let words = spot.words();
        if (before.read_only, before.write_only) != (after.read_only, after.write_only) {
            let message = format!("{words} is {} now, it was {}", access(after), access(before));
            // Where it travelled neither before nor now, nobody notices.
            let spot = spot
                .clone()
                .toward(Direction::new(old.request != now.request, old.response != now.response));
            self.changed(
                &rules::PROPERTY_ACCESS,
                &spot,
                message,
                access(before).to_owned(),
                access(after).to_owned(),
            );
        }
        let spot = spot.toward(direction);
        match (before.required, after.required) {
            (false, true) => self.said(&rules::PROPERTY_REQUIRED, &spot, format!("{words} is required now")),
            (true, false) => self.said(&rules::PROPERTY_OPTIONAL, &spot, format!("{words} is optional now")),
            _ => {}
        }
        if before.secret != after.secret {
            let verb = if after.secret {
                "is a secret now"
            } else {
                "is not a secret any more"
            };
            self.said(&rules::PROPERTY_SECRET, &spot, format!("{words} {verb}"));
        }
        self.types(&before.ty, &after.ty, &spot);
        if before.secret || after.secret {
            if before.default != after.default {
                let message = format!("absence of {words} stands for something else now");
                self.said(&rules::DEFAULT_CHANGED, &spot, message);
            }
        } else {
            self.default(before.default.as_ref(), after.default.as_ref(), &spot);
        }
        self.docs(&before.docs, &after.docs, &spot);
    }

    fn extra(&mut self, before: &Extra, after: &Extra, spot: &Spot) {
        /// Whether a member of any kind is accepted; whether it is kept makes no difference on the wire.
        fn open(extra: &Extra) -> bool {
            matches!(extra, Extra::Ignored | Extra::Kept(Type { kind: Kind::Any, .. }))
        }
        let words = spot.words();
        match (before, after) {
            (Extra::Kept(old), Extra::Kept(now)) => self.types(old, now, &spot.members()),
            (old, now) if open(old) && open(now) => {}
            (Extra::Refused, Extra::Refused) => {}
            (_, Extra::Refused) => {
                self.said(
                    &rules::EXTRA_REFUSED,
                    spot,
                    format!("{words} admits no unnamed members any more"),
                );
            }
            (Extra::Refused, _) => {
                self.said(
                    &rules::EXTRA_ADMITTED,
                    spot,
                    format!("{words} admits unnamed members now"),
                );
            }
            (_, Extra::Kept(_)) => {
                self.said(
                    &rules::EXTRA_REFUSED,
                    spot,
                    format!("{words} admits unnamed members of one type only"),
                );
            }
            (Extra::Kept(_), _) => {
                self.said(
                    &rules::EXTRA_ADMITTED,
                    spot,
                    format!("{words} admits unnamed members of any type now"),
                );
            }
            _ => {}
        }
    }
}

/// In which direction a property travels.
fn travels(field: &Field, direction: Direction) -> Direction {
    Direction::new(
        direction.request && !field.read_only,
        direction.response && !field.write_only,
    )
}

fn access(field: &Field) -> &'static str {
    match (field.read_only, field.write_only) {
        (true, false) => "only in answers",
        (false, true) => "only in requests",
        (true, true) => "nowhere",
        (false, false) => "in requests and answers",
    }
}
