//! Ropes: texts that share some of their pieces with others.
//!
//! Owns: putting a text together without copying what others have of it, and going through it. Must not know: what is written.
//!
//! Documents of one contract have much in common, and each is megabytes: both versions of the OpenAPI document have most of their
//! schemas in the same words, and all collections have the same requests. What they share stands in memory once.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A text. A copy of it is the same one.
#[derive(Clone, Default)]
pub struct Rope(Arc<Strands>);

/// A text that is being put together.
#[derive(Clone, Default)]
pub(crate) struct Strands {
    /// What nobody else has.
    pub(crate) own: String,
    /// What others have too, with the place in the own text that it stands at, in order.
    shared: Vec<(usize, Piece)>,
}

/// What others have too.
#[derive(Clone)]
enum Piece {
    Text(Arc<String>),
    /// From one byte to another of what a rope has for its own.
    Of(Arc<Strands>, usize, usize),
}

impl Piece {
    fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Of(strands, begin, end) => strands.own.get(*begin..*end).unwrap_or_default(),
        }
    }
}

/// A shorter piece of another rope is copied: keeping in mind where it stands takes as much room.
const SHORT: usize = 128;

impl Strands {
    /// Goes on with a text that others have.
    pub(crate) fn share(&mut self, text: &Arc<String>) {
        self.shared.push((self.own.len(), Piece::Text(Arc::clone(text))));
    }

    /// Goes on with a whole text, which is shared from now on.
    pub(crate) fn append(&mut self, text: &Rope) {
        let mut begin = 0;
        let mut own = |all: &mut Self, end: usize| {
            match end - begin {
                0..SHORT => all.own.push_str(text.0.own.get(begin..end).unwrap_or_default()),
                _ => all
                    .shared
                    .push((all.own.len(), Piece::Of(Arc::clone(&text.0), begin, end))),
            }
            begin = end;
        };
        for (at, piece) in &text.0.shared {
            own(self, *at);
            self.shared.push((self.own.len(), piece.clone()));
        }
        own(self, text.0.own.len());
    }
}

impl From<Strands> for Rope {
    fn from(mut strands: Strands) -> Self {
        strands.own.shrink_to_fit();
        strands.shared.shrink_to_fit();
        Self(Arc::new(strands))
    }
}

impl Rope {
    /// Its pieces, in order.
    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        let Strands { own, shared } = &*self.0;
        let begins = std::iter::once(0).chain(shared.iter().map(|(at, _)| *at));
        let ends = shared
            .iter()
            .map(|(at, text)| (*at, Some(text)))
            .chain([(own.len(), None)]);
        begins.zip(ends).flat_map(|(begin, (end, shared))| {
            let own = own.get(begin..end).filter(|text| !text.is_empty());
            [own, shared.map(Piece::as_str)].into_iter().flatten()
        })
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        let shared = self.0.shared.iter().map(|(_, piece)| piece.as_str().len());
        self.0.own.len() + shared.sum::<usize>()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether both are one and the same, which needs no look at them.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The text in one piece, which is copied for it when it is not.
    #[must_use]
    pub fn whole(&self) -> Cow<'_, str> {
        match &*self.0 {
            Strands { own, shared } if shared.is_empty() => Cow::Borrowed(own),
            Strands { own, shared } if own.is_empty() && shared.len() == 1 => shared
                .first()
                .map_or(Cow::Borrowed(""), |(_, piece)| Cow::Borrowed(piece.as_str())),
            _ => Cow::Owned(self.to_string()),
        }
    }

    /// Goes through it in blocks of `size` bytes, of which the last may be shorter.
    ///
    /// # Errors
    /// Those of `each`, after which it goes no further.
    pub fn blocks<E>(&self, size: usize, mut each: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut block: Vec<u8> = Vec::new();
        for piece in self.pieces() {
            let mut piece = piece.as_bytes();
            if !block.is_empty() {
                let (head, rest) = piece.split_at(piece.len().min(size - block.len()));
                block.extend_from_slice(head);
                piece = rest;
                if block.len() < size {
                    continue;
                }
                each(&block)?;
                block.clear();
            }
            let mut whole = piece.chunks_exact(size);
            whole.by_ref().try_for_each(&mut each)?;
            block.extend_from_slice(whole.remainder());
        }
        match block.is_empty() {
            true => Ok(()),
            false => each(&block),
        }
    }

    /// The same text with another piece in the place of some that are shared: `other` is asked by their numbers.
    pub(crate) fn with_shared(&self, other: impl Fn(usize) -> Option<Arc<String>>) -> Self {
        let mut strands = Strands::clone(&self.0);
        for (number, (_, piece)) in strands.shared.iter_mut().enumerate() {
            if let Some(other) = other(number) {
                *piece = Piece::Text(other);
            }
        }
        strands.into()
    }
}

