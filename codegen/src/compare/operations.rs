//! Operations: which there are, what they are called, where they stand.
//!
//! Owns: the changes of an operation as a whole. Must not know: parameters, bodies and policy in detail.

use super::change::Subject;
use super::comparison::Comparison;
use super::pairs::address;
use super::rules;
use super::spot::{Direction, Spot};
use crate::model::Operation;

impl Comparison<'_> {
    /// Every operation.
    pub(super) fn operations(&mut self) {
        let (before, after) = (self.before.model, self.after.model);
        for operation in self.pairs.operations_removed.clone() {
            if let Some(operation) = before.operations.get(operation) {
                let spot = spot(operation, operation);
                let message = format!("the operation `{}` was removed", operation.id.raw);
                self.removed(&rules::OPERATION_REMOVED, &spot, message, None);
            }
        }
        for operation in self.pairs.operations_added.clone() {
            if let Some(operation) = after.operations.get(operation) {
                let spot = spot(operation, operation);
                let message = format!("the operation `{}` was added", operation.id.raw);
                self.added(&rules::OPERATION_ADDED, &spot, message, None);
            }
        }
        for (old, now) in self.pairs.operations.clone() {
            if let (Some(old), Some(now)) = (before.operations.get(old), after.operations.get(now)) {
                self.operation(old, now);
            }
        }
    }

    fn operation(&mut self, before: &Operation, after: &Operation) {
        self.visited.clear();
        let spot = spot(before, after);
        if address(before) != address(after) {
            let (old, now) = (written(before), written(after));
            let message = format!("the operation stood at {old} and stands at {now} now");
            self.changed(&rules::OPERATION_MOVED, &spot, message, old, now);
        }
        let renamed = before.id.raw != after.id.raw;
        if renamed {
            let (old, now) = (&before.id.raw, &after.id.raw);
            let message = format!("the operation is called `{now}` now, it was `{old}`");
            self.changed(
                &rules::OPERATION_RENAMED,
                &spot,
                message,
                old.to_string(),
                now.to_string(),
            );
        }
        let (old, now) = (
            &self.before.model.domain(before.domain).name.raw,
            &self.after.model.domain(after.domain).name.raw,
        );
        if old != now {
            let message = format!("the operation belongs to the domain `{now}` now, it was `{old}`");
            self.changed(
                &rules::OPERATION_GROUPED,
                &spot,
                message,
                old.to_string(),
                now.to_string(),
            );
        }
        self.parameters(before, after, &spot);
        self.body(before.body.as_ref(), after.body.as_ref(), &spot);
        self.responses(before, after, &spot);
        self.security(before, after, &spot);
        self.policy(before, after, renamed, &spot);
        self.text("summary", before.summary.as_deref(), after.summary.as_deref(), &spot);
        self.docs(&before.docs, &after.docs, &spot);
        self.requirements(&before.policy.requirements, &after.policy.requirements, &spot);
    }

    /// A sign that new callers should stay away, set or taken back.
    pub(super) fn deprecation(&mut self, before: bool, after: bool, spot: &Spot) {
        let words = spot.words();
        match (before, after) {
            (false, true) => self.said(&rules::DEPRECATED, spot, format!("{words} is deprecated now")),
            (true, false) => {
                self.said(
                    &rules::DEPRECATION_LIFTED,
                    spot,
                    format!("{words} is not deprecated any more"),
                );
            }
            _ => {}
        }
    }
}

/// Method and path, as people write them.
pub(super) fn written(operation: &Operation) -> String {
    format!("{} {}", operation.method.as_str(), operation.path.raw)
}

fn spot(before: &Operation, after: &Operation) -> Spot {
    let subject = Subject::Operation {
        path: after.path.raw.clone(),
        method: after.method.as_str().to_owned(),
        id: after.id.raw.to_string(),
    };
    Spot::new(subject, &before.pointer, &after.pointer, Direction::REQUEST)
}
