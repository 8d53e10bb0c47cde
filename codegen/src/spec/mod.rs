//! Feature specs in Markdown.
//!
//! Owns: the names of feature folders, reading `spec.md` and the constitution. Must not know: contracts or targets.

mod blocks;
mod constitution;
mod feature;
mod ids;
mod stories;

use crate::diagnostics::Diagnostics;
use crate::model::{Constitution, Feature};
use crate::settings::Settings;
use crate::source::Sources;
use crate::source::read;

/// Every feature of the sources, in the order of their folders, and the constitution.
#[must_use]
pub fn features(
    sources: &Sources,
    settings: &Settings,
    diagnostics: &mut Diagnostics,
) -> (Vec<Feature>, Option<Constitution>) {
    let mut features = Vec::new();
    let mut found = None;
    for (path, bytes) in sources.iter() {
        let in_specs = settings.specs.iter().any(|folder| {
            let folder = folder.trim_end_matches('/');
            path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        });
        let is_constitution = path.ends_with("/constitution.md") && (in_specs || path.starts_with(".specify/memory/"));
        let feature = in_specs.then(|| feature_of(path, sources)).flatten();
        if feature.is_none() && !is_constitution {
            continue;
        }
        let text = match read::text(path, bytes) {
            Ok(text) => text,
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                continue;
            }
        };
        if let Some((number, slug)) = feature {
            features.push(feature::read(path, number, slug, text, diagnostics));
        } else if found.is_none() {
            found = Some(constitution::read(path, text));
        }
    }
    (features, found)
}

/// Number and slug of the feature whose spec a file is: `specs/001-slug/spec.md`, or a flat `specs/001-slug.md` without a folder.
fn feature_of<'p>(path: &'p str, sources: &Sources) -> Option<(&'p str, &'p str)> {
    let (folder, name) = path.rsplit_once('/')?;
    if name == "spec.md" {
        return number_and_slug(folder.rsplit('/').next()?);
    }
    let stem = name.strip_suffix(".md")?;
    let found = number_and_slug(stem)?;
    sources
        .get(&format!("{folder}/{stem}/spec.md"))
        .is_none()
        .then_some(found)
}

/// `001-slug` and `20251121-101500-slug` taken apart.
fn number_and_slug(name: &str) -> Option<(&str, &str)> {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let (first, rest) = name.split_once('-')?;
    if !digits(first) || first.len() < 3 {
        return None;
    }
    if first.len() == 8
        && let Some((time, slug)) = rest.split_once('-')
        && digits(time)
        && time.len() == 6
    {
        return Some((name.get(..15)?, slug));
    }
    Some((first, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_features_are_known_by_their_number() {
        assert_eq!(number_and_slug("001-a-b"), Some(("001", "a-b")));
        assert_eq!(number_and_slug("20251121-101500-a"), Some(("20251121-101500", "a")));
        assert_eq!(number_and_slug("01-a"), None);
        assert_eq!(number_and_slug("readme"), None);
    }
}
