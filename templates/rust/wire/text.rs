//! Percent-encoding.

use std::fmt::Write;

/// Encodes everything but letters, digits and `-._~`.
#[must_use]
pub fn percent_encode(text: &str) -> String {
    encode(text, b"-._~")
}

/// Encodes everything that would end a part of a URL, and leaves the signs that may stand in a path.
#[must_use]
pub fn percent_encode_reserved(text: &str) -> String {
    encode(text, b"-._~!$&'()*+,;=:@")
}

fn encode(text: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Decodes `%XX`, and `+` as a blank when `plus` says so. `None`: the result is not UTF-8. A `%` that begins no escape is kept.
#[must_use]
pub fn percent_decode(text: &str, plus: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high * 16 + low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) if plus => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
