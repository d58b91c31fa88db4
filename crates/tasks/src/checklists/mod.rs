//! What cards consist of: lists of things that are ticked off. Members of the project write them.

mod http;
mod model;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

pub(crate) use model::{ChecklistResponse, of_board, of_card};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let changing = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW, &error::ARCHIVED, &error::CARD_ARCHIVED];
    let more = &[&error::CHECKLIST_FULL];
    routes
        .user(op!(http::create_checklist).refuses(changing).refuses(more).idempotent_by_key())
        .user(op!(http::patch_checklist).refuses(changing))
        .user(op!(http::delete_checklist).refuses(changing))
        .user(op!(http::create_checklist_item).refuses(changing).refuses(more).idempotent_by_key())
        .user(op!(http::patch_checklist_item).refuses(changing))
        .user(op!(http::delete_checklist_item).refuses(changing));
}
