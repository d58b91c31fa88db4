//! What people are told. To be written; what other slices need of it stands here already.

use poligon_common::Routes;
use poligon_core::db::Db;
use serde_json::Value;

use crate::error::Error;

/// The routes of this slice.
pub(crate) fn routes(_routes: &mut Routes) {}

/// Notifications of a person that changed behind `seq`, as they are shown, with the number of their last change, in its
/// order; at most `most`.
pub(crate) fn changed_after(_db: &mut Db, _user_id: i64, _seq: i64, _most: i64) -> Result<Vec<(i64, Value)>, Error> {
    Ok(Vec::new())
}
