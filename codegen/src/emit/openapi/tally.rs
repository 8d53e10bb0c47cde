//! Counting what a document goes without.
//!
//! Owns: one diagnostic for each kind of loss, with the number of places and the first of them. Must not know: the losses.

use indexmap::IndexMap;

use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::openapi::Bundle;

/// Losses by what is told about them, in the order in which they were met.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Tally {
    found: IndexMap<String, (usize, String)>,
}

impl Tally {
    /// Counts one place. `what` is the whole sentence without the number.
    pub(super) fn add(&mut self, what: impl Into<String>, pointer: &str) {
        self.found
            .entry(what.into())
            .or_insert_with(|| (0, pointer.to_owned()))
            .0 += 1;
    }

    /// Adds what was counted elsewhere.
    pub(super) fn add_all(&mut self, other: &Self) {
        for (what, (count, pointer)) in &other.found {
            let entry = self.found.entry(what.clone());
            entry.or_insert_with(|| (0, pointer.clone())).0 += count;
        }
    }

    /// Tells what was counted.
    pub(super) fn tell(self, code: &'static Code, bundle: &Bundle, diagnostics: &mut Diagnostics) {
        for (what, (count, pointer)) in self.found {
            let places = match count {
                1 => "1 place".to_owned(),
                count => format!("{count} places, of which this is the first"),
            };
            diagnostics.push(Diagnostic::new(
                code,
                format!("{what} ({places})"),
                bundle.place(&pointer),
            ));
        }
    }
}
