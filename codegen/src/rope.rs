//! Ropes: texts that share some of their pieces with others.
//!
//! Owns: putting a text together without copying what others have of it, and going through it, wherever its pieces stand. Must not
//! know: what is written.
//!
//! Documents of one contract have much in common, and each is megabytes: both versions of the OpenAPI document have most of their
//! schemas in the same words, and all collections have the same requests. What they share stands in memory once.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::spool::{Aside, Spool};

/// A text. A copy of it is the same one.
#[derive(Clone, Default)]
pub struct Rope(Arc<Strands>);

/// A text that is being put together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Strands {
    /// What nobody else has.
    pub(crate) own: String,
    /// What others have too, with the place in the own text that it stands at, in order.
    shared: Vec<(usize, Piece)>,
}

/// What others have too.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Text(Arc<String>),
    /// From one byte to another of what a rope has for its own.
    Of(Arc<Strands>, usize, usize),
    /// What stands in a spool.
    Aside(Aside),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Aside(aside) => aside.len(),
            Self::Text(_) | Self::Of(..) => self.in_memory().map_or(0, str::len),
        }
    }

    fn in_memory(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Of(strands, begin, end) => strands.own.get(*begin..*end),
            Self::Aside(_) => None,
        }
    }
}

impl From<String> for Piece {
    fn from(text: String) -> Self {
        Self::Text(Arc::new(text))
    }
}

/// A shorter piece of another rope is copied: keeping in mind where it stands takes as much room.
const SHORT: usize = 128;

/// So much of a text is compared at once, in bytes.
const BLOCK: usize = 16 * 1024;

/// So much of a text is put aside in one piece, in bytes.
const MOST: usize = 256 * 1024;

impl Strands {
    /// Goes on with what others have.
    pub(crate) fn share(&mut self, piece: &Piece) {
        self.shared.push((self.own.len(), piece.clone()));
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

    /// Goes on with a text that goes aside if it is long and there is room for it. Nothing is left of it where it stood.
    fn put_aside(&mut self, text: &mut String, spool: &Arc<dyn Spool>) {
        match Aside::put(spool, text) {
            Some(aside) => self.share(&Piece::Aside(aside)),
            None => self.own.push_str(text),
        }
        text.clear();
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
    /// What it is put together from, in order: what it has in memory, and what stands aside.
    fn pieces(&self) -> impl Iterator<Item = Result<&str, &Aside>> {
        let Strands { own, shared } = &*self.0;
        let begins = std::iter::once(0).chain(shared.iter().map(|(at, _)| *at));
        let ends = shared
            .iter()
            .map(|(at, piece)| (*at, Some(piece)))
            .chain([(own.len(), None)]);
        begins.zip(ends).flat_map(|(begin, (end, piece))| {
            let own = own.get(begin..end).filter(|text| !text.is_empty()).map(Ok);
            let shared = piece.and_then(|piece| match piece {
                Piece::Aside(aside) => Some(Err(aside)),
                Piece::Text(_) | Piece::Of(..) => piece.in_memory().map(Ok),
            });
            [own, shared].into_iter().flatten()
        })
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        let shared = self.0.shared.iter().map(|(_, piece)| piece.len());
        self.0.own.len() + shared.sum::<usize>()
    }

    /// The text, where it stands in memory in one piece.
    #[must_use]
    pub fn as_one(&self) -> Option<&str> {
        let mut pieces = self.pieces();
        let first = pieces.next().unwrap_or(Ok("")).ok()?;
        pieces.next().is_none().then_some(first)
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
        if let Some(one) = self.as_one() {
            return Cow::Borrowed(one);
        }
        let mut whole = String::with_capacity(self.len());
        for piece in self.pieces() {
            match piece {
                Ok(text) => whole.push_str(text),
                Err(aside) => whole.push_str(&aside.whole()),
            }
        }
        Cow::Owned(whole)
    }

    /// Goes through it in blocks of `size` bytes, of which the last may be shorter.
    ///
    /// # Errors
    /// Those of `each`, after which it goes no further.
    pub fn blocks<E>(&self, size: usize, mut each: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut block: Vec<u8> = Vec::new();
        if self.as_one().is_none() {
            block.reserve_exact(size.min(self.len()));
        }
        for piece in self.pieces() {
            match piece {
                Ok(text) => {
                    let mut text = text.as_bytes();
                    if !block.is_empty() {
                        let (head, rest) = text.split_at(text.len().min(size - block.len()));
                        block.extend_from_slice(head);
                        text = rest;
                        if block.len() < size {
                            continue;
                        }
                        each(&block)?;
                        block.clear();
                    }
                    let mut whole = text.chunks_exact(size);
                    whole.by_ref().try_for_each(&mut each)?;
                    block.extend_from_slice(whole.remainder());
                }
                Err(aside) => {
                    let mut done = 0;
                    while done < aside.len() {
                        let (begin, count) = (block.len(), (size - block.len()).min(aside.len() - done));
                        block.resize(begin + count, 0);
                        aside.read(done, block.get_mut(begin..).unwrap_or_default());
                        done += count;
                        if block.len() == size {
                            each(&block)?;
                            block.clear();
                        }
                    }
                }
            }
        }
        match block.is_empty() {
            true => Ok(()),
            false => each(&block),
        }
    }

    /// The same text with all of it put aside that is long and stands in memory. What finds no room there stays.
    #[must_use]
    pub fn aside(self, spool: &Arc<dyn Spool>) -> Self {
        let (mut strands, mut here) = (Strands::default(), String::new());
        for piece in self.pieces() {
            match piece {
                Ok(mut text) => {
                    while here.len() + text.len() > MOST {
                        let most = (0..=MOST - here.len()).rev();
                        let end = most.into_iter().find(|end| text.is_char_boundary(*end));
                        let (now, later) = text.split_at(end.unwrap_or_default());
                        here.push_str(now);
                        text = later;
                        strands.put_aside(&mut here, spool);
                    }
                    here.push_str(text);
                }
                Err(aside) => {
                    strands.put_aside(&mut here, spool);
                    strands.share(&Piece::Aside(aside.clone()));
                }
            }
        }
        strands.put_aside(&mut here, spool);
        strands.into()
    }

    /// Whether all of it that stands aside could be read back whenever somebody wanted to see it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.pieces().all(|piece| piece.map_or_else(Aside::is_sound, |_| true))
    }

    /// The same text with another piece in the place of some that are shared: `other` is asked by their numbers.
    pub(crate) fn with_shared(&self, other: impl Fn(usize) -> Option<Piece>) -> Self {
        let mut strands = Strands::clone(&self.0);
        for (number, (_, piece)) in strands.shared.iter_mut().enumerate() {
            if let Some(other) = other(number) {
                *piece = other;
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
        self.pieces().try_for_each(|piece| match piece {
            Ok(text) => out.write_str(text),
            Err(aside) => out.write_str(&aside.whole()),
        })
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
        let mut rest = other.as_bytes();
        let is_next = |block: &[u8]| {
            rest = rest.strip_prefix(block).ok_or(())?;
            Ok(())
        };
        self.len() == other.len() && self.blocks::<()>(BLOCK, is_next).is_ok()
    }
}
