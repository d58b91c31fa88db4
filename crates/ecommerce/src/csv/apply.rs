//! A batch in the database: planned and written in one transaction.

use poligon_common::Refused;
use poligon_core::db::Db;

use super::batch::Group;
use super::plan::{Plan, PlannedProduct, Terms, plan};
use super::rows::RowError;
use super::write;
use crate::error::Error;

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) skipped: u64,
    pub(super) errors: Vec<RowError>,
}

/// What would become of a batch. Changes nothing.
pub(super) fn check(db: &mut Db, groups: &[Group], terms: &Terms) -> Result<Outcome, Error> {
    let plan = plan(db, groups, terms)?;
    Ok(counted(&plan))
}

fn counted(plan: &Plan) -> Outcome {
    let variants = || plan.products.iter().flat_map(|product| &product.variants);
    Outcome {
        created: variants().filter(|variant| variant.known.is_none()).count() as u64,
        updated: variants().filter(|variant| variant.known.is_some()).count() as u64,
        skipped: plan.skipped,
        errors: plan.errors.clone(),
    }
}

/// Writes what is good of a batch.
pub(super) fn apply(db: &mut Db, groups: &[Group], terms: &Terms) -> Result<Outcome, Error> {
    let plan = plan(db, groups, terms)?;
    let mut outcome = counted(&plan);
    let (mut new, mut known): (Vec<PlannedProduct>, Vec<_>) =
        plan.products.into_iter().partition(|product| product.known.is_none());
    // Everybody takes rows in one order.
    known.sort_by_key(|product| product.known.as_ref().map(|(id, _)| *id));
    let mut changed = write::insert_products(db, &mut new, terms)?;
    let refused = write::update_products(db, &known, terms, &mut changed)?;
    let all: Vec<&PlannedProduct> = new.iter().chain(&known).collect();
    write::insert_variants(db, &all, terms)?;
    write::refresh_known(db, &known, terms)?;
    write::tell(db, &changed, terms)?;
    outcome.updated -= refused.len() as u64;
    outcome.skipped += refused.len() as u64;
    outcome.errors.extend(refused.into_iter().map(|number| {
        let message = "has changed while this was imported: the row was left out, import it again";
        RowError::new(number, "stock", Refused::new("stock_changed", message))
    }));
    Ok(outcome)
}
