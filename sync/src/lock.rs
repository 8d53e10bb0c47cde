//! `flaresmith.lock`: what was read and what was written at the last apply, and what was decided about edits.
//!
//! Owns: the file's form. Must not know: what follows from it.
//!
//! One line a file, sorted, so that two branches merge line by line; no overall digest, which every merge would break. Where git
//! could not merge a line, both sides' lines count: each names bytes that were generated.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::digest::Digest;
use crate::error::SyncError;

/// Name of the lock file, at the root.
pub const FILE: &str = "flaresmith.lock";

/// What the lock says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// Every file that was read, by path.
    pub sources: BTreeMap<String, Digest>,
    /// Every file that was written, by path.
    pub files: BTreeMap<String, Entry>,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The target that made it.
    pub target: String,
    /// Who keeps it.
    pub owner: Owner,
    /// Digest of the pure output: the base of later comparisons.
    pub digest: Digest,
    /// Further bases, where a merge of two branches left more than one.
    pub others: Vec<Digest>,
    /// The person's edit that is carried along.
    pub carried: Option<Carried>,
}

/// Who keeps a file that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Flaresmith.
    Managed,
    /// The team, since it was written once.
    Scaffold,
    /// The team, since it was ejected.
    Ejected,
}

/// An edit of a person's that is carried along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Digest of the file with the edit in it.
    pub digest: Digest,
    /// Why, in the words of whoever accepted it.
    pub reason: Option<String>,
}

impl Entry {
    /// A file as it was generated.
    #[must_use]
    pub fn pure(target: &str, owner: Owner, digest: Digest) -> Self {
        Self {
            target: target.to_owned(),
            owner,
            digest,
            others: Vec::new(),
            carried: None,
        }
    }

