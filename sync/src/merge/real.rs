//! What holds of the files that are really generated.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::items::outline::{Body, Item, slice};

/// The generated files of the repository, the largest aside, and code that people wrote.
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths = Vec::new();
    for folder in ["generated", "sync/src/items"] {
        walk(&root.join(folder), &mut paths);
    }
    paths.sort();
    let read = paths.into_iter().filter_map(|path| {
        let text = fs::read_to_string(&path).ok()?;
        Some((path.display().to_string(), text))
    });
    let files: Vec<(String, String)> = read
        .filter(|(path, text)| Language::of(path) != Language::Lines && text.len() < 100_000)
        .collect();
    assert!(files.len() > 100, "only {} files", files.len());
    files
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// The text put together from its stretches.
pub(super) fn again(text: &str, start: usize, body: &Body, end: usize) -> String {
    let mut whole = slice(text, start..body.open).to_owned();
    for item in &body.items {
        whole.push_str(slice(text, item.blank.clone()));
        match &item.body {
            Some(body) => whole.push_str(&again(text, item.front.start, body, item.front.end)),
            None => whole.push_str(slice(text, item.front.clone())),
        }
        whole.push_str(slice(text, item.front.end..item.end));
    }
    whole.push_str(slice(text, body.close..end));
    whole
}

fn leaves<'b>(body: &'b Body, all: &mut Vec<&'b Item>) {
    for item in &body.items {
        match &item.body {
            Some(body) if !body.items.is_empty() => leaves(body, all),
            _ => all.push(item),
        }
    }
}

#[test]
fn every_file_is_cut_without_losing_a_byte() {
    for (path, text) in files() {
        let Some(outline) = outline(&path, &text) else {
            assert!(matches!(Language::of(&path), Language::Toml), "{path} is not cut");
            continue;
        };
        assert!(again(&text, 0, &outline, text.len()) == text, "{path}");
    }
}

#[test]
fn things_taken_out_on_either_side_are_out_and_the_rest_is_as_it_was() {
    for (path, text) in files() {
        let Some(outline) = outline(&path, &text) else { continue };
        let mut all = Vec::new();
        leaves(&outline, &mut all);
        // Things at the end of their list leave a comma behind, which a cut of bytes does not take along.
        let inner: Vec<&Item> = all
            .into_iter()
            .filter(|item| item.separator.is_some() || item.kind == "fn")
            .collect();
        let (Some(first), Some(last)) = (inner.get(inner.len() / 3), inner.get(inner.len() * 2 / 3)) else {
            continue;
        };
        if first.end >= last.blank.start {
            continue;
        }
        let cut =
            |item: &Item, text: &str| [slice(text, 0..item.blank.start), slice(text, item.end..text.len())].concat();
        let mine = cut(first, &text);
        let theirs = cut(last, &text);
        let both = cut(first, &theirs);
        if parses(&path, &both).is_err() {
            continue;
        }
        match merge(&path, &text, &mine, &theirs) {
            Merged::Whole(merged) => {
                let squeezed = |text: &str| text.split_whitespace().collect::<String>();
                assert!(
                    squeezed(&merged) == squeezed(&both),
                    "{path}: {} and {}",
                    first.name,
                    last.name
                );
            }
            Merged::Clash(clashes) => panic!("{path}: {} and {}: {clashes:#?}", first.name, last.name),
        }
    }
}
