//! Folders: which files of a repository are features, and which one is the constitution.
//!
//! Owns: the names of feature folders. Must not know: what stands in the files.

use crate::settings::Settings;
use crate::source::Sources;

/// A file that may be a feature.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// Path of the spec.
    pub(super) file: &'a str,
    /// Number and slug; `None` when the folder has no such name.
    pub(super) name: Option<(&'a str, &'a str)>,
}

/// The specs below the folders of the settings, by path.
pub(super) fn specs<'a>(sources: &'a Sources, settings: &Settings) -> Vec<Found<'a>> {
    let mut found: Vec<Found<'a>> = Vec::new();
    for (path, _) in sources.iter() {
        let path: &str = path;
        let Some(inside) = settings.specs.iter().find_map(|folder| below(path, folder)) else {
            continue;
        };
        let (folder, file) = inside.rsplit_once('/').unwrap_or(("", inside));
        if file == "spec.md" {
            let folder = folder.rsplit('/').next().unwrap_or(folder);
            found.push(Found {
                file: path,
                name: split(folder),
            });
        } else if let Some(name) = file.strip_suffix(".md").and_then(split) {
            // A flat file is a feature of its own unless the folder of the same name has a spec, or it is part of a feature.
            let within = folder.split('/').any(|part| split(part).is_some());
            let beside = path.strip_suffix(".md").map(|stem| format!("{stem}/spec.md"));
            if !within && beside.is_none_or(|beside| sources.get(&beside).is_none()) {
                found.push(Found {
                    file: path,
                    name: Some(name),
                });
            }
        }
    }
    found
}

/// The path of the constitution: beside the features, else where spec-kit keeps it.
pub(super) fn constitution(sources: &Sources, settings: &Settings) -> Option<String> {
    settings
        .specs
        .iter()
        .map(|folder| format!("{}/constitution.md", folder.trim_end_matches('/')))
        .chain([".specify/memory/constitution.md".to_owned()])
        .find(|path| sources.get(path).is_some())
}

fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let folder = folder.trim_start_matches("./").trim_end_matches('/');
    if folder.is_empty() || folder == "." {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// `001-slug` or `20260131-093000-slug` as number and slug.
fn split(name: &str) -> Option<(&str, &str)> {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let first = digits(name);
    if first < 3 {
        return None;
    }
    let mut end = first;
    if first == 8
        && let Some(time) = name.get(9..).filter(|_| name.get(8..9) == Some("-"))
        && digits(time) == 6
    {
        end = 15;
    }
    let slug = name.get(end..)?.strip_prefix('-')?;
    (!slug.is_empty()).then_some((name.get(..end)?, slug))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_features_are_told_by_number_or_time() {
        assert_eq!(split("001-search"), Some(("001", "search")));
        assert_eq!(split("1024-a-b"), Some(("1024", "a-b")));
        assert_eq!(split("20260131-093000-x"), Some(("20260131-093000", "x")));
        assert_eq!(split("20260131-x"), Some(("20260131", "x")));
        for no in ["01-x", "001", "001-", "search", "contracts", ""] {
            assert_eq!(split(no), None, "{no}");
        }
    }
}
