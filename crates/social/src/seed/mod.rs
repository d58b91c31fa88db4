//! Demo data of the social network.

use poligon_core::db::{Db, DbError};
use poligon_core::security::KeyRing;
use poligon_core::seed::Plan;

/// Makes the demo data of a plan.
pub(crate) fn seed(_db: &mut Db, _plan: &Plan<'_>, _: &KeyRing) -> Result<(), DbError> {
    Ok(())
}
