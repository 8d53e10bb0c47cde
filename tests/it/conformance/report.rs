//! The table of what passes, and the reasons of what does not.
//!
//! Owns: counting, wording, which reason a gap has. Must not know: how verdicts are found.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::contract::DYNAMIC;
use super::suite::{Group, Test};

/// One instance with what every side said about it.
pub(super) struct Case<'a> {
    pub(super) group: &'a Group,
    pub(super) test: &'a Test,
    /// Codes that generation warned with.
    pub(super) told: &'a [&'static str],
    /// Why the group is no component.
    pub(super) refused: Option<&'a str>,
    /// Whether Rust says what the suite says.
    pub(super) rust: bool,
    /// Whether Zod says what the suite says.
    pub(super) zod: bool,
}

/// Cases that passed, of all.
#[derive(Default, Clone, Copy)]
struct Tally {
    all: usize,
    rust: usize,
    zod: usize,
}

impl Tally {
    fn add(&mut self, case: &Case<'_>) {
        self.all += 1;
        self.rust += usize::from(case.rust);
        self.zod += usize::from(case.zod);
    }
}

/// Everything that is told in the end.
#[derive(Default)]
pub(super) struct Report {
    /// (is about a format, file) -> what passed.
    files: BTreeMap<(bool, String), Tally>,
    /// Reason -> `file: group` -> the cases.
    gaps: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    unexplained: Vec<String>,
}

impl Report {
    pub(super) fn add(&mut self, case: &Case<'_>) {
        let group = case.group;
        self.files
            .entry((group.format, group.file.clone()))
            .or_default()
            .add(case);
        if case.rust && case.zod {
            return;
        }
        let who = match (case.rust, case.zod) {
            (false, false) => "",
            (false, true) => " (Rust)",
            _ => " (Zod)",
        };
        let reason = case
            .refused
            .map(str::to_owned)
            .or_else(|| reason(case).map(str::to_owned));
        match reason {
            Some(reason) => {
                let at = format!("{}: {}", group.file, group.description);
                let what = format!("{}{who}", case.test.description);
                self.gaps.entry(reason).or_default().entry(at).or_default().push(what);
            }
            None => self.unexplained.push(format!(
                "{}{}: {}: {}{who}: {} is {}: {} {:?}",
                if group.format { "format/" } else { "" },
                group.file,
                group.description,
                case.test.description,
                case.test.data,
                if case.test.valid { "valid" } else { "invalid" },
                group.schema,
                case.told,
            )),
        }
    }

    /// The page, and the gaps that have no reason.
    pub(super) fn write(&self) -> (String, Vec<String>) {
        let mut text = String::from(HEAD);
        for (format, title) in [(false, "Required"), (true, "Formats")] {
            let _ = write!(
                text,
                "\n## {title}\n\n| file | cases | Rust | Zod |\n|---|---:|---:|---:|\n"
            );
            let mut sum = Tally::default();
            for ((_, file), tally) in self.files.iter().filter(|((is_format, _), _)| *is_format == format) {
                let _ = writeln!(text, "| {file} | {} | {} | {} |", tally.all, tally.rust, tally.zod);
                sum.all += tally.all;
                sum.rust += tally.rust;
                sum.zod += tally.zod;
            }
            let _ = writeln!(
                text,
                "| **all** | **{}** | **{}** | **{}** |",
                sum.all, sum.rust, sum.zod
            );
        }
        text.push_str("\n## Gaps\n\nA case that only one of the two misses has its name behind it.\n");
        for (reason, groups) in &self.gaps {
            let cases: usize = groups.values().map(Vec::len).sum();
            let _ = write!(
                text,
                "\n### {}\n\n{cases} {}:\n\n",
                reason,
                if cases == 1 { "case" } else { "cases" }
            );
            for (group, cases) in groups {
                let _ = writeln!(text, "- {group} — {}", cases.join("; "));
            }
        }
        (text, self.unexplained.clone())
    }
}

const HEAD: &str = "# Conformance

What the generated Rust and the generated Zod say about the cases of the official JSON Schema test suite, draft 2020-12. Each
schema of the suite is a component of a contract; a case passes when the generated code admits exactly what the suite calls valid.
`cargo test --test it conformance` measures it and fails when this page says something else; `UPDATE_EXPECT=1` writes the page.
";

/// Why generated code and the suite differ, where generation is what it is on purpose.
fn reason(case: &Case<'_>) -> Option<&'static str> {
    let (file, valid) = (case.group.file.as_str(), case.test.valid);
    let told = |code: &str| case.told.contains(&code);
    if case.rust && case.test.data.get("__proto__").is_some() {
        return Some("Zod leaves a member named `__proto__` out of every object");
    }
    if case.group.format {
        return Some(match file {
            "duration" => "a duration is one of ISO 8601; RFC 3339 knows fewer forms",
            "email" => "a mail address is one that mail servers deliver to: no quoted names, no addresses of machines",
            "idn-hostname" => {
                "names in other scripts are held against the characters of labels, not against the tables of IDNA 2008"
            }
            "iri" => "the host of a URI is not taken apart",
            "ecmascript-regex" | "json-pointer" | "regex" | "relative-json-pointer" | "uri-template" => {
                "a format that is taken as a remark: no type and no check is made of it"
            }
            _ => return None,
        });
    }
    match file {
        "format" if valid => Some("`format` is checked where the suite takes it as a remark: contracts mean it"),
        "content" if valid && case.test.data.is_string() => Some(
            "`contentEncoding: base64` is checked where the suite takes it as a remark: the Rust type holds the bytes",
        ),
        _ if valid && told("SPEC_TYPE_IMPLIED") => Some(
            "`SPEC_TYPE_IMPLIED`: a schema with `properties` or `items` and without `type` is read as of an object or a list, and the \
             suite holds a value of another type against it",
        ),
        "dynamicRef" if told("SPEC_KEYWORD_UNSUPPORTED") => Some(DYNAMIC),
        _ if !valid && told("SPEC_PARTS_CLOSED") => Some(
            "`SPEC_PARTS_CLOSED`: `additionalProperties` admits the members that other schemas of an `allOf` declare",
        ),
        _ => None,
    }
}
