//! To be written.

use poligon_common::Routes;

/// The routes of this slice.
pub(crate) fn routes(_routes: &mut Routes) {}
