//! Layout: expressions and types, and how they stand on lines.
//!
//! Owns: what layouts are made of, and how wide they are; [`page`] writes them. Must not know: what is written. Every text in a
//! layout is quoted already, and stands on one line.
//!
//! A layout knows how wide it is on one line from the moment it is made, so nothing is ever tried: writing takes time that grows
//! with the length of the text alone, however deep it is nested.

mod page;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::text::{key, scalar, type_key};
use crate::tree::Value;
use page::Page;

/// Longest line on which a whole layout stands.
pub(super) const WIDTH: usize = 110;

/// How much further in the parts of a layout stand.
const STEP: usize = 2;

/// The width of what cannot stand on one line. Sums of it do not overflow.
const NEVER: usize = usize::MAX / 2;

/// An expression or a type.
#[derive(Debug, Clone)]
pub(in crate::emit) struct Layout {
    /// Characters on one line.
    width: usize,
    shape: Shape,
}

#[derive(Debug, Clone)]
enum Shape {
    Text(Cow<'static, str>),
    Group(Box<Group>),
    /// An expression and calls of methods on it: what does not fit behind it begins a line.
    Chain(Vec<Layout>),
    /// Types with bars between them.
    Union(Vec<Layout>),
    /// Parts one directly behind the other.
    Run(Vec<Layout>),
}

/// Items between brackets: all on one line, or each on a line of its own.
#[derive(Debug, Clone)]
struct Group {
    /// The bracket, with whatever is called before it.
    open: Cow<'static, str>,
    style: &'static Style,
    items: Vec<Item>,
}

#[derive(Debug)]
struct Style {
    close: &'static str,
    separator: &'static str,
    /// Whether there is a space inside each bracket where all stands on one line.
    spaced: bool,
    /// Whether the separator stands behind the last item too, where each has its line.
    trailing: bool,
}

const ARGUMENTS: &Style = &Style {
    close: ")",
    separator: ",",
    spaced: false,
    trailing: true,
};
const LIST: &Style = &Style {
    close: "]",
    separator: ",",
    spaced: false,
    trailing: true,
};
const OBJECT: &Style = &Style {
    close: "}",
    separator: ",",
    spaced: true,
    trailing: true,
};
const TYPE_OBJECT: &Style = &Style {
    close: "}",
    separator: ";",
    spaced: true,
    trailing: true,
};
const TYPE_ARGUMENTS: &Style = &Style {
    close: ">",
    separator: ",",
    spaced: false,
    trailing: false,
};

/// One item of a group.
#[derive(Debug, Clone)]
pub(in crate::emit) struct Item {
    /// A comment before it, in lines without indentation.
    comment: String,
    /// `name: `, or nothing.
    key: String,
    value: Layout,
}

impl Item {
    /// A member of an object literal; the name is not yet quoted.
    pub(in crate::emit) fn member(name: &str, value: Layout) -> Self {
        Self::keyed(key(name), value)
    }

    /// A member of an object type; the name is not yet quoted.
    pub(in crate::emit) fn type_member(name: &str, optional: bool, value: Layout) -> Self {
        Self::keyed(type_key(name) + if optional { "?" } else { "" }, value)
    }

    /// The same, of a member that is not to be written to. One that may be absent may be `undefined` too.
    pub(in crate::emit) fn readonly(name: &str, optional: bool, value: Layout) -> Self {
        let absent = optional.then(|| Layout::text("undefined"));
        let value = Layout::union(std::iter::once(value).chain(absent).collect());
        Self::keyed(
            format!("readonly {}{}", type_key(name), if optional { "?" } else { "" }),
            value,
        )
    }

    /// A member with a name as it is to be written.
    pub(in crate::emit) fn keyed(mut key: String, value: Layout) -> Self {
        key.push_str(": ");
        let comment = String::new();
        Self { comment, key, value }
    }

