//! Tables as CSV (RFC 4180) and JSON, piece by piece.

use csv::{Terminator, WriterBuilder};
use serde_json::{Map, Value, json};

use super::sheet::{Cell, Rows};
use super::sheets::Sheet;

/// Rows as lines of CSV.
pub(super) fn csv_rows(rows: &Rows) -> Vec<u8> {
    let mut out = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        // Into memory: nothing can fail but memory itself.
        drop(out.write_record(row.iter().map(Cell::csv)));
    }
    out.into_inner().unwrap_or_default()
}

/// The names of the columns as the first line of CSV.
pub(super) fn csv_head(columns: &[&str]) -> Vec<u8> {
    let mut line = columns.join(",").into_bytes();
    line.extend_from_slice(b"\r\n");
    line
}

fn object(columns: &[&str], row: &[Cell]) -> Value {
    let members = columns.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), cell.json()));
    members.collect::<Map<String, Value>>().into()
}

/// Rows as objects behind each other, with commas between them; `first`: nothing stands before them.
pub(super) fn json_rows(columns: &[&str], rows: &Rows, first: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        if !(first && place == 0) {
            out.push(b',');
        }
        out.extend_from_slice(object(columns, row).to_string().as_bytes());
    }
    out
}

/// What is written of tables, step by step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This.
    Text(String),
    /// Rows: a part of a table.
    Rows { sheet: usize, part: usize, is_first: bool },
}

fn parts(place: usize, sheet: &Sheet<'_>) -> impl Iterator<Item = Step> {
    (0..sheet.parts()).map(move |part| Step::Rows { sheet: place, part, is_first: part == 0 })
}

/// A table as CSV.
pub(super) fn csv_steps(sheets: &[Sheet<'_>]) -> Vec<Step> {
    let head = |sheet: &Sheet<'_>| Step::Text(String::from_utf8_lossy(&csv_head(sheet.columns())).into_owned());
    sheets.first().into_iter().flat_map(|sheet| std::iter::once(head(sheet)).chain(parts(0, sheet))).collect()
}

/// Tables as JSON.
pub(super) fn json_steps(sheets: &[Sheet<'_>]) -> Vec<Step> {
    let text = |text: &str| Step::Text(text.to_owned());
    let mut steps = vec![text("{\"sheets\":[")];
    for (place, sheet) in sheets.iter().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        steps.push(Step::Text(format!("{comma}{{\"title\":{},\"items\":[", json!(sheet.title))));
        steps.extend(parts(place, sheet));
        steps.push(text("]}"));
    }
    steps.push(text("]}"));
    steps
}
