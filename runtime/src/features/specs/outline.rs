//! The outline of a spec: its headings, one below the other.
//!
//! Owns: reading them from Markdown. Must not know: what a heading means.

use flaresmith_api::types::SpecSection;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Most headings of a level that are told.
const MOST: usize = 500;

/// Longest title, in characters.
const LONGEST: usize = 300;

/// The headings of a text. A heading stands below the nearest one before it with a lower level.
pub(super) fn of(text: &str) -> Vec<SpecSection> {
    let mut open: Vec<SpecSection> = Vec::new();
    let mut outline = Vec::new();
    let mut title: Option<String> = None;
    let (mut line, mut seen) = (1, 0);
    for (event, range) in Parser::new_ext(text, Options::empty()).into_offset_iter() {
        match (event, &mut title) {
            (Event::Start(Tag::Heading { .. }), _) => {
                let between = text.get(seen..range.start).unwrap_or_default();
                line += between.matches('\n').count();
                seen = range.start.max(seen);
                title = Some(String::new());
            }
            (Event::Text(part) | Event::Code(part), Some(title)) => title.push_str(&part),
            (Event::SoftBreak | Event::HardBreak, Some(title)) => title.push(' '),
            (Event::End(TagEnd::Heading(level)), _) => {
                let section = SpecSection {
                    title: title.take().unwrap_or_default().trim().chars().take(LONGEST).collect(),
                    level: level as i32,
                    line: i32::try_from(line).unwrap_or(i32::MAX),
                    children: Vec::new(),
                };
                close(&mut open, &mut outline, section.level);
                open.push(section);
            }
            _ => {}
        }
    }
    close(&mut open, &mut outline, 0);
    outline
}

/// Puts sections that a heading of this level ends where they belong.
fn close(open: &mut Vec<SpecSection>, outline: &mut Vec<SpecSection>, level: i32) {
    while open.last().is_some_and(|last| last.level >= level) {
        let Some(done) = open.pop() else { break };
        let above = open.last_mut().map_or(&mut *outline, |above| &mut above.children);
        if above.len() < MOST {
            above.push(done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_stand_below_each_other_and_code_has_none() {
        let text = "### Early\n\n# Shop\n\ntext\n\n```\n# no\n```\n\n## A `b`\n### C\n## D\n\nE\n=\n";
        let told = |sections: &[SpecSection]| -> Vec<String> {
            let each = sections
                .iter()
                .map(|one| format!("{}:{}:{}:{}", one.level, one.title, one.line, one.children.len()));
            each.collect()
        };
        let outline = of(text);
        assert_eq!(told(&outline), ["3:Early:1:0", "1:Shop:3:2", "1:E:15:0"]);
        assert_eq!(told(&outline[1].children), ["2:A b:11:1", "2:D:13:0"]);
    }
}
