//! A merge on its way: text that is settled, and clashes between.
//!
//! Owns: the form of a clash, and conflict markers. Must not know: languages.

/// One place where both sides changed the same thing differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// What it is: `fn create_project`, `/item/3/name`, `lines 10-14`.
    pub what: String,
    /// What it was when it was generated; empty if it was not there.
    pub base: String,
    /// What a person made of it; empty if it was taken out.
    pub mine: String,
    /// What is generated now; empty if it is no longer generated.
    pub theirs: String,
    /// Where it stands in `mine`, from 1.
    pub line: u32,
}

/// A stretch of merged text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Settled.
    Text(String),
    /// For a person to decide.
    Clash(Clash),
}

/// The text if nothing clashes.
pub(crate) fn whole(pieces: &[Piece]) -> Option<String> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(settled) => text.push_str(settled),
            Piece::Clash(_) => return None,
        }
    }
    Some(text)
}

/// The clashes among the pieces.
pub(crate) fn clashes(pieces: Vec<Piece>) -> Vec<Clash> {
    let clashes = pieces.into_iter().filter_map(|piece| match piece {
        Piece::Clash(clash) => Some(clash),
        Piece::Text(_) => None,
    });
    clashes.collect()
}

/// The text with conflict markers in place of what clashes. Markers stand on lines of their own.
pub(crate) fn marked(pieces: &[Piece]) -> String {
    let mut text = String::new();
    // Whether the end of a line that clashes is still to come.
    let mut open = false;
    for piece in pieces {
        match piece {
            Piece::Text(settled) => {
                let rest = settled.strip_prefix('\n').filter(|_| open);
                text.push_str(rest.unwrap_or(settled));
                open &= settled.is_empty();
            }
            Piece::Clash(clash) => {
                end_line(&mut text);
                text.push_str("<<<<<<< yours\n");
                text.push_str(&clash.mine);
                end_line(&mut text);
                text.push_str("=======\n");
                text.push_str(&clash.theirs);
                end_line(&mut text);
                text.push_str(">>>>>>> generated\n");
                open = !clash.mine.is_empty() && !clash.mine.ends_with('\n');
            }
        }
    }
    text
}

fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}
