//! The form of a record: lines of text, since a run in which nothing moved does little else than read one.
//!
//! Owns: writing and reading it. Must not know: what is believed.
//!
//! A line is a word and what it is about, the path last; the last line is a word of its own, so that half a record is none.

use std::fmt::Write as _;

use flaresmith_codegen::diagnostics::Place;
use flaresmith_codegen::source::locate::{Located, Places};

use super::{Record, Seen};
use crate::digest::Digest;
use crate::stamp::Stamp;
use crate::tree::looks::Found;

/// Where there is no digest, and no stamp.
const NONE: &str = "-";
const END: &str = "end";

impl Record {
    /// `None`: a path has a line end in it, which this form has no room for.
    pub(super) fn to_text(&self) -> Option<String> {
        let mut paths = self
            .looks
            .files
            .keys()
            .chain(self.looks.folders.keys())
            .chain(self.files.iter().map(|(path, _)| path));
        if paths.any(|path| path.contains(['\n', '\r'])) || self.program.contains(['\n', '\r']) {
            return None;
        }
        let mut out = String::with_capacity(160 * (self.files.len() + self.looks.files.len()) + 1024);
        let diagnostics = serde_json::to_string(&self.diagnostics).ok()?;
        let places: Option<Vec<_>> = self.places.as_ref().map(|places| places.iter().collect());
        let places = serde_json::to_string(&places).ok()?;
        let (program, key, lock, compared) = (&self.program, &self.key, &self.lock, self.compared);
        write!(
            out,
            "program {program}\nkey {key}\nlock {lock}\ncompared {compared}\ndiagnostics {diagnostics}\nplaces {places}\n"
        )
        .ok()?;
        for (path, found) in &self.looks.files {
            match found {
                Found::Nothing => writeln!(out, "nothing {path}"),
                Found::File(stamp) => writeln!(out, "read {} {path}", Written(stamp.as_ref())),
            }
            .ok()?;
        }
        for (path, digest) in &self.looks.folders {
            writeln!(out, "listed {} {path}", Written(digest.as_ref())).ok()?;
        }
        for (path, seen) in &self.files {
            let (digest, stamp) = (Written(seen.digest.as_ref()), Written(seen.stamp.as_ref()));
            writeln!(out, "file {digest} {stamp} {path}").ok()?;
        }
        out.push_str(END);
        out.push('\n');
        Some(out)
    }

    /// `None`: it is another program's, or damaged.
    pub(super) fn parse(text: &str, program: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let mut head = |word: &str| lines.next()?.strip_prefix(word)?.strip_prefix(' ');
        if head("program")? != program {
            return None;
        }
        let mut record = Self {
            program: program.to_owned(),
            key: head("key")?.to_owned(),
            lock: head("lock")?.to_owned(),
            compared: head("compared")?.parse().ok()?,
            diagnostics: serde_json::from_str(head("diagnostics")?).ok()?,
            places: places(head("places")?)?,
            ..Self::default()
        };
        for line in lines.by_ref() {
            if line == END {
                return lines.next().is_none().then_some(record);
            }
            let (word, rest) = line.split_once(' ')?;
            match word {
                "nothing" => {
                    record.looks.files.insert(rest.to_owned(), Found::Nothing);
                }
                "read" => {
                    let (stamp, path) = stamp(rest)?;
                    record.looks.files.insert(path.to_owned(), Found::File(stamp));
                }
                "listed" => {
                    let (digest, path) = digest(rest)?;
                    record.looks.folders.insert(path.to_owned(), digest);
                }
                "file" => {
                    let (digest, rest) = digest(rest)?;
                    let (stamp, path) = stamp(rest)?;
                    record.files.push((path.to_owned(), Seen { digest, stamp }));
                }
                _ => return None,
            }
        }
        None
    }
}

/// What may be missing.
struct Written<'a, T>(Option<&'a T>);

impl<T: std::fmt::Display> std::fmt::Display for Written<'_, T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(value) => value.fmt(out),
            None => out.write_str(NONE),
        }
    }
}

#[allow(
    clippy::option_option,
    reason = "half a record is none, and one may say that nobody has looked"
)]
fn places(text: &str) -> Option<Option<Places>> {
    let places: Option<Vec<(Place, Located)>> = serde_json::from_str(text).ok()?;
    Some(places.map(|places| places.into_iter().collect()))
}

fn digest(text: &str) -> Option<(Option<Digest>, &str)> {
    let (digest, rest) = text.split_once(' ')?;
    match digest {
        NONE => Some((None, rest)),
        digest => Some((Some(Digest::parse(digest)?), rest)),
    }
}

fn stamp(text: &str) -> Option<(Option<Stamp>, &str)> {
    let (stamp, rest) = text.split_once(' ')?;
    match stamp {
        NONE => Some((None, rest)),
        stamp => Some((Some(Stamp::parse(stamp)?), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let stamp = Stamp::parse("1,2,-3,4,5");
        assert!(stamp.is_some());
        let seen = |digest: Option<&[u8]>, stamp| Seen {
            digest: digest.map(Digest::of),
            stamp,
        };
        let mut record = Record {
            program: "1.0 x".to_owned(),
            key: "k".to_owned(),
            lock: "l".to_owned(),
            compared: 3,
            places: Some(Places::from([(
                Place::pointer("a b.json", "/x"),
                Located {
                    line: 1,
                    column: 2,
                    text: "a\nb".to_owned(),
                },
            )])),
            ..Record::default()
        };
        record.files.push(("a b/ c.ts".to_owned(), seen(Some(b"1"), stamp)));
        record.files.push(("-".to_owned(), seen(Some(b"2"), None)));
        record.files.push(("end".to_owned(), seen(None, None)));
        record.looks.files.insert("x y".to_owned(), Found::File(stamp));
        record.looks.files.insert("z".to_owned(), Found::File(None));
        record.looks.files.insert("none".to_owned(), Found::Nothing);
        record.looks.folders.insert(String::new(), Some(Digest::of(b"3")));
        record.looks.folders.insert("f".to_owned(), None);
        record
    }

    #[test]
    fn what_is_written_reads_back_the_same_for_the_same_program() {
        let record = record();
        let text = record.to_text().unwrap();
        assert_eq!(Record::parse(&text, "1.0 x"), Some(record));
        assert_eq!(Record::parse(&text, "1.0 y"), None);
    }

    #[test]
    fn any_beginning_of_a_record_is_none() {
        let text = record().to_text().unwrap();
        for end in 0..text.len() {
            assert_eq!(Record::parse(&text[..end], "1.0 x"), None, "{end}");
        }
        assert_eq!(Record::parse(&format!("{text}{text}"), "1.0 x"), None);
    }

    #[test]
    fn a_path_with_a_line_end_has_no_record() {
        let mut record = record();
        record.looks.files.insert("a\nfile - - b".to_owned(), Found::Nothing);
        assert_eq!(record.to_text(), None);
    }
}
