//! Words: titles, descriptions, examples, requirement ids.
//!
//! Owns: the changes that only people notice. Must not know: what the words are about.

use super::comparison::Comparison;
use super::rules;
use super::spot::Spot;
use crate::model::types::Docs;
use crate::tree::Value;

impl Comparison<'_> {
    /// Words about something, and whether new callers should stay away from it.
    pub(super) fn docs(&mut self, before: &Docs, after: &Docs, spot: &Spot) {
        self.deprecation(before.deprecated, after.deprecated, spot);
        self.text("title", before.title.as_deref(), after.title.as_deref(), spot);
        self.text(
            "description",
            before.description.as_deref(),
            after.description.as_deref(),
            spot,
        );
        // Named examples come in the order of their keys, which means nothing.
        let other = |of: &[Value], among: &[Value]| of.iter().any(|example| !among.contains(example));
        if other(&before.examples, &after.examples) || other(&after.examples, &before.examples) {
            let message = format!("there are other examples of {}", spot.words());
            self.said(&rules::EXAMPLES, spot, message);
        }
    }

    /// One text. White space that Markdown does not show is no difference.
    pub(super) fn text(&mut self, what: &str, before: Option<&str>, after: Option<&str>, spot: &Spot) {
        let said = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let (before, after) = (said(before), said(after));
        let words = spot.words();
        match (before, after) {
            (Some(old), Some(now)) if old != now => {
                let message = format!("the {what} of {words} is worded differently");
                self.changed(&rules::TEXT, spot, message, old, now);
            }
            (Some(old), None) => {
                let message = format!("the {what} of {words} was removed");
                self.removed(&rules::TEXT, spot, message, Some(old));
            }
            (None, Some(now)) => {
                let message = format!("{words} has a {what} now");
                self.added(&rules::TEXT, spot, message, Some(now));
            }
            _ => {}
        }
    }

    /// Requirement ids; their order means nothing.
    pub(super) fn requirements(&mut self, before: &[String], after: &[String], spot: &Spot) {
        let missing = |from: &[String], of: &[String]| {
            let ids: Vec<String> = of.iter().filter(|id| !from.contains(id)).cloned().collect();
            ids.join(", ")
        };
        let (gone, new) = (missing(after, before), missing(before, after));
        let words = spot.words();
        let message = match (gone.is_empty(), new.is_empty()) {
            (true, true) => return,
            (true, false) => format!("{words} carries {new} now"),
            (false, true) => format!("{words} does not carry {gone} any more"),
            (false, false) => format!("{words} carries {new} now, and {gone} no more"),
        };
        self.changed(&rules::REQUIREMENTS, spot, message, before.join(", "), after.join(", "));
    }
}
