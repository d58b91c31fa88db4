//! Cells of CSV files that spreadsheets open without harm.

use std::borrow::Cow;

/// Whether a spreadsheet would take a cell that begins so for a formula (OWASP: CSV injection).
fn begins_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n')
}

/// A text as it is written into a cell: no spreadsheet takes it for a formula. [`read`] gives the text back.
pub fn written(text: &str) -> Cow<'_, str> {
    match text.chars().next() {
        Some(first) if first == '\'' || begins_formula(first) => Cow::Owned(format!("'{text}")),
        _ => Cow::Borrowed(text),
    }
}

/// The text of a cell that may have been made harmless by [`written`].
pub fn read(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(|c| c == '\'' || begins_formula(c)) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::{read, written};

    #[test]
    fn no_cell_is_a_formula_and_every_text_comes_back() {
        for text in ["", "a", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'", "''", "'=1", "'a", "''=1", "a=1"] {
            let cell = written(text);
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{cell}");
            assert_eq!(read(&cell), text, "{cell}");
        }
        assert_eq!(read("'a"), "'a", "written by hand");
    }
}
