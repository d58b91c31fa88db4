//! Files on cards. Members of the project put them there and take them away; viewers read them.
//!
//! A file is kept as it came, so what it is decides whether it is taken: its bytes and the ending of its name have to be of
//! one type of a list that has nothing that runs in a browser. It is served only to be saved (`Content-Disposition:
//! attachment`), never shown. Its name in the storage is ours. It is stored before the row that names it and removed after
//! it (`poligon_core::strays`): a crash in between leaves a file that nobody sees, and a job removes it.

mod files;
mod http;
mod kind;
mod model;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

pub(crate) use model::{let_go_of_boards, let_go_of_cards};

/// Most attachments of a card.
const MOST: i64 = 50;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let there = &[&kinds::NOT_FOUND];
    let changing = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW, &error::ARCHIVED, &error::CARD_ARCHIVED];
    routes
        .user(op!(http::list_attachments).refuses(there))
        .user(
            op!(http::create_attachment).refuses(changing).refuses(&[&error::TOO_MANY_ATTACHMENTS]).idempotent_by_key(),
        )
        .user(op!(http::get_attachment).refuses(there))
        .user(op!(http::get_attachment_file).refuses(there).refuses(&[&kinds::RANGE_NOT_SATISFIABLE]))
        .user(op!(http::delete_attachment).refuses(changing));
}
