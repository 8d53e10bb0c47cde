//! The head of a spec: title, status, date, branch.
//!
//! Owns: how these are written before the first section. Must not know: the sections.

use super::blocks::{Block, Kind};
use super::requirements::strip_prefix_ignoring_case;

/// What the head says.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) title: String,
    pub(super) status: Option<String>,
    pub(super) created: Option<String>,
    pub(super) branch: Option<String>,
}

const STATUS: &[&str] = &["status", "estado", "statut", "статус", "상태", "ステータス", "状态"];
const CREATED: &[&str] = &[
    "created",
    "date",
    "создано",
    "создан",
    "дата",
    "생성일",
    "작성일",
    "作成日",
    "创建日期",
];
const BRANCH: &[&str] = &[
    "feature branch",
    "branch",
    "rama",
    "ramo",
    "branche",
    "ветка функции",
    "ветка",
    "기능 브랜치",
    "브랜치",
    "フィーチャーブランチ",
    "ブランチ",
    "功能分支",
];

/// Words by which what stands before the colon of a title is told to be no part of it.
const PREFIXES: &[&str] = &[
    "spec",
    "feature",
    "специф",
    "функц",
    "기능",
    "명세",
    "仕様",
    "機能",
    "功能",
    "规格",
];

/// Reads the blocks up to the first section.
pub(super) fn read(blocks: &[Block]) -> Head {
    let mut head = Head::default();
    for block in blocks {
        match block.kind {
            Kind::Heading(1) if head.title.is_empty() => bare_title(&block.text).clone_into(&mut head.title),
            Kind::Heading(level) if level > 1 => break,
            Kind::Row => {
                let mut cells = block
                    .cells
                    .iter()
                    .map(|range| block.text.get(range.clone()).unwrap_or(""));
                if let (Some(key), Some(value)) = (cells.next(), cells.next()) {
                    head.field(key, value);
                }
            }
            Kind::Columns => {}
            _ => {
                let mut starts: Vec<usize> = block.line_starts().chain(block.bold().map(|bold| bold.start)).collect();
                starts.sort_unstable();
                starts.dedup();
                for part in block.cut(&starts) {
                    if let Some((key, value)) = part.text.split_once([':', '：']) {
                        head.field(key, value);
                    }
                }
            }
        }
    }
    head
}

impl Head {
    fn field(&mut self, key: &str, value: &str) {
        let key = key.trim().to_lowercase();
        let field = if STATUS.contains(&key.as_str()) {
            &mut self.status
        } else if CREATED.contains(&key.as_str()) {
            &mut self.created
        } else if BRANCH.contains(&key.as_str()) {
            &mut self.branch
        } else {
            return;
        };
        let value = value
            .trim()
            .trim_matches(|c: char| matches!(c, '"' | '\'' | '|' | '·') || c.is_whitespace());
        if field.is_none() && !value.is_empty() {
            *field = Some(value.to_owned());
        }
    }
}

/// A title without "Feature Specification:" and the like.
fn bare_title(text: &str) -> &str {
    let text = text.trim();
    let Some((before, after)) = text
        .split_once([':', '：'])
        .filter(|(_, after)| !after.trim().is_empty())
    else {
        return text;
    };
    let told = before.split_whitespace().any(|word| {
        PREFIXES
            .iter()
            .any(|prefix| strip_prefix_ignoring_case(word, prefix).is_some())
    });
    if told { without_number(after.trim()) } else { text }
}

/// A title without the number of its feature: `001 — Search`.
fn without_number(title: &str) -> &str {
    let rest = title.trim_start_matches(|c: char| c.is_ascii_digit());
    let bare = rest.trim_start().trim_start_matches([':', '-', '–', '—']).trim_start();
    if title.len() - rest.len() >= 3 && bare.len() < rest.trim_start().len() && !bare.is_empty() {
        bare
    } else {
        title
    }
}
