//! The page of the requirements: each with what carries it.
//!
//! Owns: the trace for people. Must not know: how it is found.

use super::book::Book;
use super::prose::blocks;
use super::quote::text;
use super::table::table;

/// The body of the page.
pub(super) fn page(book: &Book<'_>, from: &str) -> String {
    let mut out = String::new();
    for (heading, ids) in book.trace.sections() {
        out.push_str(&format!("## {}\n\n", text(&heading)));
        let rows: Vec<Vec<String>> = ids.iter().map(|id| row(book, id, from)).collect();
        table(
            &["Requirement", "Operations", "Schemas", "Errors", "Otherwise"],
            &rows,
            &mut out,
        );
        for id in &ids {
            requirement(book, id, from, &mut out);
        }
    }
    out
}

fn row(book: &Book<'_>, id: &str, from: &str) -> Vec<String> {
    let count = |count: usize| if count == 0 { String::new() } else { count.to_string() };
    let link = book.requirement(id).map_or_else(|| text(id), |spot| spot.link(from));
    let found = book.trace.requirement(id);
    let carriers = book.trace.carriers(id);
    let types = |types: &[usize]| types.iter().filter(|i| book.ty(**i).is_some()).count();
    let counts = carriers.map_or((0, 0, 0), |one| {
        (one.operations.len(), types(&one.types), one.errors.len())
    });
    let otherwise = match found {
        Some(found) if found.removed => "removed",
        Some(found) if found.not_in_contract.is_some() => "not in the contract",
        _ if counts == (0, 0, 0) && carriers.is_some() => "only something internal carries it",
        _ if counts == (0, 0, 0) => "nothing carries it",
        _ => "",
    };
    vec![
        link,
        count(counts.0),
        count(counts.1),
        count(counts.2),
        otherwise.to_owned(),
    ]
}

fn requirement(book: &Book<'_>, id: &str, from: &str, out: &mut String) {
    if let Some(spot) = book.requirement(id) {
        out.push_str(&spot.title(3));
    }
    if let Some(found) = book.trace.requirement(id) {
        if found.removed {
            out.push_str("*Removed.*\n\n");
        }
        let words = blocks(&found.text);
        if !words.is_empty() {
            out.push_str(&words);
            out.push('\n');
        }
        // The reason is part of the text when it was read from there.
        if let Some(reason) = found
            .not_in_contract
            .as_ref()
            .filter(|reason| !found.text.contains(reason.as_str()))
        {
            out.push_str(&format!("Not in the contract: {}\n\n", text(reason)));
        }
    }
    let Some(carriers) = book.trace.carriers(id) else {
        return;
    };
    let operations: Vec<String> = carriers
        .operations
        .iter()
        .map(|i| book.operation_link(*i, from))
        .collect();
    let types: Vec<String> = carriers
        .types
        .iter()
        .filter_map(|i| Some(book.ty(*i)?.link(from)))
        .collect();
    let errors: Vec<String> = carriers.errors.iter().map(|code| book.error_link(code, from)).collect();
    let all = [("Operations", operations), ("Schemas", types), ("Errors", errors)];
    let mut any = false;
    for (name, links) in all.iter().filter(|(_, links)| !links.is_empty()) {
        out.push_str(&format!("- {name}: {}\n", links.join(", ")));
        any = true;
    }
    if any {
        out.push('\n');
    }
}