    /// Every base: more than one only after a merge of two branches.
    pub fn bases(&self) -> impl Iterator<Item = Digest> {
        std::iter::once(self.digest).chain(self.others.iter().copied())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    #[serde(default)]
    sources: BTreeMap<String, String>,
    #[serde(default)]
    files: BTreeMap<String, EntryForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryForm {
    target: String,
    #[serde(default)]
    scaffold: bool,
    #[serde(default)]
    ejected: bool,
    digest: String,
    carried: Option<String>,
    reason: Option<String>,
}

impl EntryForm {
    /// `Err`: the text that is no digest.
    fn entry(self) -> Result<Entry, String> {
        let digest = |text: String| Digest::parse(&text).ok_or(text);
        let owner = match (self.ejected, self.scaffold) {
            (true, _) => Owner::Ejected,
            (false, true) => Owner::Scaffold,
            (false, false) => Owner::Managed,
        };
        let carried = match self.carried {
            Some(text) => Some(Carried {
                digest: digest(text)?,
                reason: self.reason,
            }),
            None => None,
        };
        Ok(Entry {
            target: self.target,
            owner,
            digest: digest(self.digest)?,
            others: Vec::new(),
            carried,
        })
    }
}

fn damaged(message: &str) -> SyncError {
    SyncError::new("LOCK_INVALID", format!("{FILE} cannot be read: {message}")).hint(format!(
        "restore it with `git checkout -- {FILE}`, then run `flaresmith spec apply`"
    ))
}

impl Lock {
    /// Reads the text of a lock file. Markers that a merge of git's left are read as both sides.
    ///
    /// # Errors
    /// The text is not a lock, or was written by a newer version.
    pub fn parse(text: &str) -> Result<Self, SyncError> {
        if let Some(lock) = Self::parse_own(text) {
            return Ok(lock);
        }
        let form: Form = match toml::from_str(text) {
            Ok(form) => form,
            Err(error) => return Self::parse_lines(text).ok_or_else(|| damaged(error.message())),
        };
        if form.version != 1 {
            return Err(SyncError::new(
                "LOCK_VERSION",
                format!("{FILE} has version {}, this program knows 1", form.version),
            )
            .hint("use the version of flaresmith that wrote it, or a newer one"));
        }
        let mut lock = Self::default();
        for (path, text) in form.sources {
            let digest = Digest::parse(&text).ok_or_else(|| damaged(&format!("`{text}` is not a digest")))?;
            lock.sources.insert(path, digest);
        }
        for (path, entry) in form.files {
            let entry = entry
                .entry()
                .map_err(|text| damaged(&format!("`{text}` is not a digest")))?;
            lock.files.insert(path, entry);
        }
        Ok(lock)
    }

    /// The very form that [`Self::to_text`] writes, which is read at every run and every round: a fraction of the work of a parser
    /// for all of TOML. `None`: something stands there that this does not know, so that parser has the say.
    fn parse_own(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        if lines.next()? != "version = 1" || lines.next()? != "[sources]" {
            return None;
        }
        let mut lock = Self::default();
        for line in lines.by_ref().take_while(|line| *line != "[files]") {
            let (path, rest) = plain_string(line)?;
            let (digest, rest) = plain_string(rest.strip_prefix(" = ")?)?;
            let known = lock.sources.insert(path.to_owned(), Digest::parse(digest)?);
            if known.is_some() || !rest.is_empty() {
                return None;
            }
        }
        for line in lines {
            let (path, rest) = plain_string(line)?;
            let (target, rest) = plain_string(rest.strip_prefix(" = { target = ")?)?;
            let (owner, rest) = [
                (", scaffold = true", Owner::Scaffold),
                (", ejected = true", Owner::Ejected),
            ]
            .into_iter()
            .find_map(|(word, owner)| Some((owner, rest.strip_prefix(word)?)))
            .unwrap_or((Owner::Managed, rest));
            let (digest, rest) = plain_string(rest.strip_prefix(", digest = ")?)?;
            // A carried edit has more to say, and is rare.
            let known = lock
                .files
                .insert(path.to_owned(), Entry::pure(target, owner, Digest::parse(digest)?));
            if known.is_some() || rest != " }" {
                return None;
            }
        }
        Some(lock)
    }

    /// Line by line: for a file that git, or a person, merged so that lines stand twice or between markers. `None`: it is
    /// something else.
    fn parse_lines(text: &str) -> Option<Self> {
        let mut lock = Self::default();
        let (mut section, mut before) = ("", "");
        for line in text.lines().map(str::trim) {
            // Each side of what could not be merged begins in the section that the whole of it begins in.
            if line.starts_with("<<<<<<<") {
                before = section;
            } else if line.starts_with("|||||||") || line.starts_with("=======") {
                section = before;
            }
            let marker = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"]
                .iter()
                .any(|marker| line.starts_with(marker));
            if line.is_empty() || line.starts_with('#') || marker || line == "version = 1" {
                continue;
            }
            match line {
                "[sources]" | "[files]" => section = line,
                _ if section == "[sources]" => {
                    let members: BTreeMap<String, String> = toml::from_str(line).ok()?;
                    for (path, text) in members {
                        lock.sources.insert(path, Digest::parse(&text)?);
                    }
                }
                _ if section == "[files]" => {
                    let members: BTreeMap<String, EntryForm> = toml::from_str(line).ok()?;
                    for (path, form) in members {
                        lock.join(path, form.entry().ok()?);
                    }
                }
                _ => return None,
            }
        }
        Some(lock)
    }

    /// Adds what another side of a merge says of a file. An edit that any side carries stays carried.
    fn join(&mut self, path: String, entry: Entry) {
        let Some(known) = self.files.get_mut(&path) else {
            self.files.insert(path, entry);
            return;
        };
        let decided = |entry: &Entry| entry.carried.is_some() || entry.owner != Owner::Managed;
        let (first, second) = if decided(&entry) && !decided(known) {
            (entry, known.clone())
        } else {
            (known.clone(), entry)
        };
        let mut others: Vec<Digest> = first.others.iter().copied().chain(second.bases()).collect();
        others.retain(|digest| *digest != first.digest);
        others.sort_unstable();
        others.dedup();
        *known = Entry { others, ..first };
    }

    /// The text of the lock file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::from(
            "# Written by `flaresmith spec apply`. Commit it: it tells generated bytes from a person's edits.\nversion = 1\n\n[sources]\n",
        );
        for (path, digest) in &self.sources {
            text.push_str(&format!("{} = \"{digest}\"\n", quoted(path)));
        }
        text.push_str("\n[files]\n");
        for (path, entry) in &self.files {
            let owner = match entry.owner {
                Owner::Managed => "",
                Owner::Scaffold => ", scaffold = true",
                Owner::Ejected => ", ejected = true",
            };
            let mut carried = String::new();
            if let Some(edit) = &entry.carried {
                carried.push_str(&format!(", carried = \"{}\"", edit.digest));
                if let Some(reason) = &edit.reason {
                    carried.push_str(&format!(", reason = {}", quoted(reason)));
                }
            }
            let mut line = |digest: &Digest, carried: &str| {
                text.push_str(&format!(
                    "{} = {{ target = {}{owner}, digest = \"{digest}\"{carried} }}\n",
                    quoted(path),
                    quoted(&entry.target)
                ));
            };
            line(&entry.digest, &carried);
            // Until an apply has settled what two branches made, both stay known.
            entry.others.iter().for_each(|other| line(other, ""));
        }
        text
    }
}