    /// The same with a comment before it, in lines without indentation. An item with a comment has a line of its own.
    pub(in crate::emit) fn about(self, comment: String) -> Self {
        Self { comment, ..self }
    }

    fn width(&self) -> usize {
        match self.comment.is_empty() {
            true => characters(&self.key).saturating_add(self.value.width),
            false => NEVER,
        }
    }
}

impl From<Layout> for Item {
    fn from(value: Layout) -> Self {
        Self {
            comment: String::new(),
            key: String::new(),
            value,
        }
    }
}

impl Layout {
    /// Text that is never broken.
    pub(in crate::emit) fn text(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        Self {
            width: characters(&text),
            shape: Shape::Text(text),
        }
    }

    /// `callee(a, b)`; the callee may be `.method`.
    pub(in crate::emit) fn call(callee: &str, arguments: Vec<Self>) -> Self {
        Self::group([callee, "("].concat(), ARGUMENTS, items(arguments))
    }

    /// `[a, b]`
    pub(in crate::emit) fn list(list: Vec<Self>) -> Self {
        Self::group("[", LIST, items(list))
    }

    /// `{ a: 1, b: 2 }`
    pub(in crate::emit) fn object(members: Vec<Item>) -> Self {
        Self::group("{", OBJECT, members)
    }

    /// `{ a: string; b: number }`
    pub(in crate::emit) fn type_object(members: Vec<Item>) -> Self {
        Self::group("{", TYPE_OBJECT, members)
    }

    /// `Name<A, B>`
    pub(in crate::emit) fn generic(name: &str, arguments: Vec<Self>) -> Self {
        Self::group(format!("{name}<"), TYPE_ARGUMENTS, items(arguments))
    }

    /// `A | B`; `never` where there is nothing. Unions of unions are one.
    pub(in crate::emit) fn union(variants: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(variants.len());
        for variant in variants {
            match variant.shape {
                Shape::Union(inner) => flat.extend(inner),
                _ => flat.push(variant),
            }
        }
        match (flat.pop(), flat.is_empty()) {
            (None, _) => Self::text("never"),
            (Some(only), true) => only,
            (Some(last), false) => {
                flat.push(last);
                let width = sum(flat.iter().map(|variant| variant.width.saturating_add(3))).saturating_sub(3);
                let shape = Shape::Union(flat);
                Self { width, shape }
            }
        }
    }

    /// Parts one directly behind the other.
    pub(in crate::emit) fn run(parts: Vec<Self>) -> Self {
        Self {
            width: sum(parts.iter().map(|part| part.width)),
            shape: Shape::Run(parts),
        }
    }

    /// The expression with a method of it called.
    pub(in crate::emit) fn then(self, method: &str, arguments: Vec<Self>) -> Self {
        self.followed_by(Self::group([".", method, "("].concat(), ARGUMENTS, items(arguments)))
    }

    /// The expression with a method of it called that takes a type alone: `.$type<A>()`.
    pub(in crate::emit) fn then_of(self, method: &str, ty: Self) -> Self {
        let call = Self::run(vec![Self::generic(&format!(".{method}"), vec![ty]), Self::text("()")]);
        self.followed_by(call)
    }

    fn followed_by(self, call: Self) -> Self {
        let width = sum([self.width, call.width]);
        let parts = match self.shape {
            Shape::Chain(mut parts) => {
                parts.push(call);
                parts
            }
            _ => vec![self, call],
        };
        Self {
            width,
            shape: Shape::Chain(parts),
        }
    }

    /// The type as an operand: a union in parentheses, anything else as it is.
    pub(in crate::emit) fn grouped(self) -> Self {
        match self.shape {
            Shape::Union(_) => Self::run(vec![Self::text("("), self, Self::text(")")]),
            _ => self,
        }
    }

    /// The same, on several lines even where it fits on one.
    pub(in crate::emit) fn on_lines(self) -> Self {
        Self { width: NEVER, ..self }
    }

