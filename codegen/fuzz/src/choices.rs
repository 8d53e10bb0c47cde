//! Choices: bytes of a fuzzer as decisions, and the texts that nobody means well with.
//!
//! Owns: how bytes become numbers, names and texts. Must not know: what is made of them. When the bytes run out, every choice is
//! the first one, so that whatever is being made comes to an end.

use arbitrary::Unstructured;

/// A number that no target writes: outside strings and comments it can only be text that left its place.
pub(super) const PROBE: &str = "0xBADC0DE";

/// Ends, if it can: a comment, a string, a template, a fence, a cell, a script, a line; and goes on as code with the probe.
const TEXTS: &[&str] = &[
    "*/ ;0xBADC0DE; /*",
    "\"; 0xBADC0DE; //",
    "'; 0xBADC0DE; //",
    "`; 0xBADC0DE; //",
    "${0xBADC0DE}",
    "#{0xBADC0DE}",
    "\"#; 0xBADC0DE; //",
    "\"##; 0xBADC0DE; //",
    "\n0xBADC0DE;\n",
    "\r0xBADC0DE;\r",
    "\r\n0xBADC0DE;\r\n",
    "\u{2028}0xBADC0DE;\u{2029}",
    "\u{85}0xBADC0DE;\u{b}\u{c}",
    "</script><script>0xBADC0DE</script>",
    "--> <!-- 0xBADC0DE -->",
    "<img src=x onerror=0xBADC0DE>",
    "```\n0xBADC0DE\n```",
    "~~~\n# 0xBADC0DE\n",
    "| 0xBADC0DE | \\| |",
    "{{0xBADC0DE}}",
    "{{$guid}} {% raw %} {# x #}",
    "pm.environment.clear(); 0xBADC0DE",
    "/; 0xBADC0DE; /",
    "[\\]/; 0xBADC0DE; //",
    "\\",
    "\\\\\"",
    "\\u{2028}\\x00\\q",
    "\u{0}",
    "\u{1b}[2J\u{7}",
    "\u{202e}\u{2066}0xBADC0DE\u{2069}",
    "\u{feff}\u{200b}\u{200d}",
    "%s %n %% {} {0} {{}}",
    "../../../../etc/passwd",
    "..\\..\\x",
    "/etc/passwd",
    "C:\\x",
    "@ts-nocheck",
    "@ts-expect-error */",
    "dprint-ignore-file",
    "# 0xBADC0DE\n",
    "- 0xBADC0DE\n  - x",
    "---\n...\n--- !!binary x",
    "&a *a !x %YAML",
    "key: value # comment",
    "=cmd|' /C calc'!A0",
    "e\u{301}\u{301}\u{301}",
    "日本語 😀",
    "",
    " ",
    "x",
    "A text that means well.",
];

