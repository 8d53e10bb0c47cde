//! The ledger: what lowering one part of the contract looked at, and what it did that others see.
//!
//! Owns: the entries, and holding a second lowering of the same part against them. Must not know: what is lowered, or when it is
//! worth doing again (`update`).
//!
//! Parts are lowered one after the other, and one sees of those before it only what stands here: which names are taken, which
//! definitions there are, what inline schemas and components came to. A part that looks at nothing that changed comes to the same
//! as before. One that is lowered again and does the same as before changes nothing for the others, whatever became of its own
//! definitions.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::Lowering;
use super::names::TypeNames;
use crate::model::{Name, TypeId};
use crate::revisions::unit_of;

/// A part that is lowered by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    Component(TypeId),
    /// By its position.
    Operation(usize),
    /// All else: the root of the contract, and webhooks.
    Rest,
}

/// Something that the lowering of others can see.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Deed {
    Took {
        wanted: Name,
        got: Name,
    },
    Asked {
        name: Name,
        free: bool,
    },
    Made {
        id: TypeId,
        name: Name,
        pointer: String,
    },
    Met(String),
    Named(String),
    Response(String),
    Parameter(String),
    /// What another item came to was taken over: its pointer or key.
    Knew(String),
}

/// What lowering an item took and gave.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) item: Item,
    /// Units of the bundle that it looked at.
    pub(super) reads: BTreeSet<String>,
    pub(super) deeds: Vec<Deed>,
    /// Whether it told anything, or would have if others had not.
    pub(super) told: bool,
    /// What its guards refer to.
    pub(super) referred: BTreeSet<String>,
    pub(super) guards: bool,
    /// How many schemas it looked into.
    pub(super) spent: usize,
}

impl Entry {
    pub(super) fn of(item: Item) -> Self {
        Self {
            item,
            reads: BTreeSet::new(),
            deeds: Vec::new(),
            told: false,
            referred: BTreeSet::new(),
            guards: false,
            spent: 0,
        }
    }

    /// The definitions that it made.
    pub(super) fn made(&self) -> impl Iterator<Item = TypeId> {
        let own = match self.item {
            Item::Component(id) => Some(id),
            _ => None,
        };
        own.into_iter().chain(self.deeds.iter().filter_map(|deed| match deed {
            Deed::Made { id, .. } => Some(*id),
            _ => None,
        }))
    }
}

/// The entries, and the one that is being written.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Whether anybody will read it.
    pub(super) kept: bool,
    open: Option<Entry>,
    /// What the open entry has looked at.
    reads: RefCell<BTreeSet<String>>,
    pub(super) entries: Vec<Entry>,
    /// What is expected of the open entry, in order, when it is written a second time.
    expected: Option<std::vec::IntoIter<Deed>>,
    /// Whether something else was done.
    pub(super) differs: bool,
}

impl Ledger {
    /// A ledger in which an item is written a second time.
    pub(super) fn again(expected: Vec<Deed>) -> Self {
        Self {
            kept: true,
            expected: Some(expected.into_iter()),
            ..Self::default()
        }
    }

    /// Notes that a pointer was looked at.
    pub(super) fn reads(&self, pointer: &str) {
        if self.open.is_some() {
            let unit = unit_of(pointer);
            let reads = &mut *self.reads.borrow_mut();
            if !reads.contains(unit) {
                reads.insert(unit.to_owned());
            }
        }
    }

    /// The next that is expected, when it is of the kind that is done now.
    fn next(&mut self) -> Option<Deed> {
        self.expected.as_mut().and_then(Iterator::next)
    }

    /// Notes what was done.
    fn did(&mut self, deed: Deed) {
        if self.open.is_none() {
            return;
        }
        if self.expected.is_some() && self.next().as_ref() != Some(&deed) {
            self.differs = true;
        }
        if let Some(open) = &mut self.open {
            open.deeds.push(deed);
        }
    }

    pub(super) fn tells(&mut self) {
        if let Some(open) = &mut self.open {
            open.told = true;
        }
    }

    /// Takes out what was looked at so far, for what is to be looked at by itself.
    pub(super) fn aside(&self) -> BTreeSet<String> {
        self.reads.take()
    }

    /// Puts it back. What was looked at meanwhile.
    pub(super) fn together(&self, aside: BTreeSet<String>) -> BTreeSet<String> {
        let reads = &mut *self.reads.borrow_mut();
        let meanwhile = reads.clone();
        reads.extend(aside);
        meanwhile
    }

    /// What somebody else looked at counts as looked at.
    pub(super) fn reads_all(&self, units: &BTreeSet<String>) {
        if self.open.is_some() {
            self.reads.borrow_mut().extend(units.iter().cloned());
        }
    }

    /// What a name that is wanted came to before. `None`: this is the first time, or something else was wanted.
    fn took(&self, wanted: &Name) -> Option<Name> {
        match self.expected.as_ref()?.as_slice().first()? {
            Deed::Took { wanted: known, got } if known == wanted => Some(got.clone()),
            _ => None,
        }
    }

    fn was_free(&self, name: &Name) -> Option<bool> {
        match self.expected.as_ref()?.as_slice().first()? {
            Deed::Asked { name: known, free } if known == name => Some(*free),
            _ => None,
        }
    }

    /// The definition that was made of this before.
    pub(super) fn made(&self, name: &Name, pointer: &str) -> Option<TypeId> {
        match self.expected.as_ref()?.as_slice().first()? {
            Deed::Made {
                id,
                name: known,
                pointer: at,
            } if known == name && at == pointer => Some(*id),
            _ => None,
        }
    }
}

impl Lowering<'_> {
    /// Begins an item.
    pub(super) fn open(&mut self, item: Item, unit: &str) {
        if self.ledger.kept {
            self.ledger.open = Some(Entry {
                // For now: how much is left, and how much was told.
                spent: self.budget,
                ..Entry::of(item)
            });
            self.told_before = self.diagnostics.len();
            self.ledger.reads(unit);
        }
    }

    /// Ends it.
    pub(super) fn close(&mut self) {
        if let Some(mut entry) = self.ledger.open.take() {
            entry.reads = self.ledger.reads.take();
            entry.told |= self.diagnostics.len() > self.told_before;
            entry.spent -= self.budget;
            entry.referred = std::mem::take(&mut self.referred);
            entry.guards = std::mem::take(&mut self.any_guards);
            self.ledger.differs |= self.ledger.next().is_some();
            self.ledger.entries.push(entry);
        }
    }

    pub(super) fn did(&mut self, deed: impl FnOnce() -> Deed) {
        if self.ledger.kept {
            self.ledger.did(deed());
        }
    }

    /// Takes a name; the same as before when it is for the second time.
    pub(super) fn take_name(&mut self, wanted: &Name) -> Name {
        let got = match self.ledger.took(wanted) {
            Some(got) => got,
            None => self.names.take(wanted),
        };
        self.did(|| Deed::Took {
            wanted: wanted.clone(),
            got: got.clone(),
        });
        got
    }

    /// Whether a name is free; the same as before when it is asked for the second time.
    pub(super) fn is_free(&mut self, name: &Name) -> bool {
        let free = self
            .ledger
            .was_free(name)
            .unwrap_or_else(|| TypeNames::is_free(&self.names, name));
        self.did(|| Deed::Asked {
            name: name.clone(),
            free,
        });
        free
    }
}
