//! JUnit XML: a test for each generated file that was compared, and one for the specs.
//!
//! Owns: the form and its escaping. Must not know: how findings came about.
//!
//! No time and no machine is in it: the same run gives the same bytes.

use std::fmt::Write as _;

use super::finding::{Finding, Findings, Level};

/// One test of a suite with what failed in it.
struct Case<'a> {
    name: &'a str,
    failures: Vec<&'a Finding>,
}

/// The whole document.
pub(super) fn document(findings: &Findings) -> String {
    let specs = spec_cases(&findings.specs);
    let files: Vec<Case<'_>> = findings
        .compared
        .iter()
        .map(|path| Case {
            name: path,
            failures: errors_at(&findings.files, path),
        })
        .collect();
    let failed = |cases: &[Case<'_>]| cases.iter().filter(|case| !case.failures.is_empty()).count();
    let remarks: Vec<&Finding> = findings
        .all()
        .into_iter()
        .filter(|finding| finding.level != Level::Error)
        .collect();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"flaresmith\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
        specs.len() + files.len(),
        failed(&specs) + failed(&files)
    );
    suite(&mut text, "specs", &specs, &remarks);
    suite(&mut text, "generated files", &files, &[]);
    text.push_str("</testsuites>\n");
    text
}

/// A test for each place with an error; a single one that passes when there is none.
fn spec_cases(findings: &[Finding]) -> Vec<Case<'_>> {
    let mut names: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.level == Level::Error)
        .map(place)
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        names.push("every spec");
    }
    let case = |name| Case {
        name,
        failures: errors_at(findings, name),
    };
    names.into_iter().map(case).collect()
}

fn errors_at<'a>(findings: &'a [Finding], name: &str) -> Vec<&'a Finding> {
    let fails = |finding: &&Finding| finding.level == Level::Error && place(finding) == name;
    findings.iter().filter(fails).collect()
}

/// What a finding is about: its file, or the run as a whole.
fn place(finding: &Finding) -> &str {
    finding.file.as_deref().unwrap_or("the run")
}

fn suite(text: &mut String, name: &str, cases: &[Case<'_>], remarks: &[&Finding]) {
    let failed = cases.iter().filter(|case| !case.failures.is_empty()).count();
    let _ = writeln!(
        text,
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\">",
        cases.len()
    );
    for case in cases {
        let head = format!(
            "    <testcase classname=\"flaresmith.{}\" name=\"{}\"",
            name.replace(' ', "-"),
            escaped(case.name)
        );
        let Some(first) = case.failures.first() else {
            let _ = writeln!(text, "{head}/>");
            continue;
        };
        let lines: Vec<String> = case.failures.iter().map(|finding| line(finding)).collect();
        let _ = writeln!(
            text,
            "{head}>\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
            escaped(&first.rule),
            escaped(first.message.lines().next().unwrap_or("")),
            escaped(&lines.join("\n"))
        );
    }
    if !remarks.is_empty() {
        let lines: Vec<String> = remarks.iter().map(|finding| line(finding)).collect();
        let _ = writeln!(text, "    <system-out>{}</system-out>", escaped(&lines.join("\n")));
    }
    text.push_str("  </testsuite>\n");
}

/// `file:line:column: RULE: message`
fn line(finding: &Finding) -> String {
    let place = match (&finding.file, finding.region) {
        (Some(file), Some((line, column))) => format!("{file}:{line}:{column}: "),
        (Some(file), None) => format!("{file}: "),
        (None, _) => String::new(),
    };
    format!("{place}{}: {}", finding.rule, finding.message)
}

/// Text for elements and attributes. What XML 1.0 cannot hold at all becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' => out.push(c),
            '\r' => out.push_str("&#13;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup_and_no_character_breaks_the_document() {
        assert_eq!(
            escaped("<a b=\"c\">&'\u{1b}[31m\u{0}\u{ffff}é\r\n"),
            "&lt;a b=&quot;c&quot;&gt;&amp;&apos;\u{fffd}[31m\u{fffd}\u{fffd}é&#13;\n"
        );
    }
}
