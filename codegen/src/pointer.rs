//! JSON pointers: keys as tokens of them, and back (RFC 6901).
//!
//! Owns: how `~` and `/` of a key are written in a pointer, and how a pointer goes a step further. Must not know: documents, or what
//! stands at a pointer.

use std::borrow::Cow;

/// A key as one token of a pointer.
#[must_use]
pub fn escape(key: &str) -> Cow<'_, str> {
    if is_plain(key) {
        Cow::Borrowed(key)
    } else {
        Cow::Owned(key.replace('~', "~0").replace('/', "~1"))
    }
}

/// Whether a key is a token as it stands. Keys are short: to look at each byte takes less than to look for one.
fn is_plain(key: &str) -> bool {
    key.bytes()
        .fold(true, |plain, byte| plain & (byte != b'~') & (byte != b'/'))
}

/// A token of a pointer as the key it stands for.
#[must_use]
pub fn unescape(token: &str) -> Cow<'_, str> {
    if !token.as_bytes().contains(&b'~') {
        return Cow::Borrowed(token);
    }
    let mut pieces = token.split('~');
    let mut key = String::with_capacity(token.len());
    key.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (sign, rest) = match piece.as_bytes().first() {
            Some(b'0') => ('~', piece.get(1..)),
            Some(b'1') => ('/', piece.get(1..)),
            // No token has it; it stays as it is.
            _ => ('~', Some(piece)),
        };
        key.push(sign);
        key.push_str(rest.unwrap_or_default());
    }
    Cow::Owned(key)
}

/// A token of a pointer in a URI fragment as the key it stands for. Of what is encoded there, only spaces are decoded.
#[must_use]
pub fn of_fragment(token: &str) -> String {
    unescape(&token.replace("%20", " ")).into_owned()
}

/// Goes a step down, and returns the length to cut the pointer back to.
pub fn push(pointer: &mut String, key: &str) -> usize {
    let length = pointer.len();
    pointer.push('/');
    let mut rest = key;
    while let Some((plain, sign, behind)) = next_special(rest) {
        pointer.push_str(plain);
        pointer.push_str(if sign == b'~' { "~0" } else { "~1" });
        rest = behind;
    }
    pointer.push_str(rest);
    length
}

/// What stands before the first sign that a token writes in another way, which it is, and what stands behind it.
fn next_special(key: &str) -> Option<(&str, u8, &str)> {
    let at = key.bytes().position(|byte| matches!(byte, b'~' | b'/'))?;
    let sign = *key.as_bytes().get(at)?;
    Some((key.get(..at)?, sign, key.get(at + 1..)?))
}

/// The pointer one step further.
#[must_use]
pub fn below(pointer: &str, key: &str) -> String {
    // Paths have some signs that take two in a token.
    let mut below = String::with_capacity(pointer.len() + key.len() + 8);
    below.push_str(pointer);
    push(&mut below, key);
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_comes_back_from_its_token() {
        for (key, token) in [
            ("", ""),
            ("a b", "a b"),
            ("/a/{b}", "~1a~1{b}"),
            ("~", "~0"),
            ("~1", "~01"),
            ("~/~", "~0~1~0"),
        ] {
            assert_eq!(escape(key), token);
            assert_eq!(unescape(token), key);
        }
        for (token, key) in [
            ("~~1", "~/"),
            ("~~01", "~~1"),
            ("~2", "~2"),
            ("a~", "a~"),
            ("~1é~0", "/é~"),
        ] {
            assert_eq!(unescape(token), key);
        }
        assert!(matches!(escape("a b"), Cow::Borrowed(_)));
        assert!(matches!(unescape("a b"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_pointer_goes_a_step_down_and_is_cut_back() {
        let mut pointer = "/paths".to_owned();
        let length = push(&mut pointer, "/a");
        assert_eq!(pointer, "/paths/~1a");
        assert_eq!(below(&pointer, "get"), "/paths/~1a/get");
        pointer.truncate(length);
        assert_eq!(pointer, "/paths");
        assert_eq!(below("", ""), "/");
    }

    #[test]
    fn spaces_are_encoded_in_fragments() {
        assert_eq!(of_fragment("a%20b~1c"), "a b/c");
        assert_eq!(of_fragment("a%2Fb"), "a%2Fb");
    }
}