    /// A JSON value as a literal.
    pub(in crate::emit) fn value(json: &Value) -> Self {
        match json {
            Value::Array(list) => Self::list(list.iter().map(Self::value).collect()),
            Value::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, member)| Item::member(name, Self::value(member)));
                Self::object(members.collect())
            }
            other => Self::text(scalar(other)),
        }
    }

    /// Writes a line: the indentation, the head, the layout, the end. Where not even the beginning of the layout fits behind the
    /// head, it stands below it.
    pub(in crate::emit) fn line(&self, indent: usize, head: &str, end: &str, text: &mut String) {
        let mut page = Page { text, column: 0 };
        page.pad(indent);
        page.put(head);
        page.behind(self, indent, characters(end));
        page.put(end);
        page.text.push('\n');
    }

    /// Writes a member of an object, on a line or more of its own: `  name: value,`. The name is not yet quoted.
    pub(in crate::emit) fn row(&self, name: &str, text: &mut String) {
        self.line(STEP, &format!("{}: ", key(name)), ",", text);
    }

    /// Its text behind so many characters, with so many behind it; what does not fit goes on in lines indented from `indent`.
    pub(in crate::emit) fn behind(&self, column: usize, indent: usize, end: usize) -> String {
        let mut text = String::new();
        Page {
            text: &mut text,
            column,
        }
        .write(self, indent, end);
        text
    }

    fn group(open: impl Into<Cow<'static, str>>, style: &'static Style, items: Vec<Item>) -> Self {
        let open = open.into();
        let spaces = if style.spaced && !items.is_empty() { 2 } else { 0 };
        let inside = sum(items.iter().map(|item| item.width().saturating_add(2))).saturating_sub(2);
        let width = sum([characters(&open), style.close.len(), spaces, inside]);
        Self {
            width,
            shape: Shape::Group(Box::new(Group { open, style, items })),
        }
    }

    /// Characters that stand on its first line at least, when it stands on several.
    fn beginning(&self) -> usize {
        match &self.shape {
            Shape::Text(_) => self.width,
            Shape::Group(group) if group.items.is_empty() => self.width,
            Shape::Group(group) => characters(&group.open) + group.embraced().unwrap_or(0),
            Shape::Chain(parts) => parts.first().map_or(0, Self::beginning),
            Shape::Union(_) => 0,
            Shape::Run(parts) => beginning(parts),
        }
    }

    /// Whether it is a literal in brackets, with nothing before them.
    fn is_literal(&self) -> bool {
        matches!(&self.shape, Shape::Group(group) if group.open.len() == 1)
    }
}

impl Group {
    /// Whether the last argument is a literal that begins behind the others and ends before the closing bracket:
    /// `f('a', {` … `})`. The width up to where that one is opened, behind the bracket of the group.
    fn embraced(&self) -> Option<usize> {
        let (last, others) = self.items.split_last()?;
        let plain = |item: &Item| item.comment.is_empty() && item.key.is_empty();
        let all = std::ptr::eq(self.style, ARGUMENTS) && last.value.is_literal() && self.items.iter().all(plain);
        let before = sum(others.iter().map(|item| item.value.width.saturating_add(2)));
        (all && before < NEVER).then(|| before.saturating_add(1))
    }
}

fn items(list: Vec<Layout>) -> Vec<Item> {
    list.into_iter().map(Item::from).collect()
}

fn sum(widths: impl IntoIterator<Item = usize>) -> usize {
    widths
        .into_iter()
        .fold(0, |sum, width| sum.saturating_add(width).min(NEVER))
}

/// Characters at the beginning of parts that are never parted.
fn beginning(parts: &[Layout]) -> usize {
    let mut all = 0_usize;
    for part in parts {
        all = all.saturating_add(part.beginning());
        if !matches!(part.shape, Shape::Text(_)) {
            break;
        }
    }
    all
}

fn characters(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}