impl From<String> for Rope {
    fn from(own: String) -> Self {
        Self(Arc::new(Strands {
            own,
            shared: Vec::new(),
        }))
    }
}

impl From<&str> for Rope {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Display for Rope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces().try_for_each(|piece| out.write_str(piece))
    }
}

impl fmt::Debug for Rope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.whole(), out)
    }
}

/// Where pieces end makes no other text.
impl PartialEq for Rope {
    fn eq(&self, other: &Self) -> bool {
        self.is(other) || (self.len() == other.len() && *other == *self.whole())
    }
}

impl Eq for Rope {}

impl PartialEq<str> for Rope {
    fn eq(&self, other: &str) -> bool {
        let mut rest = other;
        let is_next = |piece: &str| {
            let next = rest.strip_prefix(piece);
            rest = next.unwrap_or(rest);
            next.is_some()
        };
        self.len() == other.len() && self.pieces().all(is_next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rope(pieces: &[(&str, bool)]) -> Rope {
        let mut strands = Strands::default();
        for (text, is_shared) in pieces {
            match is_shared {
                true => strands.share(&Arc::new((*text).to_owned())),
                false => strands.own.push_str(text),
            }
        }
        strands.into()
    }

    #[test]
    fn a_text_reads_the_same_wherever_its_pieces_end() {
        let whole = "one, two; three";
        let forms: [&[(&str, bool)]; 7] = [
            &[(whole, false)],
            &[(whole, true)],
            &[("one", true), (", two; three", false)],
            &[("one, ", false), ("two", true), ("; three", false)],
            &[
                ("one, ", false),
                ("two", true),
                ("; ", true),
                ("", true),
                ("three", true),
            ],
            &[("", true), ("one, two; three", false), ("", true)],
            &[("one, two; ", false), ("three", true)],
        ];
        for pieces in forms {
            let made = rope(pieces);
            assert_eq!((&*made.whole(), made.len()), (whole, whole.len()));
            assert_eq!(made.to_string(), whole);
            assert_eq!(made, *whole);
            assert_eq!(made, Rope::from(whole));
            assert_eq!(Rope::from(whole), made);
            assert_ne!(made, *"one, two; thre!");
            assert_ne!(made, *"one, two; three ");
            let mut twice = Strands::default();
            twice.append(&made);
            twice.append(&made);
            assert_eq!(Rope::from(twice), *whole.repeat(2));
        }
        let (short, long) = ("ü".repeat(SHORT / 2 - 1), "ü".repeat(SHORT));
        for (text, pieces) in [(&short, 1), (&long, 3)] {
            let mut around = Strands::default();
            around.own.push('[');
            around.append(&Rope::from(text.as_str()));
            around.append(&rope(&[("", false)]));
            around.own.push(']');
            let around = Rope::from(around);
            assert_eq!(
                (around.pieces().count(), &*around.whole()),
                (pieces, &*format!("[{text}]"))
            );
        }
        assert!(Rope::default().is_empty() && rope(&[("", true)]).is_empty());
        assert_eq!(Rope::default().pieces().count(), 0);
    }

    #[test]
    fn blocks_are_of_one_size_but_for_the_last() {
        let made = rope(&[("abc", false), ("defgh", true), ("", true), ("i", false), ("jk", true)]);
        for size in 1..14 {
            let mut blocks: Vec<Vec<u8>> = Vec::new();
            let done: Result<(), ()> = made.blocks(size, |block| {
                blocks.push(block.to_owned());
                Ok(())
            });
            assert_eq!(done, Ok(()));
            let wanted: Vec<&[u8]> = b"abcdefghijk".chunks(size).collect();
            assert_eq!(blocks, wanted, "{size}");
        }
        let mut seen = 0;
        let stopped = made.blocks(2, |_| {
            seen += 1;
            if seen == 2 { Err("enough") } else { Ok(()) }
        });
        assert_eq!((stopped, seen), (Err("enough"), 2));
    }

    #[test]
    fn a_shared_piece_gives_way_to_another_one() {
        let made = rope(&[("a", false), ("b", true), ("c", false), ("d", true)]);
        let other = made.with_shared(|number| (number == 1).then(|| Arc::new("other".to_owned())));
        assert_eq!((&*made.whole(), &*other.whole()), ("abcd", "abcother"));
    }
}
