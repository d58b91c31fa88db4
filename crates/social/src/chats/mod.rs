//! Conversations: direct ones and groups. To be written; what other slices need of it stands here already.

mod access;
mod log;

use poligon_common::Routes;

pub(crate) use access::{ReadableMessage, readable_message};
pub(crate) use log::append;

/// The routes of this slice.
pub(crate) fn routes(_routes: &mut Routes) {}
