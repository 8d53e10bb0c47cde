//! Formatting: one style for every module, and the proof that it is TypeScript.
//!
//! Owns: the configuration of the formatter. Must not know: what a module is about.

use std::path::Path;
use std::sync::LazyLock;

use dprint_plugin_typescript::configuration::{Configuration, ConfigurationBuilder, QuoteStyle, SortOrder};
use dprint_plugin_typescript::{FormatTextOptions, format_text};
use rayon::prelude::*;

use crate::diagnostics::{Diagnostic, Diagnostics, Place, emit as codes};
use crate::memo::Memo;

/// Stands before a statement that is nested so deep that it is left on its one line. Text of a spec that says the same has its
/// statement left as it is too, which harms nobody: it is parsed all the same.
const NOT_FORMATTED: &str = "too deep to format";

/// Brackets inside each other that are formatted. The formatter tries every one of them both on one line and on several, so its
/// time doubles with each.
const DEEPEST: usize = 14;

static CONFIGURATION: LazyLock<Configuration> = LazyLock::new(|| {
    ConfigurationBuilder::new()
        .line_width(110)
        .indent_width(2)
        .quote_style(QuoteStyle::PreferSingle)
        .module_sort_import_declarations(SortOrder::Maintain)
        .module_sort_export_declarations(SortOrder::Maintain)
        .ignore_node_comment_text(NOT_FORMATTED)
        // Text of a spec stands in comments: it must not be able to switch the formatter, and with it the proof, off. No
        // comment holds this, since every control character in one is replaced.
        .ignore_file_comment_text("\u{1}")
        .build()
});

/// The module, formatted. When it does not parse, the fault is told (`EMIT_SYNTAX`) and the text comes back as it is.
///
/// `path` is that of the artifact; it names the module in the diagnostic and tells the formatter the language.
pub(in crate::emit) fn format(memo: &Memo, path: &str, text: String, diagnostics: &mut Diagnostics) -> String {
    let text = marked(text);
    if let Some(known) = memo.formatted(&text) {
        return known.to_string();
    }
    let formatted = format_text(FormatTextOptions {
        path: Path::new(path),
        extension: None,
        text: text.clone(),
        config: &CONFIGURATION,
        external_formatter: None,
    });
    match formatted {
        Ok(Some(formatted)) => {
            memo.keep_formatted(text, &formatted);
            formatted
        }
        Ok(None) => {
            memo.keep_formatted(text.clone(), &text);
            text
        }
        Err(error) => {
            let message = format!("`{path}` is not TypeScript: {error}");
            diagnostics.push(Diagnostic::new(&codes::SYNTAX, message, Place::file(path)));
            text
        }
    }
}

/// How much text is formatted at once where a module comes in parts.
const PORTION: usize = 4 * 1024;

/// A module that comes as a list of statements, formatted in portions side by side: the one large module that many contracts
/// have would else keep a single processor busy. Statements are parted by empty lines.
pub(in crate::emit) fn format_parts(
    memo: &Memo,
    path: &str,
    parts: Vec<String>,
    diagnostics: &mut Diagnostics,
) -> String {
    let mut portions: Vec<String> = Vec::new();
    for part in parts {
        match portions.last_mut() {
            Some(last) if last.len() < PORTION => {
                last.push('\n');
                last.push_str(&part);
            }
            _ => portions.push(part),
        }
    }
    let formatted: Vec<(String, Diagnostics)> = portions
        .into_par_iter()
        .map(|portion| {
            let mut found = Diagnostics::new();
            (format(memo, path, portion, &mut found), found)
        })
        .collect();
    let mut texts = Vec::with_capacity(formatted.len());
    for (text, mut found) in formatted {
        diagnostics.append(&mut found);
        texts.push(text);
    }
    texts.join("\n")
}

