//! To be written.

use poligon_common::Routes;

/// The routes of this slice.
pub(crate) fn routes(_routes: &mut Routes) {}

pub(crate) fn require_said(_: &mut poligon_core::db::Db, _: i64, _: crate::visibility::Viewer) -> Result<(), crate::error::Error> { Ok(()) }
