//! The constitution: title, principles, version.
//!
//! Owns: its head and its last line. Must not know: features.

use super::blocks::{self, Kind};
use crate::model::Constitution;

/// Reads a constitution.
pub(super) fn read(file: &str, text: &str) -> Constitution {
    let mut found = Constitution {
        file: file.to_owned(),
        title: String::new(),
        version: None,
        ratified: None,
        amended: None,
        principles: Vec::new(),
    };
    let mut in_principles = false;
    for block in blocks::read(text) {
        let title = block.text();
        match block.kind {
            Kind::Heading(1) if found.title.is_empty() => found.title = title,
            Kind::Heading(2) => in_principles = title.to_lowercase().contains("principle"),
            Kind::Heading(3) if in_principles => found.principles.push(title),
            Kind::Paragraph => {
                for part in title.split(['|', '\n']) {
                    let Some((key, value)) = part.split_once(':') else {
                        continue;
                    };
                    let slot = match key.trim().to_lowercase().as_str() {
                        "version" => &mut found.version,
                        "ratified" => &mut found.ratified,
                        "last amended" => &mut found.amended,
                        _ => continue,
                    };
                    *slot = Some(value.trim().to_owned());
                }
            }
            _ => {}
        }
    }
    found
}
