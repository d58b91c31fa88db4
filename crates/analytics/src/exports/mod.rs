//! Figures and facts to take away: CSV, JSON and XLSX, with the same numbers as on the screen.

mod facts;
mod http;
mod input;
mod sheet;
mod sheets;
mod text;
mod xlsx;

use std::io::Read as _;
use std::path::Path;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

pub(crate) use xlsx::Failure;

use sheets::Sheet;

use crate::dashboards::Figures;
use crate::error::METRIC_FORBIDDEN;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes.user(op!(http::export).refuses(&[&kinds::NOT_FOUND, &METRIC_FORBIDDEN]));
}

/// A workbook with a sheet for each of these figures, by what stands above them, made in `folder`. Blocks.
pub(crate) fn workbook(figures: &[(&str, &Figures)], folder: &Path) -> Result<Vec<u8>, Failure> {
    let sheets: Vec<_> = figures.iter().filter_map(|(title, of)| Sheet::of_figures(title, of)).collect();
    let mut bytes = Vec::new();
    xlsx::of_sheets(&sheets, folder)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}
