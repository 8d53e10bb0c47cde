//! Imports are a set: what two sides import in two forms is imported once.
//!
//! Owns: finding and taking out a name that a merge imports twice. Must not know: how sides are merged.

use std::collections::HashMap;
use std::ops::Range;

use crate::items::outline;
use crate::items::outline::{Item, slice};

/// A name that is imported, and the stretch of text that goes with it.
struct Import {
    name: String,
    alone: bool,
    commented: bool,
    range: Range<usize>,
}

/// The text with each name imported once; `None` if that is so already. What a side imports twice itself stays.
pub(crate) fn once(path: &str, text: &str, sides: [&str; 2]) -> Option<String> {
    let found = imports(path, text)?;
    let counts = found.iter().fold(HashMap::new(), |mut counts, import| {
        *counts.entry(import.name.as_str()).or_insert(0) += 1;
        counts
    });
    if counts.values().all(|count| *count < 2) {
        return None;
    }
    let allowed: Vec<Import> = sides.iter().filter_map(|side| imports(path, side)).flatten().collect();
    let mut out: Vec<&Range<usize>> = Vec::new();
    for name in found.iter().map(|import| &import.name) {
        let same = || found.iter().filter(|import| import.name == *name);
        let in_one_side = allowed.iter().filter(|import| import.name == *name).count();
        if same().count() < 2 || in_one_side > 2 {
            continue;
        }
        // What has a comment stays; a statement of its own goes before a name in a group does; the first of equals
        // stays.
        let commented = same().position(|import| import.commented);
        let stays = commented
            .or_else(|| same().position(|import| !import.alone))
            .unwrap_or(0);
        let goes = same()
            .enumerate()
            .filter(|(i, import)| *i != stays && !import.commented);
        out.extend(goes.map(|(_, import)| &import.range));
    }
    out.sort_by_key(|range| range.start);
    out.dedup();
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for range in out {
        result.push_str(slice(text, at..range.start));
        at = range.end.max(at);
    }
    result.push_str(slice(text, at..text.len()));
    Some(result)
}

fn imports(path: &str, text: &str) -> Option<Vec<Import>> {
    let mut found = Vec::new();
    for item in &outline(path, text)?.items {
        let of_file = matches!(item.kind, "use" | "pub use" | "import" | "import type");
        let conditional = slice(text, item.core..item.front.end).starts_with('#');
        if of_file && !conditional {
            collect(text, item, "", true, &mut found);
        }
    }
    Some(found)
}

fn collect(text: &str, item: &Item, prefix: &str, alone: bool, found: &mut Vec<Import>) {
    let name = if prefix.is_empty() {
        item.name.clone()
    } else {
        format!("{prefix}::{}", item.name)
    };
    match &item.body {
        Some(body) => body
            .items
            .iter()
            .for_each(|inner| collect(text, inner, &name, false, found)),
        None => found.push(Import {
            name,
            alone,
            commented: !slice(text, item.front.start..item.core).trim().is_empty()
                || !item.after(text).trim().is_empty(),
            range: item.blank.start..item.end,
        }),
    }
}
