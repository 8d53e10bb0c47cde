//! Members: where the parts of a JSON text stand in it.
//!
//! Owns: finding the object around a change, and what stands directly in an object or list. Must not know: what is in it, or how it
//! is read.
//!
//! Only a text that was read before is asked about, so that it is sound. It is gone through once, and nothing is made of what stands
//! there.

use std::ops::Range;

/// An object of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Around {
    /// Where it stands, with its braces.
    pub(super) range: Range<usize>,
    /// Where the keys of the objects around it stand, from the root on, with their quotation marks.
    pub(super) keys: Vec<Range<usize>>,
}

/// The innermost object with the bytes of a range between its braces, at most `steps` below the root and not the root itself.
pub(super) fn around(text: &str, changed: &Range<usize>, steps: usize) -> Option<Around> {
    let holds = |member: &Member| {
        let value = &member.value;
        text.as_bytes().get(value.start) == Some(&b'{') && value.start < changed.start && changed.end < value.end
    };
    let mut range = root(text)?..text.len();
    let mut keys = Vec::new();
    while keys.len() < steps
        && let Some(member) = Members::of(text, range.start)?.find(holds)
        && let Some(key) = member.key
    {
        keys.push(key);
        range = member.value;
    }
    (!keys.is_empty()).then_some(Around { range, keys })
}

/// A member of an object, or an item of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its key, with its quotation marks; nothing for an item.
    pub(super) key: Option<Range<usize>>,
    /// Its value.
    pub(super) value: Range<usize>,
}

/// What stands directly in an object or list, one after the other, up to its end or to what is not sound.
pub(super) struct Members<'t> {
    bytes: &'t [u8],
    at: usize,
    is_object: bool,
    /// Whether the end was come to.
    is_whole: bool,
}

impl<'t> Members<'t> {
    /// Those of the one that begins at an offset. `None`: none does.
    pub(super) fn of(text: &'t str, start: usize) -> Option<Self> {
        let bytes = text.as_bytes();
        let is_object = match bytes.get(start)? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        Some(Self {
            bytes,
            at: start + 1,
            is_object,
            is_whole: false,
        })
    }

    /// All of them. `None`: the text is not sound there.
    pub(super) fn all(mut self) -> Option<Vec<Member>> {
        let members = self.by_ref().collect();
        self.is_whole.then_some(members)
    }
}

impl Iterator for Members<'_> {
    type Item = Member;

    fn next(&mut self) -> Option<Member> {
        let bytes = self.bytes;
        let mut at = next(bytes, self.at)?;
        if bytes.get(at) == Some(&b',') {
            at = next(bytes, at + 1)?;
        }
        let key = match bytes.get(at)? {
            b'}' | b']' => {
                self.is_whole = true;
                return None;
            }
            b'"' if self.is_object => {
                let end = string_end(bytes, at)?;
                let key = at..end;
                let colon = next(bytes, end).filter(|colon| bytes.get(*colon) == Some(&b':'))?;
                at = next(bytes, colon + 1)?;
                Some(key)
            }
            _ if self.is_object => return None,
            _ => None,
        };
        self.at = value_end(bytes, at)?;
        let value = at..self.at;
        Some(Member { key, value })
    }
}

/// Where the value of a document begins.
pub(super) fn root(text: &str) -> Option<usize> {
    next(text.as_bytes(), 0)
}

/// The next byte that is no space.
fn next(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    Some(at + rest.iter().position(|byte| !byte.is_ascii_whitespace())?)
}

/// Where a value ends that begins here.
fn value_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    let mut depth = 0_usize;
    loop {
        match bytes.get(at)? {
            b'"' => at = string_end(bytes, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            _ if depth > 0 => {
                at += 1;
                continue;
            }
            // A number or a word.
            _ => {
                let rest = bytes.get(at..)?;
                let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
                at += rest.iter().position(ends).unwrap_or(rest.len());
            }
        }
        if depth == 0 {
            return (at > start).then_some(at);
        }
    }
}

/// Where a string ends that begins here, behind its quotation mark.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        match bytes.get(at) {
            Some(b'"') => return Some(at + 1),
            _ => at += 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        r#"{"a\"{": [{"b": 1}, {"c": 2}], "d": {"e": {"f": {"g": {"h": "x"}}, "i": "j"}, "k": 3}, "l": 4}"#;

    /// The object around a word of the text, and the keys around that.
    fn found(word: &str) -> Option<(&'static str, Vec<&'static str>)> {
        let start = TEXT.find(word).unwrap();
        let around = around(TEXT, &(start..start + word.len()), 3)?;
        let keys = around.keys.into_iter().map(|range| &TEXT[range]).collect();
        Some((&TEXT[around.range], keys))
    }

    #[test]
    fn the_innermost_object_with_nothing_but_objects_around_it_is_found() {
        let f = (r#"{"g": {"h": "x"}}"#, vec![r#""d""#, r#""e""#, r#""f""#]);
        let e = (r#"{"f": {"g": {"h": "x"}}, "i": "j"}"#, vec![r#""d""#, r#""e""#]);
        let d = (r#"{"e": {"f": {"g": {"h": "x"}}, "i": "j"}, "k": 3}"#, vec![r#""d""#]);
        for (word, expected) in [
            ("x", Some(f.clone())),
            (r#""h": "x"}"#, Some(f)),
            (r#"{"g": {"h": "x"}}"#, Some(e.clone())),
            ("j", Some(e)),
            (r#"{"f""#, Some(d.clone())),
            (r#""i": "j"}, "k""#, Some(d.clone())),
            ("3", Some(d)),
            ("4", None),
            ("2", None),
            (r#"{"c": 2}"#, None),
            (r#""k": 3}, "l""#, None),
        ] {
            assert_eq!(found(word), expected, "{word}");
        }
    }

    #[test]
    fn what_is_taken_out_between_two_bytes_has_an_object_around_it_too() {
        let at = TEXT.find(r#", "i""#).unwrap();
        let found = around(TEXT, &(at..at), 3).map(|found| &TEXT[found.range]);
        assert_eq!(found, Some(r#"{"f": {"g": {"h": "x"}}, "i": "j"}"#));
        assert_eq!(around("{}", &(1..1), 3), None);
        assert_eq!(around("", &(0..0), 3), None);
    }

    #[test]
    fn what_stands_directly_in_an_object_or_list_is_found() {
        let shown = |start: usize| {
            let members = Members::of(TEXT, start)?;
            Some(
                members
                    .map(|one| (one.key.map(|key| &TEXT[key]), &TEXT[one.value]))
                    .collect::<Vec<_>>(),
            )
        };
        let all = shown(root(TEXT).unwrap()).unwrap();
        let keys: Vec<Option<&str>> = all.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, [Some(r#""a\"{""#), Some(r#""d""#), Some(r#""l""#)]);
        assert_eq!(all[2].1, "4");
        let list = shown(TEXT.find('[').unwrap());
        assert_eq!(list, Some(vec![(None, r#"{"b": 1}"#), (None, r#"{"c": 2}"#)]));
        let inside = |text: &str, at| Members::of(text, at)?.all();
        assert_eq!(inside("[ ]", 0), Some(Vec::new()));
        assert_eq!(inside("[1, \"]\" , null\n]", 0).map(|all| all.len()), Some(3));
        for unsound in ["", "1", "[", "[1", "{\"a\"", "{a: 1}", "{\"a\" 1}", "[\"a", "[,"] {
            let found = root(unsound).and_then(|at| inside(unsound, at));
            assert_eq!(found, None, "{unsound}");
        }
    }
}
