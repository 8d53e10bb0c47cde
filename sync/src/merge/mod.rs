//! Carries a person's edit of a generated file over to new output.
//!
//! Owns: what is one change and what is a clash, line endings and the last newline, and that a result is readable in
//! its language. Text in, text out. Must not know: disk, git, targets.

mod imports;
mod layout;
mod lines;
mod pieces;
mod text;
mod tree;
mod way;
mod weave;

pub use pieces::Clash;

use crate::items::tokens::alike;
use crate::items::{Language, json, line_of, outline, parse};
use pieces::{Piece, clashes, marked, whole};

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// Both sides' changes are in it, and it is readable in its language.
    Whole(String),
    /// What a person has to decide; never empty.
    Clash(Vec<Clash>),
}

/// Carries a person's edit over to new output: `base` is what was generated, `mine` what the person made of it,
/// `theirs` what is generated now. The path tells the language.
#[must_use]
pub fn merge(path: &str, base: &str, mine: &str, theirs: &str) -> Merged {
    if let Some(settled) = settled(base, mine, theirs) {
        return Merged::Whole(settled.to_owned());
    }
    let form = Form::of(mine);
    let ends = ends_with_newline(base, mine, theirs);
    let pieces = pieces(path, &plain(base), &plain(mine), &plain(theirs));
    match whole(&pieces) {
        Some(text) => Merged::Whole(form.restore(&text, ends)),
        None => Merged::Clash(clashes(pieces)),
    }
}

/// The same with conflict markers in place of what clashes, in git's style with the labels `yours` and `generated`.
#[must_use]
pub fn with_markers(path: &str, base: &str, mine: &str, theirs: &str) -> String {
    if let Some(settled) = settled(base, mine, theirs) {
        return settled.to_owned();
    }
    let form = Form::of(mine);
    let pieces = pieces(path, &plain(base), &plain(mine), &plain(theirs));
    let ends = whole(&pieces).is_none() || ends_with_newline(base, mine, theirs);
    form.restore(&marked(&pieces), ends)
}

/// Whether a text is readable in the language of its path: Rust, TypeScript, JSON, YAML, TOML; other text always is.
///
/// # Errors
/// What the parser refuses, beginning with line and column.
pub fn parses(path: &str, text: &str) -> Result<(), String> {
    parse::readable(path, text)
}

/// The result where one side changed nothing, or both the same.
fn settled<'t>(base: &str, mine: &'t str, theirs: &'t str) -> Option<&'t str> {
    if mine == base {
        Some(theirs)
    } else if theirs == base || mine == theirs {
        Some(mine)
    } else {
        None
    }
}

/// Merges texts in plain form; what comes out is readable in its language, or has a clash.
fn pieces(path: &str, base: &str, mine: &str, theirs: &str) -> Vec<Piece> {
    if let Some(settled) = settled(base, mine, theirs) {
        return match parse::readable(path, settled) {
            Ok(()) => vec![Piece::Text(settled.to_owned())],
            Err(_) => text::undecided(base, mine, theirs),
        };
    }
    if let Some(reprinted) = in_style_of(path, mine, theirs) {
        let mut pieces = decided(path, base, &reprinted, theirs);
        for piece in &mut pieces {
            if let Piece::Clash(clash) = piece {
                clash.line = line_of(path, mine, &clash.what);
            }
        }
        return pieces;
    }
    decided(path, base, mine, theirs)
}

fn decided(path: &str, base: &str, mine: &str, theirs: &str) -> Vec<Piece> {
    let readable = |pieces: &[Piece]| whole(pieces).is_none_or(|text| parse::readable(path, &text).is_ok());
    let by_item = by_item(path, base, mine, theirs).filter(|pieces| readable(pieces));
    let pieces = by_item.unwrap_or_else(|| text::merge(path, base, mine, theirs));
    let language = Language::of(path);
    if !readable(&pieces) {
        text::undecided(base, mine, theirs)
    } else if whole(&pieces).is_none() && alike(language, mine, base) && parse::readable(path, theirs).is_ok() {
        vec![Piece::Text(theirs.to_owned())]
    } else {
        pieces
    }
}

/// Merges item by item; `None` where a side cannot be cut into items.
fn by_item(path: &str, base: &str, mine: &str, theirs: &str) -> Option<Vec<Piece>> {
    let cut = |text| outline(path, text);
    let outlines = (cut(base)?, cut(mine)?, cut(theirs)?);
    let tree = tree::Tree {
        language: Language::of(path),
        texts: [base, mine, theirs],
    };
    let pieces = tree.merge([&outlines.0, &outlines.1, &outlines.2]);
    match whole(&pieces).and_then(|text| imports::once(path, &text, [mine, theirs])) {
        Some(once) => Some(vec![Piece::Text(once)]),
        None => Some(pieces),
    }
}

/// Mine printed as theirs is, if it is the same kind of JSON with another indent: programs that people edit it with
/// print the whole document anew.
fn in_style_of(path: &str, mine: &str, theirs: &str) -> Option<String> {
    if Language::of(path) != Language::Json || parse::readable(path, mine).is_err() {
        return None;
    }
    let unit = json::indent(theirs)?;
    if json::indent(mine) == Some(unit) || parse::readable(path, theirs).is_err() {
        return None;
    }
    (json::pretty(theirs, unit) == theirs).then(|| json::pretty(mine, unit))
}

/// How a person's file is written.
struct Form {
    mark: bool,
    crlf: bool,
}

impl Form {
    fn of(text: &str) -> Self {
        Self {
            mark: text.starts_with('\u{feff}'),
            crlf: is_crlf(text),
        }
    }

    /// A plain text in this form.
    fn restore(&self, plain: &str, newline_at_end: bool) -> String {
        let mut text = plain.to_owned();
        if !newline_at_end && text.ends_with('\n') {
            text.pop();
        }
        if self.crlf {
            text = text.replace('\n', "\r\n");
        }
        if self.mark {
            text.insert(0, '\u{feff}');
        }
        text
    }
}

/// Whether every line ends with CR LF.
fn is_crlf(text: &str) -> bool {
    let all = text.matches('\n').count();
    all > 0 && text.matches("\r\n").count() == all
}

/// A text without byte order mark and CR, the last line ended: the form that texts are merged in. A text of mixed line
/// endings keeps them, they are a person's bytes.
fn plain(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut plain = if is_crlf(text) {
        text.replace("\r\n", "\n")
    } else {
        text.to_owned()
    };
    if !plain.is_empty() && !plain.ends_with('\n') {
        plain.push('\n');
    }
    plain
}

/// Whether the result ends with a newline: as mine does where it changed that, else as theirs does.
fn ends_with_newline(base: &str, mine: &str, theirs: &str) -> bool {
    if mine.ends_with('\n') == base.ends_with('\n') {
        theirs.ends_with('\n')
    } else {
        mine.ends_with('\n')
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod real;
#[cfg(test)]
mod tests;
