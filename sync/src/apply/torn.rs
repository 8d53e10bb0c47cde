//! What a power cut may leave of a file that was written and not yet flushed.
//!
//! Owns: telling that from what a person wrote. Must not know: when files are flushed.
//!
//! A disk takes a file block by block and in any order: after a power cut the file may end where any block ends, and a block that
//! did not come through is zeros. A person's bytes are none of that: every block is zeros or what we wrote there, so that
//! nothing is lost with the file.

use std::convert::Infallible;

use flaresmith_codegen::rope::Rope;
use twox_hash::XxHash3_128;

/// The least that a disk takes at once, in bytes.
const BLOCK: usize = 4096;

/// How many digits a digest is written with.
const DIGITS: usize = 32;

/// What is known of the blocks of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Blocks {
    /// Length of the text in bytes.
    pub(super) length: usize,
    /// A digest of each block, one behind the other.
    pub(super) digests: String,
}

impl Blocks {
    /// The blocks of a text.
    pub(super) fn of(text: &Rope) -> Self {
        let mut digests = String::with_capacity(text.len().div_ceil(BLOCK) * DIGITS);
        let Ok(()) = text.blocks::<Infallible>(BLOCK, |block| {
            digests.push_str(&digest(block));
            Ok(())
        });
        Self {
            length: text.len(),
            digests,
        }
    }

    /// Whether this may be what a power cut left of the text; the text itself, whole, may be that as well.
    pub(super) fn may_have_left(&self, found: &[u8]) -> bool {
        let whole = found.len() == self.length || found.len().is_multiple_of(BLOCK);
        whole
            && found.len() <= self.length
            && found.chunks(BLOCK).enumerate().all(|(i, block)| {
                let known = self.digests.get(i * DIGITS..(i + 1) * DIGITS);
                block.iter().all(|byte| *byte == 0) || known == Some(&*digest(block))
            })
    }
}

/// The digest of a block: nobody makes two blocks alike on purpose here, so it is one that costs next to nothing.
fn digest(block: &[u8]) -> String {
    format!("{:032x}", XxHash3_128::oneshot(block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours_in_part_is_told_from_what_a_person_wrote() {
        let text: String = (0..3 * BLOCK + 100)
            .map(|i| char::from(b'a' + u8::try_from(i / 999 % 20).unwrap()))
            .collect();
        let blocks = Blocks::of(&text.as_str().into());
        let text = text.into_bytes();
        let mut hole = text.clone();
        hole[BLOCK..2 * BLOCK].fill(0);
        for left in [
            &text[..],
            &[],
            &text[..BLOCK],
            &text[..3 * BLOCK],
            &hole,
            &vec![0; text.len()],
        ] {
            assert!(blocks.may_have_left(left), "{} bytes", left.len());
        }
        let mut edited = text.clone();
        edited[5] = b'!';
        let longer = [&text[..], b"more"].concat();
        for mine in [
            &edited[..],
            &text[..BLOCK - 1],
            &longer,
            b"mine\n",
            &text[BLOCK..2 * BLOCK],
        ] {
            assert!(!blocks.may_have_left(mine), "{} bytes", mine.len());
        }
    }
}
