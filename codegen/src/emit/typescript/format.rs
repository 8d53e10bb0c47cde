//! Formatting: one style for every module, and the proof that it is TypeScript.
//!
//! Owns: the configuration of the formatter. Must not know: what a module is about.

use std::path::Path;
use std::sync::LazyLock;

use dprint_plugin_typescript::configuration::{Configuration, ConfigurationBuilder, QuoteStyle, SortOrder};
use dprint_plugin_typescript::{FormatTextOptions, format_text};

use crate::diagnostics::{Diagnostic, Diagnostics, Place, emit as codes};

static CONFIGURATION: LazyLock<Configuration> = LazyLock::new(|| {
    ConfigurationBuilder::new()
        .line_width(110)
        .indent_width(2)
        .quote_style(QuoteStyle::PreferSingle)
        .module_sort_import_declarations(SortOrder::Maintain)
        .module_sort_export_declarations(SortOrder::Maintain)
        // Text of a spec stands in comments: it must not be able to switch the formatter, and with it the proof, off. No
        // comment holds these words, since every control character in one is replaced.
        .ignore_node_comment_text("\u{1}")
        .ignore_file_comment_text("\u{1}")
        .build()
});

/// The module, formatted. When it does not parse, the fault is told (`EMIT_SYNTAX`) and the text comes back as it is.
///
/// `path` is that of the artifact; it names the module in the diagnostic and tells the formatter the language.
pub(in crate::emit) fn format(path: &str, text: String, diagnostics: &mut Diagnostics) -> String {
    let formatted = format_text(FormatTextOptions {
        path: Path::new(path),
        extension: None,
        text: text.clone(),
        config: &CONFIGURATION,
        external_formatter: None,
    });
    match formatted {
        Ok(Some(formatted)) => formatted,
        Ok(None) => text,
        Err(error) => {
            let message = format!("`{path}` is not TypeScript: {error}");
            diagnostics.push(Diagnostic::new(&codes::SYNTAX, message, Place::file(path)));
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::{comment, string};
    use super::*;

    #[test]
    fn a_module_that_does_not_parse_is_told_by_its_path() {
        let mut diagnostics = Diagnostics::new();
        let text = format("src/a.ts", "export const = 1;".to_owned(), &mut diagnostics);
        assert_eq!(text, "export const = 1;");
        assert_eq!(diagnostics.len(), 1);
        assert_eq!(diagnostics[0].code.id, "EMIT_SYNTAX");
        assert!(diagnostics[0].message.contains("src/a.ts"));
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
            let text = format("a.ts", source, &mut diagnostics);
            assert!(diagnostics.is_empty(), "{hostile:?}: {diagnostics:?}");
            assert!(text.contains("\nexport const a = "), "{hostile:?} was not formatted: {text}");
        }
    }
}
