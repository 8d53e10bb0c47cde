//! The constitution: its title, principles and version.
//!
//! Owns: how these are written. Must not know: features.

use super::blocks::{self, Kind};
use super::requirements::strip_prefix_ignoring_case;
use crate::model::Constitution;

/// Reads a constitution. `base` is the byte of the file at which the text begins.
pub(super) fn read(text: &str, base: usize, file: &str) -> Constitution {
    let mut constitution = Constitution {
        file: file.to_owned(),
        title: String::new(),
        version: None,
        ratified: None,
        amended: None,
        principles: Vec::new(),
    };
    let mut in_principles = false;
    for block in blocks::blocks(text, base) {
        match block.kind {
            Kind::Heading(1) if constitution.title.is_empty() => block.text.trim().clone_into(&mut constitution.title),
            Kind::Heading(2) => {
                let lower = block.text.to_lowercase();
                in_principles = ["principle", "принцип", "원칙", "原則", "原则"]
                    .iter()
                    .any(|word| lower.contains(word));
            }
            Kind::Heading(3) if in_principles => constitution.principles.push(principle(&block.text).to_owned()),
            Kind::Paragraph | Kind::Item => {
                for part in block.text.split(['|', '\n']) {
                    field(&mut constitution, part);
                }
            }
            _ => {}
        }
    }
    constitution
}

/// A title without its number and without the remark in capitals behind it.
fn principle(text: &str) -> &str {
    let text = text.trim();
    let numbered = text
        .split_once(['.', ':', '—', '–', ')'])
        .filter(|(number, _)| {
            let number = number.trim();
            let number = strip_prefix_ignoring_case(number, "Principle ").unwrap_or(number);
            number.len() <= 6
                && !number.is_empty()
                && (number.chars().all(|c| "IVXLC".contains(c)) || number.chars().all(|c| c.is_ascii_digit()))
        })
        .map_or(text, |(_, title)| title.trim());
    match numbered.strip_suffix(')').and_then(|inner| inner.rsplit_once('(')) {
        Some((title, remark)) if !remark.is_empty() && !remark.chars().any(char::is_lowercase) => title.trim(),
        _ => numbered,
    }
}

/// The last of several counts: the line stands at the end.
fn field(constitution: &mut Constitution, part: &str) {
    let Some((key, value)) = part.split_once([':', '：']) else {
        return;
    };
    let field = match key.trim().to_lowercase().as_str() {
        "version" | "версия" | "버전" | "バージョン" | "版本" => &mut constitution.version,
        "ratified" | "ратифицирована" | "принята" | "批准日" => &mut constitution.ratified,
        "last amended" | "amended" | "последнее изменение" | "последняя поправка" | "最終改正日" => {
            &mut constitution.amended
        }
        _ => return,
    };
    let value = value.trim();
    if !value.is_empty() {
        *field = Some(value.to_owned());
    }
}