/// The module with a mark before each statement that is nested too deep. Statements are those whose first line is not indented.
fn marked(text: String) -> String {
    if deepest(&text) <= DEEPEST {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 64);
    let mut statement = String::new();
    for line in text.split_inclusive('\n') {
        if ["export ", "const ", "type "]
            .iter()
            .any(|start| line.starts_with(start))
        {
            finish(&mut statement, &mut out);
        }
        statement.push_str(line);
    }
    finish(&mut statement, &mut out);
    out
}

fn finish(statement: &mut String, out: &mut String) {
    if deepest(statement) > DEEPEST {
        out.push_str(&format!("// {NOT_FORMATTED}\n"));
    }
    out.push_str(statement);
    statement.clear();
}

/// How many brackets are open at once at most. Strings and comments do not count; both end with their line at the latest, as
/// those do that are written here.
fn deepest(text: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0_usize);
    for line in text.lines() {
        if line.trim_start().starts_with(['*', '/']) {
            continue;
        }
        let mut quote = None;
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => {
                    chars.next();
                }
                '\'' | '"' if quote.is_none() => quote = Some(c),
                c if quote == Some(c) => quote = None,
                '(' | '[' | '{' if quote.is_none() => {
                    depth += 1;
                    most = most.max(depth);
                }
                ')' | ']' | '}' if quote.is_none() => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::super::text::{comment, string};
    use super::*;

    #[test]
    fn a_module_that_does_not_parse_is_told_by_its_path() {
        let mut diagnostics = Diagnostics::new();
        let text = format(
            &Memo::default(),
            "src/a.ts",
            "export const = 1;".to_owned(),
            &mut diagnostics,
        );
        assert_eq!(text, "export const = 1;");
        assert_eq!(diagnostics.len(), 1);
        assert_eq!(diagnostics[0].code.id, "EMIT_SYNTAX");
        assert!(diagnostics[0].message.contains("src/a.ts"));
    }

    #[test]
    fn parts_become_one_module_as_if_it_were_formatted_whole() {
        let parts: Vec<String> = (0..2000)
            .map(|n| format!("/** No. {n} */\nexport const c{n}  = {n};\n"))
            .collect();
        let mut diagnostics = Diagnostics::new();
        let whole = format(&Memo::default(), "a.ts", parts.join("\n"), &mut diagnostics);
        assert_eq!(format_parts(&Memo::default(), "a.ts", parts, &mut diagnostics), whole);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
    }

    #[test]
    fn what_is_nested_too_deep_is_parsed_but_not_formatted() {
        let nested = |middle: &str| format!("export  const  a = {}{middle}{};\n", "[".repeat(90), "]".repeat(90));
        let mut diagnostics = Diagnostics::new();
        let text = format(
            &Memo::default(),
            "a.ts",
            format!("{}export  const  b = 1\n", nested("1")),
            &mut diagnostics,
        );
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert!(
            text.contains("export  const  a = [[") && text.ends_with("export const b = 1;\n"),
            "{text}"
        );
        format(&Memo::default(), "a.ts", nested("1 1"), &mut diagnostics);
        assert_eq!(diagnostics.len(), 1);
    }

    #[test]
    fn hostile_text_neither_ends_its_quotes_nor_switches_the_formatter_off() {
        for hostile in [
            "*/ process.exit(1) /*",
            "`${process.exit(1)}`",
            "' + process.exit(1) + '",
            "\\",
            "\u{2028}process.exit(1)",
            "line\nline\r\nline",
            "dprint-ignore-file",
            "@ts-nocheck",
            "</script>",
            "*\\/ */",
            "\u{0}\u{1}\u{7f}\u{202e}",
        ] {
            let source = format!("{}\nexport  const  a = {};\n", comment(hostile, ""), string(hostile));
            let mut diagnostics = Diagnostics::new();
            let text = format(&Memo::default(), "a.ts", source, &mut diagnostics);
            assert!(diagnostics.is_empty(), "{hostile:?}: {diagnostics:?}");
            assert!(
                text.contains("\nexport const a = "),
                "{hostile:?} was not formatted: {text}"
            );
        }
    }
}
