//! Tables.
//!
//! Owns: rows and columns. Must not know: what is in a cell; cells are quoted already.

/// A table with its line ends, or nothing when it has no rows.
pub(super) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    // A column that says nothing in any row is left out.
    let used: Vec<bool> = (0..heads.len())
        .map(|i| rows.iter().any(|row| row.get(i).is_some_and(|cell| !cell.is_empty())))
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut out = String::from("|");
        for (cell, _) in cells.zip(&used).filter(|(_, used)| **used) {
            out.push(' ');
            out.push_str(cell);
            out.push_str(if cell.is_empty() { "|" } else { " |" });
        }
        out.push('\n');
        out
    };
    let mut out = line(&mut heads.iter().copied());
    out.push_str(&line(&mut heads.iter().map(|_| "---")));
    for row in rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    out.push('\n');
    out
}
