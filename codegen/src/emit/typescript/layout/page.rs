//! Writing layouts: on one line where there is room, else on several.
//!
//! Owns: which parts stand on lines of their own where the whole does not fit, indentation, commas at line ends. Must not know: what
//! is written.

use super::{Group, Layout, NEVER, STEP, Shape, WIDTH, beginning, characters};

/// Text that is written, and where its last line ends.
pub(super) struct Page<'t> {
    pub(super) text: &'t mut String,
    /// Characters on the last line.
    pub(super) column: usize,
}

impl Page<'_> {
    /// Writes text without a line end.
    pub(super) fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += characters(text);
    }

    /// Writes the spaces at the beginning of a line.
    pub(super) fn pad(&mut self, indent: usize) {
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    fn new_line(&mut self, indent: usize) {
        // No line ends with a space: what was to stand behind it begins the next.
        if self.text.ends_with(' ') {
            self.text.pop();
        }
        self.text.push('\n');
        self.pad(indent);
    }

    /// Whether so much has room on the line.
    fn has_room(&self, width: usize) -> bool {
        self.column.saturating_add(width) <= WIDTH
    }

    /// Writes behind a head, or below it where it cannot begin on that line, but can below.
    pub(super) fn behind(&mut self, layout: &Layout, indent: usize, end: usize) {
        let begins = |column: usize| {
            let least = layout.beginning().min(layout.width.saturating_add(end));
            column.saturating_add(least) <= WIDTH
        };
        if begins(self.column) || !begins(indent + STEP) {
            self.write(layout, indent, end);
        } else {
            self.new_line(indent + STEP);
            self.write(layout, indent + STEP, end);
        }
    }

    /// Writes on one line where there is room for it and for `end` more characters, else on several, which are indented
    /// from `indent`.
    pub(super) fn write(&mut self, layout: &Layout, indent: usize, end: usize) {
        if self.has_room(layout.width.saturating_add(end)) {
            return self.write_flat(layout);
        }
        match &layout.shape {
            Shape::Text(text) => self.put(text),
            Shape::Group(group) => self.write_group(group, indent),
            Shape::Chain(parts) => self.write_chain(parts, indent, end),
            Shape::Union(variants) => self.write_union(variants, indent, end),
            Shape::Run(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    let rest = parts.get(at + 1..).unwrap_or_default();
                    let end = if rest.is_empty() { end } else { beginning(rest) };
                    self.write(part, indent, end);
                }
            }
        }
    }

    fn write_flat(&mut self, layout: &Layout) {
        match &layout.shape {
            Shape::Text(text) => self.put(text),
            Shape::Group(group) => {
                let space = if group.style.spaced && !group.items.is_empty() {
                    " "
                } else {
                    ""
                };
                self.put(&group.open);
                self.put(space);
                for (at, item) in group.items.iter().enumerate() {
                    if at > 0 {
                        self.put(group.style.separator);
                        self.put(" ");
                    }
                    self.put(&item.key);
                    self.write_flat(&item.value);
                }
                self.put(space);
                self.put(group.style.close);
            }
            Shape::Chain(parts) | Shape::Run(parts) => parts.iter().for_each(|part| self.write_flat(part)),
            Shape::Union(variants) => {
                for (at, variant) in variants.iter().enumerate() {
                    self.put(if at > 0 { " | " } else { "" });
                    self.write_flat(variant);
                }
            }
        }
    }

    fn write_group(&mut self, group: &Group, indent: usize) {
        self.put(&group.open);
        let Group { style, items, .. } = group;
        if let (Some(width), Some((last, others))) = (group.embraced(), items.split_last())
            && self.has_room(width)
        {
            for item in others {
                self.write_flat(&item.value);
                self.put(", ");
            }
            // Its own width does not count: if it had room, so had the whole.
            self.write(&last.value, indent, NEVER);
        } else {
            for (at, item) in items.iter().enumerate() {
                let ends = style.trailing || at + 1 < items.len();
                self.new_line(indent + STEP);
                for line in item.comment.lines() {
                    self.put(line);
                    self.new_line(indent + STEP);
                }
                self.put(&item.key);
                match item.value.shape {
                    // A long text is no easier to read below its name.
                    Shape::Text(_) => self.write(&item.value, indent + STEP, 0),
                    _ => self.behind(&item.value, indent + STEP, usize::from(ends)),
                }
                self.put(if ends { style.separator } else { "" });
            }
            if !items.is_empty() {
                self.new_line(indent);
            }
        }
        self.put(style.close);
    }

    fn write_chain(&mut self, parts: &[Layout], indent: usize, end: usize) {
        let Some((head, calls)) = parts.split_first() else {
            return;
        };
        let on_lines = !self.has_room(head.width);
        self.write(head, indent, 0);
        let mut inner = indent;
        for (at, call) in calls.iter().enumerate() {
            let end = if at + 1 == calls.len() { end } else { 0 };
            let width = call.width.saturating_add(end);
            if !on_lines && !self.has_room(width) && indent + STEP + width <= WIDTH {
                inner = indent + STEP;
                self.new_line(inner);
            }
            self.write(call, inner, end);
        }
    }

    fn write_union(&mut self, variants: &[Layout], indent: usize, end: usize) {
        // What stands at the beginning of its line already goes no further in.
        let indent = if self.column == indent { indent } else { indent + STEP };
        for (at, variant) in variants.iter().enumerate() {
            if at > 0 || self.column != indent {
                self.new_line(indent);
            }
            self.put("| ");
            self.write(variant, indent, if at + 1 == variants.len() { end } else { 0 });
        }
    }
}
