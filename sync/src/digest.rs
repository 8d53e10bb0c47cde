//! Digests of file contents.
//!
//! Owns: what counts as the same content. Must not know: which files are compared.
//!
//! Line ends do not count: git may write `\r\n` where `\n` was generated, and that is nobody's edit.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};

/// So much is read at once, in bytes.
const PART: usize = 64 * 1024;

/// 128 bits of BLAKE3 over the content with `\n` line ends, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 16]);

impl Digest {
    /// The digest of a content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self::short(blake3::hash(&unix_line_ends(content)))
    }

    /// The digest of what is read to its end, of which no more than a part is held at a time.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of_read(mut from: impl Read) -> io::Result<Self> {
        let mut parts = Parts::default();
        let mut part = vec![0; PART];
        loop {
            match from.read(&mut part) {
                Ok(0) => return Ok(parts.digest()),
                Ok(read) => parts.add(part.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The digest of what is told part by part.
    pub fn of_parts(tell: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Self {
        let mut parts = Parts::default();
        tell(&mut |part| parts.add(part));
        parts.digest()
    }

    fn short(hash: blake3::Hash) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(hash.as_bytes()) {
            *to = *from;
        }
        Self(bytes)
    }

    /// Reads the 32 digits back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (digits, []) = text.as_bytes().as_chunks::<2>() else {
            return None;
        };
        let digit = |digit: u8| {
            char::from(digit)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        let mut bytes = [0; 16];
        if digits.len() != bytes.len() {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(digits) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digit by digit and not through the formatting of numbers: a journal has a digest for every block that is written.
        let mut digits = [0; 32];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            for (to, half) in pair.iter_mut().zip([byte >> 4, byte & 0xf]) {
                *to = if half < 10 { b'0' + half } else { b'a' + half - 10 };
            }
        }
        out.write_str(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// A content that is digested part by part.
#[derive(Default)]
struct Parts {
    hash: blake3::Hasher,
    /// Whether the last part ended with a `\r` that may belong to a `\n`.
    held: bool,
}

impl Parts {
    fn add(&mut self, part: &[u8]) {
        if self.held && part.first() != Some(&b'\n') {
            self.hash.update(b"\r");
        }
        self.held = part.ends_with(b"\r");
        self.hash
            .update(&unix_line_ends(part.strip_suffix(b"\r").unwrap_or(part)));
    }

    fn digest(mut self) -> Digest {
        if self.held {
            self.hash.update(b"\r");
        }
        Digest::short(self.hash.finalize())
    }
}

/// Whether there is a `\r`. Part by part without a way out of the middle of one, which the processor does many bytes at a time.
fn has_return(content: &[u8]) -> bool {
    let in_part = |part: &[u8]| part.iter().fold(false, |found, byte| found | (*byte == b'\r'));
    content.chunks(256).any(in_part)
}

/// The content with `\n` line ends; borrowed when it has them already.
fn unix_line_ends(content: &[u8]) -> Cow<'_, [u8]> {
    if !has_return(content) {
        return Cow::Borrowed(content);
    }
    let mut rest = content.iter().copied().peekable();
    let mut out = Vec::with_capacity(content.len());
    while let Some(byte) = rest.next() {
        if byte != b'\r' || rest.peek() != Some(&b'\n') {
            out.push(byte);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_do_not_count_and_everything_else_does() {
        assert_eq!(Digest::of(b"a\r\nb\n"), Digest::of(b"a\nb\n"));
        assert_ne!(Digest::of(b"a\rb\n"), Digest::of(b"ab\n"));
        assert_ne!(Digest::of(b"a\n"), Digest::of(b"a"));
    }

    #[test]
    fn what_is_read_in_parts_has_the_same_digest_wherever_they_end() {
        struct Parts<'a>(&'a [u8], usize);
        impl Read for Parts<'_> {
            fn read(&mut self, part: &mut [u8]) -> io::Result<usize> {
                let most = self.1.min(part.len());
                self.0.read(&mut part[..most])
            }
        }
        for content in [&b""[..], b"\r", b"\n", b"a\r\nb\r\r\n\rc\r", b"\r\n\r\n", b"plain\n"] {
            for size in 1..6 {
                assert_eq!(
                    Digest::of_read(Parts(content, size)).unwrap(),
                    Digest::of(content),
                    "{content:?} {size}"
                );
                let told = Digest::of_parts(|tell| content.chunks(size).for_each(tell));
                assert_eq!(told, Digest::of(content), "{content:?} {size}");
            }
        }
    }

    #[test]
    fn the_written_form_reads_back() {
        let digest = Digest::of(b"x");
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse("short"), None);
        assert_eq!(Digest::parse(&"+1".repeat(16)), None);
        assert_eq!(Digest::parse(&"é".repeat(16)), None);
    }
}
