//! Reactions: one of each person to a post, a comment or a message.

mod kind;

use poligon_common::Routes;

pub(crate) use kind::{Counts, Kind};

/// The routes of this slice.
pub(crate) fn routes(_routes: &mut Routes) {}
