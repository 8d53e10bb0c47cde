//! Merge of texts line by line.
//!
//! Owns: lines as elements, and that a difference in white space alone is no clash. Must not know: items.

use super::lines::{Change, three_way};
use super::pieces::{Clash, Piece};
use crate::items::Language;
use crate::items::tokens::alike;

/// Merges line by line; a clash is named by its lines in `mine`.
pub(crate) fn merge(path: &str, base: &str, mine: &str, theirs: &str) -> Vec<Piece> {
    within(Language::of(path), base, mine, theirs, 1, None)
}

/// Merges a stretch of a file line by line. `first` is the line of the file where `mine` begins; a clash is named
/// `what`, or by its lines.
pub(crate) fn within(
    language: Language,
    base: &str,
    mine: &str,
    theirs: &str,
    first: u32,
    what: Option<&str>,
) -> Vec<Piece> {
    let [b, m, t] = [base, mine, theirs].map(|text| text.split_inclusive('\n').collect::<Vec<&str>>());
    let said =
        |lines: &[&'_ str]| -> Vec<String> { lines.iter().map(|line| trimmed(language, line).to_owned()).collect() };
    let mut pieces = Vec::new();
    for stretch in three_way(&said(&b), &said(&m), &said(&t)) {
        let (base, mine, theirs) = (&b[stretch.base], &m[stretch.mine.clone()], &t[stretch.theirs]);
        pieces.push(match stretch.change {
            Change::Nobody => Piece::Text(with_spaces(base, mine, theirs)),
            Change::Mine => Piece::Text(mine.concat()),
            Change::Theirs => Piece::Text(theirs.concat()),
            Change::Clash => {
                let (base, mine, theirs) = (base.concat(), mine.concat(), theirs.concat());
                if alike(language, &mine, &base) {
                    Piece::Text(theirs)
                } else if alike(language, &theirs, &base) || alike(language, &mine, &theirs) {
                    Piece::Text(mine)
                } else if let Some(united) = derived(&base, &mine, &theirs) {
                    Piece::Text(united)
                } else {
                    let start = first.saturating_add(u32::try_from(stretch.mine.start).unwrap_or(u32::MAX));
                    let count = u32::try_from(stretch.mine.len()).unwrap_or(u32::MAX);
                    Piece::Clash(Clash {
                        what: what.map_or_else(|| lines(start, count), str::to_owned),
                        base,
                        mine,
                        theirs,
                        line: start,
                    })
                }
            }
        });
    }
    pieces
}

/// The one line of `#[derive(…)]` with what both sides made of it: a set of names.
fn derived(base: &str, mine: &str, theirs: &str) -> Option<String> {
    let names = |line: &str| -> Option<Vec<String>> {
        let inner = line.trim().strip_prefix("#[derive(")?.strip_suffix(")]")?;
        let plain = !inner.contains(['(', '\n', '"', '/']);
        plain.then(|| inner.split(',').map(|name| name.trim().to_owned()).collect())
    };
    let (base, own, mut all) = (names(base)?, names(mine)?, names(theirs)?);
    all.retain(|name| own.contains(name) || !base.contains(name));
    for name in own {
        if !base.contains(&name) && !all.contains(&name) {
            all.push(name);
        }
    }
    all.retain(|name| !name.is_empty());
    let indent = &mine[..mine.len() - mine.trim_start().len()];
    let end = if mine.ends_with('\n') { "\n" } else { "" };
    (!all.is_empty()).then(|| format!("{indent}#[derive({})]{end}", all.join(", ")))
}

/// A line as it is compared: white space at its end says nothing, nor at its beginning where the language is free of
/// form.
fn trimmed(language: Language, line: &str) -> &str {
    match language {
        Language::Yaml | Language::Lines => line.trim_end(),
        Language::Rust | Language::TypeScript | Language::Json | Language::Toml => line.trim(),
    }
}

/// Lines that say the same on all sides, with the spaces that mine gave them, else with those of theirs.
fn with_spaces(base: &[&str], mine: &[&str], theirs: &[&str]) -> String {
    let lines = base.iter().zip(mine).zip(theirs);
    lines
        .map(|((base, mine), theirs)| if mine == base { *theirs } else { *mine })
        .collect()
}

/// One clash of everything between the first and the last line in which the sides differ.
pub(crate) fn undecided(base: &str, mine: &str, theirs: &str) -> Vec<Piece> {
    let texts = [base, mine, theirs].map(|text| text.split_inclusive('\n').collect::<Vec<&str>>());
    let [b, m, t] = &texts;
    let same = |i: usize| b.get(i).is_some() && b.get(i) == m.get(i) && b.get(i) == t.get(i);
    let mut start = 0;
    while same(start) {
        start += 1;
    }
    let shortest = b.len().min(m.len()).min(t.len());
    let mut end = 0;
    while start + end < shortest
        && b[b.len() - 1 - end] == m[m.len() - 1 - end]
        && b[b.len() - 1 - end] == t[t.len() - 1 - end]
    {
        end += 1;
    }
    let part = |lines: &[&str]| lines[start..lines.len() - end].concat();
    let line = u32::try_from(start).unwrap_or(u32::MAX).saturating_add(1);
    let count = u32::try_from(m.len() - end - start).unwrap_or(u32::MAX);
    vec![
        Piece::Text(m[..start].concat()),
        Piece::Clash(Clash {
            what: lines(line, count),
            base: part(b),
            mine: part(m),
            theirs: part(t),
            line,
        }),
        Piece::Text(m[m.len() - end..].concat()),
    ]
}

/// `line 3` or `lines 3-5`.
fn lines(start: u32, count: u32) -> String {
    if count <= 1 {
        format!("line {start}")
    } else {
        format!("lines {start}-{}", start.saturating_add(count - 1))
    }
}
