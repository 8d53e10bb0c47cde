//! The text of a `$ref`, taken apart.
//!
//! Owns: paths relative to a file, the border of the repository, fragments. Must not know: what is behind a reference.

/// Where a reference leads: a file of the repository and a JSON pointer into it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    /// Path relative to the root.
    pub(super) file: String,
    /// RFC 6901 pointer.
    pub(super) pointer: String,
}

/// Why the text of a reference leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It leaves the repository.
    Outside,
    /// Its fragment is not a pointer (`#name`).
    Anchor,
}

/// Takes the text of a reference in a file apart.
pub(super) fn parse(text: &str, from: &str) -> Result<Target, Refusal> {
    let (path, fragment) = text.split_once('#').unwrap_or((text, ""));
    let file = if path.is_empty() {
        from.to_owned()
    } else {
        resolve(&decode(path), from).ok_or(Refusal::Outside)?
    };
    if !fragment.is_empty() && !fragment.starts_with('/') {
        return Err(Refusal::Anchor);
    }
    Ok(Target {
        file,
        pointer: decode(fragment),
    })
}

/// A path relative to the folder of a file, as a path relative to the root.
fn resolve(path: &str, from: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\\') || path.contains("://") || path.contains(':') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Percent-decoding; what is not UTF-8 afterwards stays as it was written.
fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match code.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_relative_to_their_file_and_stay_inside() {
        let target = |text| parse(text, "specs/001-a/contracts/api.yaml");
        let at = |file: &str, pointer: &str| {
            Ok(Target {
                file: file.to_owned(),
                pointer: pointer.to_owned(),
            })
        };
        assert_eq!(target("#/a/b"), at("specs/001-a/contracts/api.yaml", "/a/b"));
        assert_eq!(target("../data.yaml#/$defs/A"), at("specs/001-a/data.yaml", "/$defs/A"));
        assert_eq!(target("./x%20y.json"), at("specs/001-a/contracts/x y.json", ""));
        assert_eq!(
            target("#/paths/~1a~1%7Bid%7D"),
            at("specs/001-a/contracts/api.yaml", "/paths/~1a~1{id}")
        );
        for outside in [
            "../../../../etc/passwd",
            "/etc/passwd",
            "https://example.com/a.yaml",
            "C:\\a",
            "..\\a",
        ] {
            assert_eq!(target(outside), Err(Refusal::Outside), "{outside}");
        }
        assert_eq!(target("#name"), Err(Refusal::Anchor));
    }
}
