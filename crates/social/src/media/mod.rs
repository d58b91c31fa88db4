//! To be written.

use poligon_common::Routes;
use poligon_core::jobs::Job;

/// The routes of this slice.
pub(crate) fn routes(_routes: &mut Routes) {}

/// The jobs of this slice.
pub(crate) fn jobs() -> Vec<Job> {
    Vec::new()
}
