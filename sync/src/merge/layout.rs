//! Merged items put one after the other.
//!
//! Owns: separators, blank lines and line breaks between items that come from different sides. Must not know: how
//! they were merged.

use super::pieces::Piece;
use super::weave::{BASE, MINE, THEIRS};
use crate::items::outline::{Body, Separator, slice};

/// A merged item that waits for its place.
#[derive(Debug)]
pub(crate) struct Placed {
    /// Whether it was the first of its side.
    pub(crate) first: bool,
    /// Whether something stood before it on its line.
    pub(crate) inline: bool,
    /// The blank lines before it, or the spaces if it is inline.
    pub(crate) blank: String,
    /// What it is indented by.
    pub(crate) indent: String,
    /// The item itself.
    pub(crate) pieces: Vec<Piece>,
    /// What stands behind it and its separator.
    pub(crate) after: String,
    /// Whether it ends with a clash, which brings its own separator.
    pub(crate) clashes: bool,
}

/// Puts items behind the head that is already in `out`.
pub(crate) fn arrange(texts: &[&str; 3], bodies: [Option<&Body>; 3], placed: Vec<Placed>, out: &mut Vec<Piece>) {
    let separator = [MINE, THEIRS]
        .iter()
        .find_map(|side| bodies[*side])
        .map(|body| body.separator);
    let trailing = ends_with_separator(bodies);
    let indent = placed.iter().find(|item| !item.inline && !item.clashes);
    let indent = indent.map_or(String::new(), |item| item.indent.clone());
    let count = placed.len();
    for (i, item) in placed.into_iter().enumerate() {
        let new_line = begins_line(out);
        let spaces = match (item.inline, new_line) {
            (true, true) => indent.clone(),
            (true, false) if i > 0 && item.first => " ".to_owned(),
            (true, false) if i == 0 => first_blank(texts, bodies),
            (true, false) => item.blank,
            (false, _) => {
                let blank = if i == 0 {
                    first_blank(texts, bodies)
                } else if item.first {
                    usual_blank(texts, bodies)
                } else {
                    item.blank
                };
                let blank = if blank.trim_matches(' ').is_empty() {
                    String::new()
                } else {
                    blank
                };
                if new_line { blank } else { format!("\n{blank}") }
            }
        };
        out.push(Piece::Text(spaces));
        out.extend(item.pieces);
        let wanted = match separator {
            Some(Separator::Comma) => i + 1 < count || trailing,
            Some(Separator::CommaBetween) => i + 1 < count,
            _ => false,
        };
        if wanted && !item.clashes {
            out.push(Piece::Text(",".to_owned()));
        }
        // What stood among others on a line and has one of its own now ends it.
        let ends = item.inline && new_line && !item.after.ends_with('\n');
        out.push(Piece::Text(item.after));
        if ends {
            out.push(Piece::Text("\n".to_owned()));
        }
    }
}

/// Whether a separator stands after the last item: as mine has it where it changed that, else as theirs has it.
fn ends_with_separator(bodies: [Option<&Body>; 3]) -> bool {
    let last = bodies.map(|body| Some(body?.items.last()?.separator.is_some()));
    match last {
        [_, None, theirs] => theirs.unwrap_or(false),
        [_, Some(mine), None] => mine,
        [None, Some(mine), Some(theirs)] => mine || theirs,
        [base, Some(mine), Some(theirs)] => {
            if base == Some(mine) {
                theirs
            } else {
                mine
            }
        }
    }
}

/// Whether what comes next begins a line.
pub(crate) fn begins_line(out: &[Piece]) -> bool {
    let mut texts = out.iter().rev();
    let last = texts.find(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    match last {
        None | Some(Piece::Clash(_)) => true,
        Some(Piece::Text(text)) => text.ends_with('\n'),
    }
}

/// What stands before the first item of a side.
fn first_blank(texts: &[&str; 3], bodies: [Option<&Body>; 3]) -> String {
    let first = [MINE, THEIRS, BASE].into_iter().find_map(|side| {
        let item = bodies[side]?.items.first()?;
        Some(slice(texts[side], item.blank.clone()).to_owned())
    });
    first.unwrap_or_default()
}

/// What stands between two items of these bodies.
fn usual_blank(texts: &[&str; 3], bodies: [Option<&Body>; 3]) -> String {
    let second = [THEIRS, MINE, BASE].into_iter().find_map(|side| {
        let item = bodies[side]?.items.get(1)?;
        (!item.inline).then(|| slice(texts[side], item.blank.clone()).to_owned())
    });
    second.unwrap_or_default()
}
