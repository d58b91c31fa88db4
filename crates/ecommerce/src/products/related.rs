//! What is shown beside a product: the best sold of its category, found and written as JSON once for all of them.

use std::sync::Arc;

use poligon_core::db::Db;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::filter::{Filter, Sort};
use super::list::{self, ProductSummary};
use crate::error::Error;

/// Products that are shown beside one.
const RELATED: usize = 6;

/// The best sold products of a category: one more than are shown beside one of them.
#[derive(Debug, Default)]
pub(super) struct Best(Vec<(i64, Box<RawValue>)>);

impl Best {
    pub(super) fn of(db: &mut Db, category_id: i64) -> Result<Self, Error> {
        let filter = Filter::of_category(category_id);
        let most = i64::try_from(RELATED).unwrap_or(0) + 1;
        let best = list::list(db, &filter, Sort::Popularity, None, most)?;
        let written = |product: &ProductSummary| Ok((product.id, to_raw_value(product)?));
        let written: Result<_, serde_json::Error> = best.iter().map(|listed| written(&listed.product)).collect();
        Ok(Self(written.map_err(|error| diesel::result::Error::SerializationError(error.into()))?))
    }
}

/// The products that are shown beside one.
#[derive(Debug, Clone, Default)]
pub(super) struct Related {
    best: Arc<Best>,
    beside: i64,
}

impl Related {
    /// Those beside the product with this id.
    pub(super) fn of(best: Arc<Best>, beside: i64) -> Self {
        Self { best, beside }
    }
}

impl Serialize for Related {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let others = self.best.0.iter().filter(|(id, _)| *id != self.beside);
        serializer.collect_seq(others.take(RELATED).map(|(_, written)| written))
    }
}
