//! Layout: expressions that stand on one line where they have room, and are broken at their brackets where they have none.
//!
//! Owns: the width of lines of Rust, where an expression is broken. Must not know: what is expressed.

use std::borrow::Cow;

/// Signs in a line, before which expressions and comments are broken.
pub(super) const WIDTH: usize = 120;

const STEP: usize = 4;

/// An expression that knows how wide it is on one line.
pub(in crate::emit) struct Node {
    width: usize,
    shape: Shape,
}

enum Shape {
    Leaf(Cow<'static, str>),
    /// What it begins with, its parts, what it ends with.
    Block(Cow<'static, str>, Vec<Node>, &'static str),
}

impl Node {
    /// What cannot be broken.
    pub(in crate::emit) fn leaf(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        Self {
            width: text.chars().count(),
            shape: Shape::Leaf(text),
        }
    }

    /// Parts between brackets: `name(`, `Name {` or the like stands before them.
    pub(in crate::emit) fn block(open: impl Into<Cow<'static, str>>, parts: Vec<Self>, close: &'static str) -> Self {
        let open = open.into();
        let spaces = if open.ends_with('{') && !parts.is_empty() { 2 } else { 0 };
        let inner: usize = parts.iter().map(|part| part.width).fold(0, usize::saturating_add);
        let between = 2 * parts.len().saturating_sub(1);
        Self {
            width: inner.saturating_add(open.chars().count() + close.len() + spaces + between),
            shape: Shape::Block(open, parts, close),
        }
    }

    /// A slice.
    pub(in crate::emit) fn slice(items: impl IntoIterator<Item = Self>) -> Self {
        Self::block("&[", items.into_iter().collect(), "]")
    }

    /// A slice of texts that are expressions.
    pub(in crate::emit) fn texts(items: impl IntoIterator<Item = String>) -> Self {
        Self::slice(items.into_iter().map(Self::leaf))
    }

    /// `Some(…)`, or `None`.
    pub(in crate::emit) fn option(value: Option<Self>) -> Self {
        match value {
            Some(value) => Self::block("Some(", vec![value], ")"),
            None => Self::leaf("None"),
        }
    }

    /// The same behind a text that stays with it.
    pub(in crate::emit) fn prefixed(self, prefix: &str) -> Self {
        self.behind_both(prefix, "")
    }

    /// A member of a struct.
    pub(in crate::emit) fn member(name: &str, value: Self) -> Self {
        value.behind_both(name, ": ")
    }

    fn behind_both(self, first: &str, second: &str) -> Self {
        let more = first.chars().count() + second.chars().count();
        let width = self.width.saturating_add(more);
        let shape = match self.shape {
            Shape::Leaf(text) => Shape::Leaf([first, second, &text].concat().into()),
            Shape::Block(open, parts, close) => Shape::Block([first, second, &open].concat().into(), parts, close),
        };
        Self { width, shape }
    }

    /// How many parts it has.
    pub(in crate::emit) fn parts(&self) -> usize {
        match &self.shape {
            Shape::Leaf(_) => 0,
            Shape::Block(_, parts, _) => parts.len(),
        }
    }

    /// A line of its own, so many steps in, or as many lines as it needs.
    pub(in crate::emit) fn line(&self, indent: usize, head: &str, end: &str, text: &mut String) {
        pad(indent, text);
        text.push_str(head);
        self.behind(indent * STEP + head.chars().count(), indent, end.len(), text);
        text.push_str(end);
        text.push('\n');
    }

    /// Writes it at a column of a line that is so many steps in; so many signs follow on its last line.
    pub(in crate::emit) fn behind(&self, column: usize, indent: usize, end: usize, text: &mut String) {
        match &self.shape {
            Shape::Leaf(leaf) => text.push_str(leaf),
            Shape::Block(open, parts, close) => {
                text.push_str(open);
                let braced = open.ends_with('{');
                if parts.is_empty() || column.saturating_add(self.width).saturating_add(end) <= WIDTH {
                    let space = if braced && !parts.is_empty() { " " } else { "" };
                    text.push_str(space);
                    for (at, part) in parts.iter().enumerate() {
                        text.push_str(if at > 0 { ", " } else { "" });
                        part.behind(0, 0, 0, text);
                    }
                    text.push_str(space);
                } else if let ([only], true) = (parts.as_slice(), open.ends_with('('))
                    && only.parts() > 0
                {
                    // Not in a slice: another item would move this one.
                    only.behind(column + open.chars().count(), indent, end + close.len(), text);
                } else {
                    for (at, part) in parts.iter().enumerate() {
                        text.push('\n');
                        pad(indent + 1, text);
                        // The rest of a struct takes no comma.
                        let rest = at + 1 == parts.len() && part.is_rest();
                        part.behind((indent + 1) * STEP, indent + 1, usize::from(!rest), text);
                        text.push_str(if rest { "" } else { "," });
                    }
                    text.push('\n');
                    pad(indent, text);
                }
                text.push_str(close);
            }
        }
    }

    fn is_rest(&self) -> bool {
        matches!(&self.shape, Shape::Leaf(leaf) if leaf.starts_with(".."))
    }
}

fn pad(indent: usize, text: &mut String) {
    text.extend(std::iter::repeat_n("    ", indent));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(node: &Node, head: &str, end: &str) -> String {
        let mut text = String::new();
        node.line(1, head, end, &mut text);
        text
    }

    #[test]
    fn what_has_room_stands_on_one_line_and_no_line_with_brackets_is_too_wide() {
        for letters in 1..WIDTH {
            let node = Node::block(
                "Some(",
                vec![Node::texts([format!("\"{}\"", "a".repeat(letters))])],
                ")",
            );
            let text = written(&node, "let a = ", ";");
            let whole = "    let a = Some(&[\"\"]);".len() + letters;
            assert_eq!(text.lines().count() == 1, whole <= WIDTH, "{text}");
            assert!(text.lines().all(|line| line.len() <= WIDTH.max(letters + 11)), "{text}");
        }
    }

    #[test]
    fn what_has_none_is_broken_at_its_outermost_brackets() {
        let long = || Node::leaf("a".repeat(70));
        let inner = Node::block(
            "Inner {",
            vec![Node::member("a", Node::leaf("1")), Node::leaf("..Inner::ANY")],
            "}",
        );
        let node = Node::block("f(", vec![Node::slice([long(), long(), inner])], ")");
        let a = "a".repeat(70);
        assert_eq!(
            written(&node, "", ";"),
            format!("    f(&[\n        {a},\n        {a},\n        Inner {{ a: 1, ..Inner::ANY }},\n    ]);\n")
        );
        let rest = Node::block("S {", vec![long(), long(), Node::leaf("..S::ANY")], "}");
        assert_eq!(
            written(&rest, "", ""),
            format!("    S {{\n        {a},\n        {a},\n        ..S::ANY\n    }}\n")
        );
        assert_eq!(written(&Node::slice([]), "", ""), "    &[]\n");
        let only = Node::slice([Node::block("S {", vec![long(), long()], "}")]);
        assert_eq!(written(&only, "", "").lines().nth(1), Some("        S {"));
    }
}
