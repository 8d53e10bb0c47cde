//! What changed in a file, in the file's own terms and few words.
//!
//! Owns: what a text is made of in its language's words, and the phrases. Must not know: disk, git, targets.

mod code;
mod document;
mod phrases;
mod skeleton;

use std::borrow::Cow;
use std::convert::Infallible;

use flaresmith_codegen::rope::Rope;
use memchr::{memchr, memchr_iter};
use similar::{ChangeTag, TextDiff};

use crate::items::{Language, outline};
use phrases::{Thing, count, listed};

/// What changed: `2 fields added to Project, 1 route removed`. `None` is a file that is not there: one that
/// is new, or goes, is told by what is in it. Where the language has no terms, lines are counted.
#[must_use]
pub fn summary(path: &str, before: Option<&str>, after: Option<&str>) -> String {
    match (before, after) {
        (None, None) => "nothing changed".to_owned(),
        (None, Some(text)) | (Some(text), None) => contents(path, text),
        (Some(before), Some(after)) if before == after => "nothing changed".to_owned(),
        (Some(before), Some(after)) => {
            let (before, after) = (&*unix_line_ends(before), &*unix_line_ends(after));
            if before == after {
                return "line endings changed".to_owned();
            }
            match short(path, before, after).or_else(|| told(path, before, after)) {
                Some(told) if !told.is_empty() => listed(&told),
                _ if before.split_whitespace().eq(after.split_whitespace()) => "white space changed".to_owned(),
                _ => lines(before, after),
            }
        }
    }
}

fn unix_line_ends(text: &str) -> Cow<'_, str> {
    match memchr(b'\r', text.as_bytes()).is_some() {
        true => Cow::Owned(text.replace("\r\n", "\n")),
        false => Cow::Borrowed(text),
    }
}

/// The changes, as the languages have words for them.
fn told(path: &str, before: &str, after: &str) -> Option<Vec<String>> {
    let things = things(path, before).zip(things(path, after));
    things.map(|(before, after)| phrases::changes(&before, &after))
}

/// The same of the little that large texts do not have in common; `None` where that says nothing.
fn short(path: &str, before: &str, after: &str) -> Option<Vec<String>> {
    // The shape of a document is told by what stands at its margin.
    let is_document = match Language::of(path) {
        Language::Json | Language::Yaml => true,
        Language::Rust | Language::TypeScript => false,
        Language::Toml | Language::Lines => return None,
    };
    let (before, after) = skeleton::skeletons(before, after, is_document)?;
    told(path, &before, &after).filter(|told| !told.is_empty())
}

/// What a text is made of; `None` where the language has no terms or the text is not readable in it.
fn things(path: &str, text: &str) -> Option<Vec<Thing>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let outline = outline(path, text)?;
    match Language::of(path) {
        language @ (Language::Rust | Language::TypeScript) => Some(code::things(language, text, &outline)),
        language @ (Language::Json | Language::Yaml) => Some(document::things(language, text, &outline)),
        Language::Toml | Language::Lines => None,
    }
}

/// A new file of more bytes is told by its lines: nobody wants thousands of functions counted, and reading them takes longer than
/// writing the file does.
const LARGEST_TO_READ: usize = 128 << 10;

/// `2 structs, 1 function`, or the lines.
fn contents(path: &str, text: &str) -> String {
    let things = (text.len() <= LARGEST_TO_READ).then(|| things(path, text)).flatten();
    let told = phrases::contents(&things.unwrap_or_default());
    if told.is_empty() {
        count(text.lines().count(), "line")
    } else {
        listed(&told)
    }
}

/// What is in a new file. A large one is not put together in one piece for that.
#[must_use]
pub fn new(path: &str, text: &Rope) -> String {
    if text.len() <= LARGEST_TO_READ {
        return contents(path, &text.whole());
    }
    let (mut lines, mut is_open) = (0, false);
    let Ok(()) = text.blocks::<Infallible>(LARGEST_TO_READ, |block| {
        lines += memchr_iter(b'\n', block).count();
        is_open = block.last().is_some_and(|byte| *byte != b'\n');
        Ok(())
    });
    count(lines + usize::from(is_open), "line")
}

/// `2 lines added, 1 line removed`.
fn lines(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let (mut added, mut removed) = (0, 0);
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Insert => added += 1,
            ChangeTag::Delete => removed += 1,
            ChangeTag::Equal => {}
        }
    }
    let told = [(added, "added"), (removed, "removed")].into_iter();
    let told = told.filter(|(count, _)| *count > 0);
    let told: Vec<String> = told
        .map(|(lines, verb)| format!("{} {verb}", count(lines, "line")))
        .collect();
    if told.is_empty() {
        "nothing changed".to_owned()
    } else {
        told.join(", ")
    }
}

#[cfg(test)]
mod tests;
