//! Tables.
//!
//! Owns: rows and columns. Must not know: what is in a cell; cells are quoted already.

/// A table with its line ends, behind what is there; nothing when it has no rows.
pub(super) fn table(heads: &[&str], rows: &[Vec<String>], out: &mut String) {
    if rows.is_empty() {
        return;
    }
    // A column that says nothing in any row is left out.
    let used: Vec<bool> = (0..heads.len())
        .map(|i| rows.iter().any(|row| row.get(i).is_some_and(|cell| !cell.is_empty())))
        .collect();
    line(&mut heads.iter().copied(), &used, out);
    line(&mut heads.iter().map(|_| "---"), &used, out);
    for row in rows {
        line(&mut row.iter().map(String::as_str), &used, out);
    }
    out.push('\n');
}

fn line(cells: &mut dyn Iterator<Item = &str>, used: &[bool], out: &mut String) {
    out.push('|');
    for (cell, _) in cells.zip(used).filter(|(_, used)| **used) {
        out.push(' ');
        out.push_str(cell);
        out.push_str(if cell.is_empty() { "|" } else { " |" });
    }
    out.push('\n');
}
