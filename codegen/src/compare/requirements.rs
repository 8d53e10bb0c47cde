//! Requirements of features, as Markdown has them.
//!
//! Owns: which there are, and how they are worded. Must not know: what carries them.

use std::collections::BTreeMap;

use super::change::{Side, Subject};
use super::comparison::{Comparison, Told};
use super::rules;
use crate::diagnostics::change::Rule;
use crate::model::{Model, Requirement};

impl Comparison<'_> {
    /// Every requirement, by its id with its feature. One that is struck out is none.
    pub(super) fn feature_requirements(&mut self) {
        let (before, after) = (standing(self.before.model), standing(self.after.model));
        for (_, old) in before.iter().filter(|(id, _)| !after.contains_key(*id)) {
            let texts = (Some(old.text.clone()), None);
            self.requirement(&rules::REQUIREMENT_REMOVED, old, Side::Before, "was removed", texts);
        }
        for (id, now) in &after {
            let text = Some(now.text.clone());
            match before.get(id) {
                None => self.requirement(&rules::REQUIREMENT_ADDED, now, Side::After, "was added", (None, text)),
                Some(old) if words(&old.text) != words(&now.text) => {
                    let texts = (Some(old.text.clone()), text);
                    self.requirement(&rules::TEXT, now, Side::After, "is worded differently", texts);
                }
                Some(_) => {}
            }
        }
    }

    fn requirement(
        &mut self,
        rule: &'static Rule,
        of: &Requirement,
        side: Side,
        what: &str,
        (before, after): (Option<String>, Option<String>),
    ) {
        let id = of.global_id.clone();
        self.push(Told {
            rule,
            class: rule.in_requests,
            subject: Subject::Requirement { id },
            side,
            place: of.place.clone(),
            message: format!("the requirement {what}"),
            before,
            after,
        });
    }
}

/// By id. Of several with one id, which is told when the specs are read, the last.
fn standing(model: &Model) -> BTreeMap<&str, &Requirement> {
    let all = model.features.iter().flat_map(|feature| &feature.requirements);
    all.filter(|requirement| !requirement.removed)
        .map(|requirement| (requirement.global_id.as_str(), requirement))
        .collect()
}

/// A text without its line breaks, which mean nothing in Markdown.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}
