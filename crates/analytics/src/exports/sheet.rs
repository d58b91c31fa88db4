//! A table on its way out, whatever the form.

use poligon_core::db::Timestamp;

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    Whole(i64),
    Number(f64),
    At(Timestamp),
}

impl Cell {
    /// A text, where there is one.
    pub(super) fn text(text: Option<&str>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.to_owned()))
    }

    /// A whole number, where there is one.
    pub(super) fn whole(number: Option<i64>) -> Self {
        number.map_or(Self::Empty, Self::Whole)
    }

    /// A number, where there is one.
    pub(super) fn number(number: Option<f64>) -> Self {
        number.map_or(Self::Empty, Self::Number)
    }

    /// As JSON has it.
    pub(super) fn json(&self) -> serde_json::Value {
        match self {
            Self::Empty => serde_json::Value::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Whole(number) => (*number).into(),
            Self::Number(number) => (*number).into(),
            Self::At(at) => serde_json::to_value(at).unwrap_or_default(),
        }
    }

    /// As CSV has it: no text is a formula (OWASP: CSV injection).
    pub(super) fn csv(&self) -> String {
        match self {
            Self::Text(text) => poligon_common::csv::written(text).into_owned(),
            Self::Empty => String::new(),
            other => match other.json() {
                serde_json::Value::String(text) => text,
                number => number.to_string(),
            },
        }
    }
}

/// Cells beside each other.
pub(super) type Row = Vec<Cell>;

/// Rows with the same columns.
pub(super) type Rows = Vec<Row>;
