//! Tables as workbooks of Excel (ECMA-376). Rows go to temporary files as they come, so that memory does not grow with them. A
//! text is a text: nothing in it is a formula.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::path::Path;

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::sheet::{Cell, Rows};
use super::sheets::Sheet;

/// Rows of a sheet at most, below its head: Excel has 1,048,576.
pub(super) const MOST_ROWS: u32 = 1_000_000;
/// Characters of a cell at most.
const CELL: usize = 32_767;

/// Why there is no workbook.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the workbook cannot be written: {0}")]
    Workbook(#[from] XlsxError),
    #[error("the workbook cannot be kept: {0}")]
    File(#[from] std::io::Error),
    /// Whoever makes the rows has stopped.
    #[error("the rows have ended before their time")]
    Incomplete,
}

fn cell(sheet: &mut Worksheet, row: u32, column: u16, cell: &Cell) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => Ok(()),
        Cell::Whole(number) if number.unsigned_abs() > 1 << 53 => {
            sheet.write_string(row, column, number.to_string()).map(drop)
        }
        #[allow(clippy::cast_precision_loss)] // up to 2^53 it is exact
        Cell::Whole(number) => sheet.write_number(row, column, *number as f64).map(drop),
        Cell::Number(number) => sheet.write_number(row, column, *number).map(drop),
        Cell::Text(text) => {
            let cut: String = text.chars().take(CELL).collect();
            sheet.write_string(row, column, cut).map(drop)
        }
        at @ Cell::At(_) => sheet.write_string(row, column, at.csv()).map(drop),
    }
}

/// A name that a sheet may have and no other has yet: 1 to 31 characters, none of `[]:*?/\`, no `'` around it.
fn name(title: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String = title.chars().map(|c| if "[]:*?/\\".contains(c) || c.is_control() { ' ' } else { c }).collect();
    let plain = plain.trim_matches([' ', '\'']);
    let plain = if plain.is_empty() { "Sheet" } else { plain };
    for number in 1_u32.. {
        let tail = if number == 1 { String::new() } else { format!(" {number}") };
        let room = 31 - tail.len();
        // Excel counts UTF-16.
        let mut cut = String::new();
        for c in plain.chars() {
            if cut.encode_utf16().count() + c.len_utf16() > room {
                break;
            }
            cut.push(c);
        }
        let name = format!("{}{tail}", cut.trim_end_matches([' ', '\'']));
        if taken.insert(name.to_lowercase()) {
            return name;
        }
    }
    plain.to_owned()
}

/// The names that no sheet may have: Excel keeps `History` for itself.
fn reserved() -> BTreeSet<String> {
    BTreeSet::from(["history".to_owned()])
}

fn begin<'a>(workbook: &'a mut Workbook, name: &str, columns: &[&str]) -> Result<&'a mut Worksheet, XlsxError> {
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 0)?;
    let bold = Format::new().set_bold();
    for (place, title) in (0_u16..).zip(columns) {
        sheet.set_column_width(place, if *title == "start" || *title == "end" || *title == "at" { 26 } else { 16 })?;
        sheet.write_string_with_format(0, place, *title, &bold)?;
    }
    Ok(sheet)
}

/// A file for a workbook. Blocks.
pub(super) fn file(folder: &Path) -> Result<File, Failure> {
    Ok(tempfile::tempfile_in(folder)?)
}

fn finish(mut workbook: Workbook, mut file: File) -> Result<File, Failure> {
    workbook.save_to_writer(&mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

fn new(folder: &Path) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_tempdir(folder)?;
    Ok(workbook)
}

/// A workbook of tables. Blocks.
pub(super) fn of_sheets(sheets: &[Sheet<'_>], folder: &Path) -> Result<File, Failure> {
    let (mut workbook, mut taken) = (new(folder)?, reserved());
    for one in sheets {
        let sheet = begin(&mut workbook, &name(&one.title, &mut taken), one.columns())?;
        for (number, row) in (1..).zip((0..one.parts()).flat_map(|part| one.part(part))) {
            for (place, value) in (0..).zip(&row) {
                cell(sheet, number, place, value)?;
            }
        }
    }
    finish(workbook, file(folder)?)
}

/// A workbook of rows that come piece by piece, `None` last, in a file; a new sheet every million rows. Blocks.
pub(super) fn of_rows(
    title: &str,
    columns: &[&str],
    (folder, file): (&Path, File),
    mut next: impl FnMut() -> Option<Option<Rows>>,
) -> Result<File, Failure> {
    let (mut workbook, mut taken) = (new(folder)?, reserved());
    let mut pending: Rows = Vec::new();
    let mut is_over = false;
    while !is_over {
        let sheet = begin(&mut workbook, &name(title, &mut taken), columns)?;
        let mut row = 1;
        while row <= MOST_ROWS {
            if pending.is_empty() {
                match next() {
                    Some(Some(rows)) => pending = rows,
                    Some(None) => is_over = true,
                    None => return Err(Failure::Incomplete),
                }
                if is_over {
                    break;
                }
            }
            let fitting = usize::try_from(MOST_ROWS - row + 1).unwrap_or(0).min(pending.len());
            for values in pending.drain(..fitting) {
                for (place, value) in (0..).zip(&values) {
                    cell(sheet, row, place, value)?;
                }
                row += 1;
            }
        }
    }
    finish(workbook, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_have_names_that_excel_takes() {
        let mut taken = reserved();
        assert_eq!(name("HISTORY", &mut taken), "HISTORY 2");
        assert_eq!(name("Revenue: [a/b]", &mut taken), "Revenue   a b");
        assert_eq!(name("'revenue: [a/b]'", &mut taken), "revenue   a b 2");
        assert_eq!(name("", &mut taken), "Sheet");
        let long = "Очень длинное название, которое не помещается";
        assert_eq!(name(long, &mut taken).encode_utf16().count(), 31);
        assert_eq!(name(long, &mut taken), "Очень длинное название, котор 2");
    }
}
