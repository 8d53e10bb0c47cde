//! A comparison under way: both contracts, what belongs to what, and what has been found.
//!
//! Owns: how a change is told: its class, its place, who reaches it. Must not know: what is compared.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Contract;
use super::change::{ContractChange, Side, Subject};
use super::operations::written;
use super::pairs::Pairs;
use super::spot::Spot;
use crate::check::redacted;
use crate::diagnostics::Place;
use crate::diagnostics::change::{Class, Rule};
use crate::model::graph::Edges;
use crate::model::{Model, Operation, TypeId};
use crate::revisions::in_operation;

/// Longest text of what was and what is, in characters.
const SHORT: usize = 80;

/// So many operations that reach a schema are named.
const FIRST: usize = 3;

pub(super) struct Comparison<'a> {
    pub(super) before: Contract<'a>,
    pub(super) after: Contract<'a>,
    pub(super) pairs: Pairs,
    /// Definitions that were compared for the present subject, so that neither circles nor crossing ways are walked twice.
    pub(super) visited: BTreeSet<(TypeId, TypeId)>,
    /// Whether nothing is told, because only sameness is asked for.
    pub(super) trial: bool,
    pub(super) changes: Vec<ContractChange>,
    /// Changes inside of components that operations refer to, by what they say, as indexes into `changes`.
    pub(super) shared: BTreeMap<String, usize>,
}

/// A change that was found, before anybody knows who reaches it.
pub(super) struct Told {
    pub(super) rule: &'static Rule,
    pub(super) class: Class,
    pub(super) subject: Subject,
    pub(super) side: Side,
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl Told {
    /// As it may be shown: short, and without secrets.
    fn change(self) -> ContractChange {
        let hidden = match redacted(&self.message) {
            Cow::Owned(hidden) => Some(hidden),
            Cow::Borrowed(_) => None,
        };
        ContractChange {
            class: self.class,
            code: &self.rule.code,
            subject: self.subject,
            message: hidden.unwrap_or(self.message),
            side: self.side,
            place: self.place,
            before: self.before.map(|text| short(&text)),
            after: self.after.map(|text| short(&text)),
            reached_by: 0,
            first: Vec::new(),
        }
    }
}

impl Comparison<'_> {
    /// A change of something that is no part of a bundle.
    pub(super) fn push(&mut self, told: Told) {
        self.changes.push(told.change());
    }

    /// Something that was not there.
    pub(super) fn added(&mut self, rule: &'static Rule, spot: &Spot, message: String, after: Option<String>) {
        self.tell(rule, spot, Side::After, message, (None, after));
    }

    /// Something that is gone.
    pub(super) fn removed(&mut self, rule: &'static Rule, spot: &Spot, message: String, before: Option<String>) {
        self.tell(rule, spot, Side::Before, message, (before, None));
    }

    /// Something that is there on both sides and differs.
    pub(super) fn changed(&mut self, rule: &'static Rule, spot: &Spot, message: String, before: String, after: String) {
        self.tell(rule, spot, Side::After, message, (Some(before), Some(after)));
    }

    /// The same, where the message says everything.
    pub(super) fn said(&mut self, rule: &'static Rule, spot: &Spot, message: String) {
        self.tell(rule, spot, Side::After, message, (None, None));
    }

    fn tell(
        &mut self,
        rule: &'static Rule,
        spot: &Spot,
        side: Side,
        message: String,
        (before, after): (Option<String>, Option<String>),
    ) {
        let (contract, pointer) = match side {
            Side::Before => (self.before, &spot.before),
            Side::After => (self.after, &spot.after),
        };
        let told = Told {
            rule,
            class: rule.class(spot.direction),
            subject: spot.component.as_ref().unwrap_or(&spot.subject).clone(),
            side,
            place: contract.place(pointer),
            message,
            before,
            after,
        };
        let mut change = told.change();
        if spot.component.is_some() && !self.trial {
            change.reached_by = 1;
            change.first.push(spot.subject.to_string());
            let key = format!(
                "{:?} {} {} {}",
                change.class, change.code.id, change.subject, change.message
            );
            if let Some(known) = self.shared.get(&key).and_then(|i| self.changes.get_mut(*i)) {
                known.reached_by += 1;
                if known.first.len() < FIRST {
                    known.first.append(&mut change.first);
                }
                return;
            }
            self.shared.insert(key, self.changes.len());
        }
        self.changes.push(change);
    }

    /// The changes in their order, with the operations that reach each schema.
    pub(super) fn finish(mut self) -> Vec<ContractChange> {
        let (before, after) = (Reach::of(self.before.model), Reach::of(self.after.model));
        let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for change in &mut self.changes {
            let Subject::Schema { name } = &change.subject else {
                continue;
            };
            let users = known.entry(name.clone()).or_insert_with(|| {
                let now = self.after.component(name).map(|id| after.users(id));
                now.or_else(|| self.before.component(name).map(|id| before.users(id)))
                    .unwrap_or_default()
            });
            change.reached_by = users.len();
            change.first = users.iter().take(FIRST).cloned().collect();
        }
        // A sort that keeps the order of equals: within a subject, changes stand in the order of the document.
        self.changes
            .sort_by(|left, right| (left.class, &left.subject).cmp(&(right.class, &right.subject)));
        self.changes
    }
}

/// Which operations and webhooks reach which types.
struct Reach {
    /// For each type those that mention it.
    mentioned_by: Vec<Vec<TypeId>>,
    /// For each type the operations and webhooks that mention it, in document order.
    users: Vec<Vec<usize>>,
    names: Vec<String>,
}

impl Reach {
    fn of(model: &Model) -> Self {
        let mut reach = Self {
            mentioned_by: vec![Vec::new(); model.types.len()],
            users: vec![Vec::new(); model.types.len()],
            names: Vec::new(),
        };
        for i in 0..model.types.len() {
            let Some(id) = u32::try_from(i).ok().map(TypeId) else {
                continue;
            };
            for target in model.references(id, Edges::All) {
                if let Some(list) = reach.mentioned_by.get_mut(target.index()) {
                    list.push(id);
                }
            }
        }
        for operation in &model.operations {
            reach.user(written(operation), operation);
        }
        for sent in &model.sent {
            let by = sent.by.and_then(|by| model.operations.get(by));
            let name = match by {
                Some(operation) => format!("callback {} of {}", sent.name, written(operation)),
                None => format!("webhook {}", sent.name),
            };
            reach.user(name, &sent.request);
        }
        reach
    }

    fn user(&mut self, name: String, operation: &Operation) {
        let number = self.names.len();
        self.names.push(name);
        for id in in_operation(operation) {
            if let Some(list) = self.users.get_mut(id.index()) {
                list.push(number);
            }
        }
    }

    /// Names of everything that reaches a type, directly or through others.
    fn users(&self, id: TypeId) -> Vec<String> {
        let mut seen = BTreeSet::from([id]);
        let mut queue = vec![id];
        let mut users = BTreeSet::new();
        while let Some(id) = queue.pop() {
            users.extend(self.users.get(id.index()).into_iter().flatten().copied());
            for other in self.mentioned_by.get(id.index()).into_iter().flatten() {
                if seen.insert(*other) {
                    queue.push(*other);
                }
            }
        }
        users
            .into_iter()
            .filter_map(|number| self.names.get(number).cloned())
            .collect()
    }
}

/// The beginning of a text, on one line.
fn short(text: &str) -> String {
    // Before it is cut: half of a secret would not be recognised.
    let line = redacted(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > SHORT {
        line.chars().take(SHORT).collect::<String>() + "…"
    } else {
        line
    }
}