/// Names that mean something to a language, a file system or the generated code itself, and those that fall together.
const NAMES: &[&str] = &[
    "a",
    "A",
    "b",
    "id",
    "aB",
    "a_b",
    "a-b",
    "a b",
    "AB",
    "ab",
    "a.b",
    "a/b",
    "a~b",
    "a%2Fb",
    "name",
    "type",
    "self",
    "Self",
    "crate",
    "super",
    "fn",
    "match",
    "async",
    "await",
    "dyn",
    "gen",
    "try",
    "r#type",
    "_",
    "__",
    "-",
    "$",
    "1",
    "1st",
    "+1",
    "-1",
    "class",
    "default",
    "export",
    "import",
    "function",
    "new",
    "null",
    "true",
    "undefined",
    "NaN",
    "let",
    "enum",
    "eval",
    "arguments",
    "yield",
    "delete",
    "constructor",
    "prototype",
    "__proto__",
    "hasOwnProperty",
    "toString",
    "then",
    "String",
    "Option",
    "Vec",
    "Box",
    "Result",
    "Some",
    "None",
    "Ok",
    "Err",
    "Value",
    "Default",
    "Clone",
    "Debug",
    "Serialize",
    "Error",
    "Map",
    "Array",
    "Object",
    "Record",
    "Promise",
    "Date",
    "RegExp",
    "Number",
    "Boolean",
    "Symbol",
    "z",
    "Hono",
    "index",
    "mod",
    "lib",
    "main",
    "types",
    "client",
    "server",
    "api",
    "errors",
    "operations",
    "handlers",
    "table",
    "router",
    "state",
    "body",
    "request",
    "response",
    "headers",
    "query",
    "path",
    "c",
    "next",
    "std",
    "core",
    "alloc",
    "serde",
    "axum",
    "CON",
    "con",
    "NUL",
    "aux",
    "COM1",
    "..",
    ".",
    "../x",
    "~",
    "日本",
    "語",
    "ﬀ",
    "İ",
    "ı",
    "ſ",
    "ß",
    "ẞ",
    "а",
    "Ａ",
    "𝒜",
    "µ",
    "μ",
    "\u{200d}",
    "a\u{200d}b",
    "ʼn",
    "ǅ",
    "٣",
    "½",
    "℮",
    "\u{e9}",
    "e\u{301}",
    "content-type",
    "Content-Type",
    "accept",
    "authorization",
    "cookie",
    "Idempotency-Key",
    "x-a",
    "X_A",
    "pgTable",
    "select",
    "from",
    "user",
    "order",
    "limit",
    "created_at",
    "createdAt",
];

/// A fuzzer's bytes, taken one decision at a time.
pub(super) struct Choices<'a>(Unstructured<'a>);

impl<'a> Choices<'a> {
    /// Choices out of bytes.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// A number below `end`; 0 when nothing is left.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let last = end.saturating_sub(1).min(usize::from(u16::MAX));
        let last = u16::try_from(last).unwrap_or(u16::MAX);
        if last == 0 {
            return 0;
        }
        usize::from(self.0.int_in_range(0..=last).unwrap_or(0))
    }

    /// Whether one of `many` comes up; never when nothing is left.
    pub(super) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == many - 1
    }

    /// One of several.
    pub(super) fn of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        let at = self.below(all.len());
        all.get(at)
    }

    /// One of several words.
    pub(super) fn word<'t>(&mut self, all: &[&'t str]) -> &'t str {
        self.of(all).copied().unwrap_or("")
    }

    /// Whether any bytes are left.
    pub(super) fn any_left(&self) -> bool {
        !self.0.is_empty()
    }

    /// A text to stand anywhere: one that attacks, several of them, a very long one, or whatever the bytes say.
    pub(super) fn text(&mut self) -> String {
        match self.below(12) {
            0..=6 => self.piece().to_owned(),
            7 | 8 => [self.piece(), self.piece(), self.piece()].concat(),
            9 => self.piece().repeat(1 + self.below(300)),
            10 => self.name(),
            _ => self.raw(),
        }
    }

    /// A name: mostly one of a few that fall together or mean something, else any text.
    pub(super) fn name(&mut self) -> String {
        match self.below(10) {
            0..=3 => NAMES
                .iter()
                .take(14)
                .nth(self.below(14))
                .copied()
                .unwrap_or("a")
                .to_owned(),
            4..=6 => self.word(NAMES).to_owned(),
            7 => [self.word(NAMES), self.word(NAMES)].concat(),
            8 => self.piece().to_owned(),
            _ => self.raw(),
        }
    }

    /// A name that keeps the fuzzer's document whole: a letter, and a number when there are many.
    pub(super) fn plain(&mut self) -> String {
        [
            self.word(&["a", "b", "Thing", "user_id", "createdAt"]),
            self.word(&["", "2", "_3"]),
        ]
        .concat()
    }

    fn piece(&mut self) -> &'static str {
        self.word(TEXTS)
    }

    fn raw(&mut self) -> String {
        let length = self.below(40);
        let bytes = self.0.bytes(length.min(self.0.len())).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    }
}
