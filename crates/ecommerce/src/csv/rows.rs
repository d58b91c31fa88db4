//! From a file to rows whose cells were checked, one at a time and in bounded memory.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::rc::Rc;

use ::csv::{ByteRecord, Reader, ReaderBuilder};
use poligon_common::Refused;
use poligon_common::csv::read;
use poligon_common::input::{Line, Prose, Slug};
use poligon_common::money::{CURRENCY, MOST};
use serde::Serialize;
use utoipa::ToSchema;

use super::cells::COLUMNS;
use crate::products::{Attributes, Status, Tag, Tags};
use crate::variants::{MOST_PIECES, Options, Sku};

/// Most bytes of a row.
const MOST_BYTES: u64 = 1 << 20;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportError)]
pub struct RowError {
    /// The row, as spreadsheets count: the names of the columns stand in row 1. Lines with nothing are not counted.
    pub row: u64,
    /// The column; empty when it is about the row as a whole.
    pub column: String,
    /// Stable name of the rule.
    pub code: String,
    /// The rule in words.
    pub message: String,
}

impl RowError {
    pub(super) fn new(row: u64, column: &str, refused: Refused) -> Self {
        Self { row, column: column.into(), code: refused.code.into(), message: refused.message }
    }
}

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportReport)]
pub struct Report {
    /// Rows that made a variant.
    pub created: u64,
    /// Rows whose variant was there already.
    pub updated: u64,
    /// Rows that were left out because they are bad.
    pub skipped: u64,
    /// Rows of the file.
    pub rows: u64,
    /// What is wrong: the first 1,000.
    pub errors: Vec<RowError>,
    /// How many errors there are in all.
    pub errors_total: u64,
}

/// Errors that are listed.
const LISTED: usize = 1_000;

impl Report {
    pub(super) fn add(&mut self, error: RowError) {
        self.errors_total += 1;
        if self.errors.len() < LISTED {
            self.errors.push(error);
        }
    }
}

/// What a row says of its product; `None` where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ProductCells {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) status: Option<Status>,
    /// The slug of the category; `Some(None)` for none.
    pub(super) category: Option<Option<String>>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) attributes: Option<BTreeMap<String, String>>,
}

/// A row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) slug: String,
    pub(super) product: ProductCells,
    pub(super) sku: String,
    pub(super) options: Option<BTreeMap<String, String>>,
    pub(super) price: Option<i64>,
    pub(super) compared: Option<Option<i64>>,
    pub(super) weight_g: Option<i64>,
    pub(super) track_stock: Option<bool>,
    pub(super) stock: Option<i64>,
}

/// Why a file cannot be read on.
#[derive(Debug)]
pub(super) struct Unreadable(pub(super) RowError);

/// A source that gives out only so many bytes for each row.
struct Bounded<R> {
    source: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let left = self.left.get().checked_sub(read as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        self.left.set(left);
        Ok(read)
    }
}

/// The rows of a file.
pub(super) struct Rows<R> {
    reader: Reader<Bounded<R>>,
    left: Rc<Cell<u64>>,
    /// For each column of [`COLUMNS`], where it stands in the file.
    places: [Option<usize>; COLUMNS.len()],
    width: usize,
    record: ByteRecord,
    number: u64,
}

