//! Units as they are written: what a unit came to in both versions, as text.
//!
//! Owns: one unit's way from the bundle to its texts. Must not know: other units, but for what it refers to.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::canonical::canonical;
use super::downgrade::{self, Context, nested};
use super::objects::Object;
use super::tally::Tally;
use super::units::Group;
use super::{assemble, public, typed, yaml};
use crate::emit::json::{self, drafted};
use crate::memo::Memo;
use crate::openapi::grammar::Place;
use crate::rope::Piece;
use crate::source::changes::same;
use crate::tree::Value;

/// A unit of the public 3.1 document.
pub(super) struct Unit {
    /// What it is.
    pub(super) value: Value,
    /// Whether it is a schema that is not published unless it is needed.
    pub(super) internal: bool,
    /// Names of the schemas that it refers to.
    pub(super) refers: BTreeSet<String>,
    /// References that lead into the middle of schemas.
    pub(super) nested: Vec<String>,
    /// What 3.1 does not know.
    pub(super) dropped: Tally,
    pub(super) text: Arc<Texts>,
}

/// The same in 3.0.
pub(super) struct Older {
    /// What 3.0 cannot say.
    pub(super) losses: Tally,
    /// What a reader with types refuses.
    pub(super) refused: Tally,
    pub(super) text: Arc<Texts>,
}

/// A unit behind its key, in the midst of a document.
pub(super) struct Texts {
    pub(super) json: Piece,
    pub(super) yaml: Piece,
}

impl Texts {
    fn of(value: &Value, group: &Group, memo: &Memo) -> Self {
        let depth = assemble::depth(group);
        Self {
            json: memo.aside_piece(drafted(|text| json::behind(text, value, depth + 1))),
            yaml: memo.aside_piece(drafted(|text| yaml::behind(text, value, depth))),
        }
    }
}

impl Unit {
    /// Whether it may stand where another stood and nothing but its texts differs in the documents.
    pub(super) fn follows_as(&self, former: &Self) -> bool {
        (self.internal, &self.refers, &self.nested, &self.dropped)
            == (former.internal, &former.refers, &former.nested, &former.dropped)
    }

    /// A unit of a document, by its pointer.
    pub(super) fn of(document: &Value, pointer: &str, written: &Value, group: &Group, memo: &Memo) -> Self {
        let mut dropped = Tally::default();
        let value = canonical(document, pointer, written, group.object, &mut dropped);
        let mut refers = BTreeSet::new();
        public::references(&value, group.object, &mut |name| {
            refers.insert(name);
        });
        let mut nested = Vec::new();
        nested::collect(&value, group.object, &mut nested);
        Self {
            internal: group.object == Object::Of(Place::Schema) && public::is_internal(&value),
            refers,
            nested,
            dropped,
            text: Arc::new(Texts::of(&value, group, memo)),
            value,
        }
    }
}

impl Older {
    /// Whether it may stand where another stood and nothing but its texts differs in the documents.
    pub(super) fn follows_as(&self, former: &Self) -> bool {
        (&self.losses, &self.refused) == (&former.losses, &former.refused)
    }

    /// A unit of the 3.1 document in the words of 3.0. What has the same words in both has the same texts.
    pub(super) fn of(context: &Context<'_>, pointer: &str, newer: &Value, group: &Group, memo: &Memo) -> Self {
        let mut losses = Tally::default();
        let value = downgrade::unit(context, pointer, newer, group.object, &mut losses);
        Self {
            losses,
            refused: typed::check_unit(&value, group.object, pointer),
            text: match context.unit(pointer).filter(|unit| same(&unit.value, &value)) {
                Some(unit) => Arc::clone(&unit.text),
                None => Arc::new(Texts::of(&value, group, memo)),
            },
        }
    }
}