/// The string that a text begins with, and what stands behind it; `None` where there is none, or anything in it is escaped.
fn plain_string(text: &str) -> Option<(&str, &str)> {
    let (string, rest) = text.strip_prefix('"')?.split_once('"')?;
    let plain = |byte: u8| byte != b'\\' && !byte.is_ascii_control();
    string.bytes().all(plain).then_some((string, rest))
}

/// A TOML basic string. On one line, whatever is in it: the lock is merged line by line.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        let mut lock = Lock::default();
        lock.sources.insert("specs/a \"b\".yaml".to_owned(), Digest::of(b"1"));
        let managed = Entry::pure("rust", Owner::Managed, Digest::of(b"2"));
        let scaffold = Entry::pure("hono", Owner::Scaffold, Digest::of(b"3"));
        let ejected = Entry::pure("hono", Owner::Ejected, Digest::of(b"4"));
        let carried = Entry {
            carried: Some(Carried {
                digest: Digest::of(b"6"),
                reason: Some("two\nlines \"quoted\" \u{7f}".to_owned()),
            }),
            ..Entry::pure("zod", Owner::Managed, Digest::of(b"5"))
        };
        let all = [
            ("generated/x.rs", managed),
            ("generated/h.ts", scaffold),
            ("generated/e.ts", ejected),
            ("generated/z.ts", carried),
        ];
        lock.files.extend(all.map(|(path, entry)| (path.to_owned(), entry)));
        lock
    }

    #[test]
    fn what_is_written_reads_back_the_same_a_line_a_file() {
        let lock = lock();
        let text = lock.to_text();
        assert_eq!(Lock::parse(&text).unwrap(), lock);
        assert_eq!(text.lines().filter(|line| line.contains("digest")).count(), 4);
    }

    #[test]
    fn the_quick_way_to_read_says_what_toml_says_or_nothing() {
        let toml = |text: &str| {
            let form: Form = toml::from_str(text).unwrap();
            let files = form.files.into_iter().map(|(path, form)| (path, form.entry().unwrap()));
            let sources = form.sources.into_iter();
            Lock {
                files: files.collect(),
                sources: sources
                    .map(|(path, digest)| (path, Digest::parse(&digest).unwrap()))
                    .collect(),
            }
        };
        let mut plain = lock();
        plain.files.remove("generated/z.ts");
        plain.sources = BTreeMap::from([("specs/é [files] # = {.yaml".to_owned(), Digest::of(b"1"))]);
        let text = plain.to_text();
        assert_eq!(Lock::parse_own(&text), Some(plain.clone()));
        assert_eq!(toml(&text), plain);
        // With anything else in it, the whole parser has the say.
        let line = text.lines().find(|line| line.contains("x.rs")).unwrap();
        for other in [
            lock().to_text(),
            text.replace("version = 1", "version = 2"),
            text.replace("version = 1\n", ""),
            text.replace("[sources]\n", ""),
            text.replace("target = ", "target  = "),
            text.replace(" }", " } # mine"),
            text.replace("x.rs", "x\\u0041.rs"),
            text.replace("x.rs", "x\u{7f}.rs"),
            text.replace(line, &format!("{line}\n{line}")),
            text.replace(line, &format!("<<<<<<< HEAD\n{line}\n=======\n>>>>>>> feature")),
            text.replace(line, "[more]"),
            format!("{text}[files]\n"),
            text.replace(&Digest::of(b"2").to_string(), "2"),
        ] {
            assert_eq!(Lock::parse_own(&other), None, "{other}");
        }
    }

    #[test]
    fn what_git_could_not_merge_counts_as_both_sides() {
        let ours = lock();
        let mut theirs = ours.clone();
        theirs.files.insert(
            "generated/x.rs".to_owned(),
            Entry::pure("rust", Owner::Managed, Digest::of(b"9")),
        );
        let line = |lock: &Lock| {
            let text = lock.to_text();
            text.lines().find(|line| line.contains("x.rs")).unwrap().to_owned()
        };
        let (mine, other) = (line(&ours), line(&theirs));
        let text = ours.to_text().replace(
            &mine,
            &format!("<<<<<<< HEAD\n{mine}\n=======\n{other}\n>>>>>>> feature"),
        );
        let both = Lock::parse(&text).unwrap();
        let bases: Vec<Digest> = both.files["generated/x.rs"].bases().collect();
        assert!(
            bases.contains(&Digest::of(b"2")) && bases.contains(&Digest::of(b"9")),
            "{bases:?}"
        );
        assert_eq!(both.files["generated/z.ts"], ours.files["generated/z.ts"]);
        assert_eq!(Lock::parse(&both.to_text()).unwrap(), both);
        // Somebody who kept both sides' lines means the same.
        let kept = ours.to_text().replace(&mine, &format!("{mine}\n{other}"));
        assert_eq!(Lock::parse(&kept).unwrap(), both);
    }

    #[test]
    fn each_side_may_reach_over_the_end_of_a_section() {
        let ours = lock();
        let mut theirs = Lock::default();
        theirs.sources.insert("specs/b.yaml".to_owned(), Digest::of(b"7"));
        theirs.files.insert(
            "generated/b.rs".to_owned(),
            Entry::pure("rust", Owner::Managed, Digest::of(b"8")),
        );
        let sections = |lock: &Lock| lock.to_text().split_once("version = 1").unwrap().1.to_owned();
        let text = format!(
            "version = 1\n[sources]\n<<<<<<< HEAD{}=======\n{}>>>>>>> feature\n",
            sections(&ours).replacen("[sources]\n", "", 1),
            sections(&theirs).replacen("[sources]\n", "", 1)
        );
        let both = Lock::parse(&text).unwrap();
        assert_eq!((both.sources.len(), both.files.len()), (2, 5), "{text}");
    }

    #[test]
    fn damaged_files_and_newer_versions_are_told_with_a_way_out() {
        let error = Lock::parse("version = 1\n[files]\nnonsense\n").unwrap_err();
        assert_eq!(error.code, "LOCK_INVALID");
        assert!(error.hint.is_some());
        assert_eq!(Lock::parse("version = 2\n").unwrap_err().code, "LOCK_VERSION");
    }
}