impl<R: Read> Rows<R> {
    /// Reads the names of the columns.
    pub(super) fn new(source: R) -> Result<Self, Unreadable> {
        let left = Rc::new(Cell::new(MOST_BYTES));
        let bounded = Bounded { source, left: Rc::clone(&left) };
        let mut reader = ReaderBuilder::new().flexible(true).has_headers(false).from_reader(bounded);
        let mut record = ByteRecord::new();
        let wrong = |message: String| Unreadable(RowError::new(1, "", Refused::new("columns", message)));
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            _ => return Err(wrong(format!("must be the names of the columns: {}", COLUMNS.join(", ")))),
        }
        let mut places = [None; COLUMNS.len()];
        for (at, name) in record.iter().enumerate() {
            let name = str::from_utf8(name).map_or("", str::trim);
            let Some(column) = COLUMNS.iter().position(|known| *known == name) else {
                let known = COLUMNS.join(", ");
                let name: String = name.chars().take(50).collect();
                return Err(wrong(format!("{name:?} is no column; there are {known}")));
            };
            if places[column].replace(at).is_some() {
                return Err(wrong(format!("{name} comes twice")));
            }
        }
        for needed in ["product", "sku"] {
            if COLUMNS.iter().position(|known| *known == needed).is_none_or(|column| places[column].is_none()) {
                return Err(wrong(format!("the column {needed} is required")));
            }
        }
        Ok(Self { reader, left, places, width: record.len(), record, number: 1 })
    }

    /// The next row, or what is wrong with it; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Result<Row, Vec<RowError>>>, Unreadable> {
        self.left.set(MOST_BYTES);
        self.number += 1;
        let number = self.number;
        let whole = |code, message: &str| RowError::new(number, "", Refused::new(code, message));
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(_) => return Err(Unreadable(whole("too_long", "is over 1 MiB; is a quote left open?"))),
        }
        if self.record.len() != self.width {
            let (has, width) = (self.record.len(), self.width);
            return Ok(Some(Err(vec![whole("columns", &format!("has {has} cells, and not {width}"))])));
        }
        Ok(Some(self.parse()))
    }

    fn parse(&self) -> Result<Row, Vec<RowError>> {
        let mut cells = Cells { rows: self, wrong: Vec::new() };
        let row = Row {
            number: self.number,
            slug: cells.needed("product", |text| Ok(Slug::try_from(text.to_owned())?.0)),
            product: ProductCells {
                title: cells.if_any("title", |text| Ok(Line::<1, 200>::try_from(text.to_owned())?.0)),
                description: cells.get("description", |text| Ok(Prose::<20_000>::try_from(text.to_owned())?.0)),
                status: cells.if_any("status", status_of),
                category: cells.get("category", |text| Ok((!text.is_empty()).then(|| text.to_owned()))),
                tags: cells.get("tags", tags_of),
                attributes: cells.get("attributes", |text| Ok(Attributes::try_from(named(text)?)?.0)),
            },
            sku: cells.needed("sku", |text| Ok(Sku::try_from(text.to_owned())?.0)),
            options: cells.get("options", |text| Ok(Options::try_from(named(text)?)?.0)),
            price: cells.if_any("price", |text| whole(text, MOST)),
            compared: cells
                .get("compare_at_price", |text| if text.is_empty() { Ok(None) } else { whole(text, MOST).map(Some) }),
            weight_g: cells.if_any("weight_g", |text| whole(text, 1_000_000)),
            track_stock: cells.if_any("track_stock", truth),
            stock: cells.if_any("stock", |text| whole(text, MOST_PIECES)),
        };
        cells.if_any("currency", |text| match text {
            CURRENCY => Ok(()),
            _ => Err(Refused::new("currency", format!("must be {CURRENCY}"))),
        });
        if cells.wrong.is_empty() { Ok(row) } else { Err(cells.wrong) }
    }
}

/// The cells of a row while it is checked.
struct Cells<'a, R> {
    rows: &'a Rows<R>,
    wrong: Vec<RowError>,
}

impl<R> Cells<'_, R> {
    /// The value of a cell; `None` when the column is not there or the cell is bad.
    fn get<T>(&mut self, column: &str, parse: impl FnOnce(&str) -> Result<T, Refused>) -> Option<T> {
        let place = COLUMNS.iter().position(|known| *known == column).and_then(|n| self.rows.places[n])?;
        let cell = self.rows.record.get(place).unwrap_or_default();
        let text = str::from_utf8(cell).map_err(|_| Refused::new("encoding", "must be UTF-8"));
        match text.map(read).and_then(parse) {
            Ok(value) => Some(value),
            Err(refused) => {
                self.wrong.push(RowError::new(self.rows.number, column, refused));
                None
            }
        }
    }

    /// The same of a cell that says nothing when it is empty.
    fn if_any<T>(&mut self, column: &str, parse: impl FnOnce(&str) -> Result<T, Refused>) -> Option<T> {
        self.get(column, |text| if text.is_empty() { Ok(None) } else { parse(text).map(Some) }).flatten()
    }

    /// The same of a cell that must be there.
    fn needed(&mut self, column: &str, parse: impl FnOnce(&str) -> Result<String, Refused>) -> String {
        let required = || Refused::new("required", "is required");
        self.get(column, |text| if text.is_empty() { Err(required()) } else { parse(text) }).unwrap_or_default()
    }
}

fn status_of(text: &str) -> Result<Status, Refused> {
    let known = [Status::Draft, Status::Active, Status::Archived].into_iter().find(|status| status.name() == text);
    known.ok_or_else(|| Refused::new("unknown_value", "must be draft, active or archived"))
}

fn truth(text: &str) -> Result<bool, Refused> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Refused::new("type", "must be true or false")),
    }
}

fn whole(text: &str, most: i64) -> Result<i64, Refused> {
    let number = text.parse().ok().filter(|number| (0..=most).contains(number));
    number.ok_or_else(|| Refused::new("range", format!("must be a whole number, 0 to {most}")))
}

/// A JSON object of texts; nothing for an empty cell.
fn named(text: &str) -> Result<BTreeMap<String, String>, Refused> {
    if text.is_empty() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_str(text).map_err(|_| Refused::new("type", "must be a JSON object of texts"))
}

/// A JSON list of texts; nothing for an empty cell.
fn tags_of(text: &str) -> Result<Vec<String>, Refused> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let given: Vec<String> =
        serde_json::from_str(text).map_err(|_| Refused::new("type", "must be a JSON list of texts"))?;
    let tags: Vec<Tag> = given.into_iter().map(Tag::try_from).collect::<Result<_, _>>()?;
    Ok(Tags::try_from(tags)?.0.into_iter().map(|tag| tag.0).collect())
}
