//! Requests that the service sends: webhooks, and the callbacks of operations.
//!
//! Owns: which belong together. Must not know: parameters, bodies and answers in detail.
//!
//! Here the service is the client: what it sends is read by others, as answers are, and the answers are what they send.

use super::change::Subject;
use super::comparison::Comparison;
use super::operations::written;
use super::rules;
use super::spot::{Direction, Spot};
use crate::model::{Model, Sent};

impl Comparison<'_> {
    /// Every webhook, and every callback of an operation that is on both sides.
    pub(super) fn sent(&mut self) {
        let (before, after) = (self.before.model, self.after.model);
        let former = |now: &Sent| match now.by {
            None => Some(None),
            Some(by) => {
                let pair = self.pairs.operations.iter().find(|(_, after)| *after == by);
                pair.map(|(before, _)| Some(*before))
            }
        };
        let mut gone: Vec<&Sent> = before.sent.iter().collect();
        gone.retain(|old| match old.by {
            None => true,
            Some(by) => self.pairs.operations.iter().any(|(before, _)| *before == by),
        });
        let mut new: Vec<(&Sent, Option<usize>)> =
            after.sent.iter().filter_map(|now| Some((now, former(now)?))).collect();
        let mut pairs = Vec::new();
        // The same address first; then whatever is left alone under its name, which has another address.
        for exact in [true, false] {
            let same = |old: &Sent, now: &Sent, by: Option<usize>| {
                old.by == by
                    && old.name == now.name
                    && old.request.method == now.request.method
                    && (!exact || old.request.path.raw == now.request.path.raw)
            };
            let found: Vec<(&Sent, &Sent)> = new
                .iter()
                .filter_map(|(now, by)| {
                    let mut former = gone.iter().filter(|old| same(old, now, *by));
                    let (old, None) = (former.next()?, former.next()) else {
                        return None;
                    };
                    let alone = new.iter().filter(|(now, by)| same(old, now, *by)).count() == 1;
                    alone.then_some((*old, *now))
                })
                .collect();
            gone.retain(|old| !found.iter().any(|(paired, _)| std::ptr::eq(*paired, *old)));
            new.retain(|(now, _)| !found.iter().any(|(_, paired)| std::ptr::eq(*paired, *now)));
            pairs.extend(found);
        }
        for old in gone {
            let spot = spot(before, old, old);
            let message = format!("{} was removed", spot.words());
            self.removed(&rules::OPERATION_REMOVED, &spot, message, None);
        }
        for (now, _) in new {
            let spot = spot(after, now, now);
            let message = format!("{} was added", spot.words());
            self.added(&rules::OPERATION_ADDED, &spot, message, None);
        }
        for (old, now) in pairs {
            self.request(old, now);
        }
    }

    fn request(&mut self, old: &Sent, now: &Sent) {
        self.visited.clear();
        let spot = spot(self.after.model, old, now).shared();
        let (old, now) = (&old.request, &now.request);
        if old.path.raw != now.path.raw {
            let (old, now) = (old.path.raw.clone(), now.path.raw.clone());
            let message = format!("{} is sent to `{now}` now, it was `{old}`", spot.words());
            self.changed(&rules::CALLBACK_ADDRESS, &spot, message, old, now);
        }
        self.parameters(old, now, &spot);
        self.body(old.body.as_ref(), now.body.as_ref(), &spot);
        self.responses(old, now, &spot);
        self.text("summary", old.summary.as_deref(), now.summary.as_deref(), &spot);
        self.docs(&old.docs, &now.docs, &spot);
    }
}

/// The spot of a request, named as in a model that has the second.
fn spot(model: &Model, old: &Sent, now: &Sent) -> Spot {
    let (name, method) = (now.name.clone(), now.request.method.as_str().to_owned());
    let subject = match now.by.and_then(|by| model.operations.get(by)) {
        Some(operation) => Subject::Callback {
            of: written(operation),
            name,
            method,
        },
        None => Subject::Webhook { name, method },
    };
    Spot::new(subject, &old.request.pointer, &now.request.pointer, Direction::RESPONSE)
}
