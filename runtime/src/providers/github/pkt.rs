//! Lines as git's protocols write them: four hexadecimal digits with their length, themselves included, or `0000` for an end.
//!
//! Owns: reading and writing them. Must not know: what they say. What is read is a stranger's.

/// A line, or the end of a part.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A line, with its line break if it has one.
    Text(&'a [u8]),
    /// An end.
    End,
}

/// Reads the next line; what is left. `None`: there is none, or none that can be.
pub(super) fn next(bytes: &[u8]) -> Option<(Line<'_>, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(4)?;
    let length = usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    match length {
        0..=3 => Some((Line::End, rest)),
        _ => {
            let (text, rest) = rest.split_at_checked(length - 4)?;
            Some((Line::Text(text), rest))
        }
    }
}

/// Writes a line. None is longer than git takes: references are not.
pub(super) fn push(into: &mut Vec<u8>, text: &str) {
    into.extend_from_slice(format!("{:04x}", text.len() + 4).as_bytes());
    into.extend_from_slice(text.as_bytes());
}

/// Writes an end.
pub(super) fn end(into: &mut Vec<u8>) {
    into.extend_from_slice(b"0000");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_what_is_cut_short_is_none() {
        let mut bytes = Vec::new();
        push(&mut bytes, "want x\n");
        end(&mut bytes);
        let (line, rest) = next(&bytes).unwrap();
        assert_eq!(line, Line::Text(b"want x\n"));
        assert_eq!(next(rest), Some((Line::End, &b""[..])));
        for cut in [&b""[..], b"00", b"zzzz", b"0009ab", b"\xff\xff\xff\xff"] {
            assert_eq!(next(cut), None);
        }
    }
}
