//! Which requirement is carried by what.
//!
//! Owns: finding the requirement that an id means, and turning "operation carries requirement" around. Must not know: Markdown.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Feature, Model, Requirement};

/// What carries a requirement, by index or code.
#[derive(Debug, Clone, Default)]
pub(super) struct Carriers {
    pub(super) operations: Vec<usize>,
    pub(super) types: Vec<usize>,
    pub(super) errors: Vec<String>,
}

/// What carries each requirement, by its global id.
pub(super) type AllCarriers = BTreeMap<String, Carriers>;

/// All requirements and what carries them.
pub(super) struct Trace<'a> {
    pub(super) model: &'a Model,
    pub(super) carriers: Arc<AllCarriers>,
}

impl<'a> Trace<'a> {
    pub(super) fn new(model: &'a Model) -> Self {
        let mut trace = Self {
            model,
            carriers: Arc::default(),
        };
        for (i, operation) in model.operations.iter().enumerate() {
            for id in &operation.policy.requirements {
                trace.entry(id, &operation.place.file).operations.push(i);
            }
        }
        for (i, def) in model.types.iter().enumerate() {
            for id in &def.requirements {
                trace.entry(id, &def.place.file).types.push(i);
            }
        }
        for (code, error) in &model.errors {
            for id in &error.requirements {
                trace.entry(id, &error.place.file).errors.push(code.clone());
            }
        }
        trace
    }

    fn entry(&mut self, id: &str, file: &str) -> &mut Carriers {
        let id = self.resolve(id, file);
        Arc::make_mut(&mut self.carriers).entry(id).or_default()
    }

    /// The global id of the requirement that something in a file means: that of its own feature before any other. An id that
    /// no feature has stays as it is.
    pub(super) fn resolve(&self, id: &str, file: &str) -> String {
        let folder = |feature: &Feature| {
            feature
                .file
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder)
                .to_owned()
        };
        let own = |feature: &&Feature| {
            let folder = folder(feature);
            !folder.is_empty() && file.strip_prefix(&folder).is_some_and(|rest| rest.starts_with('/'))
        };
        let features = &self.model.features;
        let candidates = features.iter().filter(own).chain(features);
        candidates
            .flat_map(|feature| &feature.requirements)
            .find(|requirement| requirement.id == id || requirement.global_id == id)
            .map_or_else(|| id.to_owned(), |requirement| requirement.global_id.clone())
    }

    /// What carries a requirement.
    pub(super) fn carriers(&self, id: &str) -> Option<&Carriers> {
        self.carriers.get(id)
    }

    /// A requirement by its global id.
    pub(super) fn requirement(&self, id: &str) -> Option<&'a Requirement> {
        let all = self.model.features.iter().flat_map(|feature| &feature.requirements);
        all.into_iter().find(|requirement| requirement.global_id == id)
    }

    /// Headings with their requirements: one a feature, and one for ids that no feature has.
    pub(super) fn sections(&self) -> Vec<(String, Vec<String>)> {
        let mut sections = Vec::new();
        let mut known = std::collections::BTreeSet::new();
        for feature in &self.model.features {
            let ids: Vec<String> = feature
                .requirements
                .iter()
                .map(|requirement| requirement.global_id.clone())
                .filter(|id| known.insert(id.clone()))
                .collect();
            if !ids.is_empty() {
                sections.push((format!("{} {}", feature.number, feature.title), ids));
            }
        }
        let loose: Vec<String> = self
            .carriers
            .keys()
            .filter(|id| !known.contains(*id))
            .cloned()
            .collect();
        if !loose.is_empty() {
            sections.push(("Without a feature".to_owned(), loose));
        }
        sections
    }
}
