//! Reports as CSV (RFC 4180).

use std::fmt::Display;

use csv::{Terminator, Writer, WriterBuilder};
use poligon_common::csv::written;

use super::Unwritten;

/// Rows of cells, as many in each as there are names of columns.
pub(super) struct Table(Writer<Vec<u8>>);

impl Table {
    /// A table with these columns, and no row yet.
    pub(super) fn new(columns: &[&str]) -> Result<Self, Unwritten> {
        let mut out = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        out.write_record(columns).map_err(Unwritten::of)?;
        Ok(Self(out))
    }

    /// The next row.
    pub(super) fn row(&mut self) -> Row<'_> {
        Row { table: self, cells: Vec::new() }
    }

    /// The whole of it.
    pub(super) fn bytes(self) -> Result<Vec<u8>, Unwritten> {
        self.0.into_inner().map_err(|error| Unwritten::of(error.into_error()))
    }
}

/// A row that is being written.
pub(super) struct Row<'t> {
    table: &'t mut Table,
    cells: Vec<String>,
}

impl Row<'_> {
    /// A text that people have written: no spreadsheet takes it for a formula.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.cells.push(written(text).into_owned());
        self
    }

    /// A name, a day or an instant of our own.
    pub(super) fn plain(mut self, value: impl Display) -> Self {
        self.cells.push(value.to_string());
        self
    }

    /// A number; an empty cell for none.
    pub(super) fn number(mut self, value: impl Into<Option<i64>>) -> Self {
        self.cells.push(value.into().map(|number| number.to_string()).unwrap_or_default());
        self
    }

    /// Puts the row into the table.
    pub(super) fn end(self) -> Result<(), Unwritten> {
        self.table.0.write_record(&self.cells).map_err(Unwritten::of)
    }
}
