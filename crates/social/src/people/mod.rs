//! People: who they are to each other. To be written; what other slices need of it stands here already.

mod person;
mod standing;

use poligon_common::Routes;

pub(crate) use person::{Person, find_mentioned, find_people};
pub(crate) use standing::{count_posts, ensure_profile, hidden_from, is_cut, require_active};

/// The routes of this slice.
pub(crate) fn routes(_routes: &mut Routes) {}
