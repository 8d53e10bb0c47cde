//! Feature specs in Markdown.
//!
//! Owns: reading `spec.md`, the constitution, and the names of feature folders. Must not know: contracts or targets.
//!
//! The text becomes a flat list of blocks once; each subject then walks over the blocks by itself, in linear time.

mod blocks;
mod constitution;
mod folders;
mod head;
mod ids;
mod lists;
mod outline;
mod requirements;
mod scenario;
mod stories;

use indexmap::IndexMap;

use crate::diagnostics::{Diagnostic, Diagnostics, Place, feature as codes};
use crate::model::{Constitution, Feature};
use crate::settings::Settings;
use crate::source::{Sources, read};

/// Every feature of the sources, in the order of their folders, and the constitution.
#[must_use]
pub fn features(
    sources: &Sources,
    settings: &Settings,
    diagnostics: &mut Diagnostics,
) -> (Vec<Feature>, Option<Constitution>) {
    let found = folders::specs(sources, settings);
    let mut numbers: IndexMap<&str, &str> = IndexMap::new();
    let mut repeated: Vec<&str> = Vec::new();
    for found in &found {
        let Some((number, _)) = found.name else {
            continue;
        };
        if let Some(first) = numbers.insert(number, found.file) {
            repeated.push(number);
            let message = format!("two features have the number `{number}`");
            diagnostics.push(
                Diagnostic::new(&codes::FEATURE_NUMBER_REPEATED, message, Place::file(found.file))
                    .hint("refer to their requirements by the whole name of the folder")
                    .related(Place::file(first), "the other one"),
            );
        }
    }
    let mut features = Vec::with_capacity(found.len());
    for found in &found {
        let Some((number, slug)) = found.name else {
            let message = format!("`{}` is in no folder of a feature", found.file);
            diagnostics.push(
                Diagnostic::new(&codes::FEATURE_FOLDER_UNNAMED, message, Place::file(found.file))
                    .hint("begin the name of its folder with a number: `001-…`"),
            );
            continue;
        };
        let folder = if repeated.contains(&number) {
            format!("{number}-{slug}")
        } else {
            number.to_owned()
        };
        if let Some((text, base)) = text_of(sources, found.file, diagnostics) {
            features.push(feature(text, base, found.file, (number, slug), &folder, diagnostics));
        }
    }
    let constitution = folders::constitution(sources, settings).and_then(|file| {
        let (text, base) = text_of(sources, &file, diagnostics)?;
        Some(constitution::read(text, base, &file))
    });
    (features, constitution)
}

/// The text of a file and the byte at which it begins.
fn text_of<'a>(sources: &'a Sources, file: &str, diagnostics: &mut Diagnostics) -> Option<(&'a str, usize)> {
    let bytes = sources.get(file)?;
    match read::text(file, bytes) {
        Ok(text) => Some((text, bytes.len() - text.len())),
        Err(problem) => {
            diagnostics.push(problem);
            None
        }
    }
}

fn feature(
    text: &str,
    base: usize,
    file: &str,
    (number, slug): (&str, &str),
    folder: &str,
    diagnostics: &mut Diagnostics,
) -> Feature {
    let blocks = blocks::blocks(text, base);
    let head = head::read(&blocks);
    let stories = stories::read(&blocks, file, diagnostics);
    let requirements = requirements::read(&blocks, file, folder, diagnostics);
    let lists = lists::read(&blocks, file, diagnostics);
    if stories.is_empty() && requirements.is_empty() {
        let message = "no requirement and no story was found";
        diagnostics.push(
            Diagnostic::new(&codes::FEATURE_EMPTY, message, Place::file(file))
                .hint("write requirements as `- **FR-001**: …`"),
        );
    }
    Feature {
        number: number.to_owned(),
        slug: slug.to_owned(),
        title: if head.title.is_empty() {
            slug.to_owned()
        } else {
            head.title
        },
        file: file.to_owned(),
        status: head.status,
        created: head.created,
        branch: head.branch,
        stories,
        requirements,
        entities: lists.entities,
        clarifications: lists.clarifications,
        open_questions: lists.open_questions,
        edge_cases: lists.edge_cases,
        assumptions: lists.assumptions,
        other_sections: lists.other_sections,
    }
}
