//! The catalogue as CSV (RFC 4180): out in pieces, in within bounded memory, with every bad cell named.
//!
//! A row is a variant; rows of one product stand together and say the same of it. Products are known by their slug,
//! variants by their SKU: what is there is changed, what is not is made, and what the file does not name stays. A
//! column that is left out stays as it is. An empty cell means nothing (no description, no category, no tags, nothing
//! to compare the price with); where there cannot be nothing (title, status, price, currency, weight, tracking, stock)
//! it stays as it is, too.
//!
//! **What waits for what.** A body goes to the disk first, so a slow sender holds nothing. With `skip_bad` every batch
//! of rows is a transaction of its own, in the queue with everybody's. With `all_or_nothing` the file is checked as a
//! whole first, without a lock; then it is written in one transaction. On PostgreSQL that holds the rows of the products
//! in the file until the end; on SQLite it holds the one lock of all writers, so that other writes are answered with 503
//! for as long as it takes (some 5 seconds for 100,000 rows; `tests/load/catalogue.py`). Reads go on in both.

mod apply;
mod batch;
mod cells;
mod export;
mod http;
mod import;
mod plan;
mod rows;
mod store;
mod write;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

pub use export::{ExportFailure, export_to};
pub use import::{ImportFailure, Mode, Progress, import_from};
pub use rows::{Report, RowError};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .permitted("products:write", op!(http::export_catalogue))
        .permitted("products:write", op!(http::import_catalogue).refuses(&[&kinds::CONFLICT]).idempotent_by_key());
}
