//! Resolving: which requirements an id in a contract means.
//!
//! Owns: the short and the global form of ids, and the feature that a contract belongs to. Must not know: what carries an id.

use indexmap::IndexMap;

use crate::model::{Feature, Model, Requirement};

/// A requirement with its feature.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The feature that asks for it.
    pub feature: &'a Feature,
    /// What it asks for.
    pub requirement: &'a Requirement,
    /// Position among all requirements of the model.
    pub(super) position: usize,
}

/// Every requirement of a model by every id that names it.
#[derive(Debug)]
pub struct Resolver<'a> {
    short: IndexMap<&'a str, Vec<Target<'a>>>,
    global: IndexMap<String, Vec<Target<'a>>>,
    /// Folders of features, in the order of the model.
    folders: Vec<(String, &'a Feature)>,
}

impl<'a> Resolver<'a> {
    /// Takes in every feature of the model.
    #[must_use]
    pub fn new(model: &'a Model) -> Self {
        let mut resolver = Self {
            short: IndexMap::new(),
            global: IndexMap::new(),
            folders: Vec::with_capacity(model.features.len()),
        };
        let mut position = 0;
        for feature in &model.features {
            resolver.folders.push((folder(&feature.file), feature));
            for requirement in &feature.requirements {
                let target = Target {
                    feature,
                    requirement,
                    position,
                };
                position += 1;
                resolver.short.entry(&requirement.id).or_default().push(target);
                let named = format!("{}-{}/{}", feature.number, feature.slug, requirement.id);
                resolver.global.entry(named).or_default().push(target);
                let numbered = format!("{}/{}", feature.number, requirement.id);
                resolver.global.entry(numbered).or_default().push(target);
            }
        }
        resolver
    }

    /// What an id means that stands in a file. The global form says its feature. The short form means the feature in whose
    /// folder the file is; in a file outside of all features, every feature that has the id. More than one: it is ambiguous.
    #[must_use]
    pub fn resolve(&self, id: &str, file: &str) -> Vec<Target<'a>> {
        if id.contains('/') {
            return self.global.get(id).cloned().unwrap_or_default();
        }
        let targets = self.short.get(id).map_or(&[][..], Vec::as_slice);
        let Some(home) = self.home(file) else {
            return targets.to_vec();
        };
        let at_home = |target: &&Target<'a>| target.feature.file == home.file;
        targets.iter().filter(at_home).copied().collect()
    }

    /// The feature in whose folder a file is.
    #[must_use]
    pub fn home(&self, file: &str) -> Option<&'a Feature> {
        self.folders
            .iter()
            .filter(|(folder, _)| file.starts_with(folder.as_str()))
            .max_by_key(|(folder, _)| folder.len())
            .map(|(_, feature)| *feature)
    }

    /// Ids that could have been meant in a file, in the form in which they would be written there.
    pub fn candidates(&self, file: &str) -> impl Iterator<Item = &str> {
        let home = self.home(file);
        let short = self.short.iter().filter(move |(_, targets)| {
            home.is_none_or(|home| targets.iter().any(|target| target.feature.file == home.file))
        });
        short.map(|(id, _)| *id).chain(self.global.keys().map(String::as_str))
    }

    /// The same id in other features, in the global form.
    #[must_use]
    pub fn elsewhere(&self, id: &str) -> Option<&'a str> {
        let targets = self.short.get(id)?;
        targets.first().map(|target| target.requirement.global_id.as_str())
    }
}

/// The folder that belongs to a feature, with a slash at its end.
fn folder(file: &str) -> String {
    match file.strip_suffix("/spec.md") {
        Some(folder) => format!("{folder}/"),
        None => format!("{}/", file.strip_suffix(".md").unwrap_or(file)),
    }
}
