//! Workflow commands of GitHub Actions: one line a finding, which the runner puts beside the changed lines.
//!
//! Owns: the form and its escaping: text from a spec can neither end its line nor begin another command. Must not know: how
//! findings came about.

use super::finding::{Finding, Findings, Level};

/// Every finding, then a line that counts. `base`: the folder of the root in its repository, `""` or ending in `/`, for
/// annotations are placed by paths from the top.
pub(super) fn document(findings: &Findings, base: &str) -> String {
    let mut text = String::new();
    let (mut errors, mut warnings) = (0_usize, 0_usize);
    for finding in findings.all() {
        match finding.level {
            Level::Error => errors += 1,
            Level::Warning => warnings += 1,
            Level::Note => {}
        }
        text.push_str(&command(finding, base));
    }
    text.push_str(&format!(
        "flaresmith: {} compared, {}, {}\n",
        findings.unit.clone().unwrap_or_else(|| counted(findings.count, "file")),
        counted(errors, "error"),
        counted(warnings, "warning")
    ));
    text
}

fn command(finding: &Finding, base: &str) -> String {
    let name = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(file) = &finding.file {
        properties.push(format!("file={}", property(&format!("{base}{file}"))));
        if let Some((line, column)) = finding.region {
            properties.push(format!("line={line},col={column}"));
        }
    }
    properties.push(format!("title={}", property(&finding.rule)));
    format!("::{name} {}::{}\n", properties.join(","), data(&finding.message))
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Text after the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which ends at a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_line_or_its_property() {
        let finding = Finding {
            rule: "A_B".to_owned(),
            level: Level::Error,
            message: "50%\n::stop-commands::x\r".to_owned(),
            file: Some("a:b,c.yaml".to_owned()),
            region: Some((3, 7)),
        };
        assert_eq!(
            command(&finding, "sub/"),
            "::error file=sub/a%3Ab%2Cc.yaml,line=3,col=7,title=A_B::50%25%0A::stop-commands::x%0D\n"
        );
    }
}
