//! Boards with their columns and labels, and what has happened on them. What somebody may do on a board follows from what
//! they are in its project: viewers read, members make labels, administrators make boards and columns. Of a project that is
//! archived boards are read, and deleted.

mod access;
mod activity;
mod change;
mod columns;
mod columns_http;
mod http;
mod input;
mod kind;
mod labels;
mod model;
mod passage;
mod templates;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

pub(crate) use access::access;
pub(crate) use activity::{ActivityResponse, count as count_activity, list as list_activity, since as activity_since};
pub(crate) use change::{CHANGED, Change, announce, change, change_by_itself};
pub(crate) use columns::{ColumnRow, count as count_card, ever_of_board as columns_ever_of, of_board as columns_of};
pub(crate) use kind::ColumnType;
pub(crate) use labels::{Label, of_board as labels_of};
pub(crate) use model::{delete_all_of, note_on_all};
pub(crate) use passage::{Course, Deed, OVERDUE, PASSED, Passage};
pub(crate) use templates::Template;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let there = &[&kinds::NOT_FOUND];
    let changing = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW, &error::ARCHIVED];
    let making = &[&error::TOO_MANY_BOARDS];
    let labelling = &[&error::LABEL_NAME_TAKEN];
    routes
        .user(op!(http::list_boards))
        .user(op!(http::create_board).refuses(changing).refuses(making).idempotent_by_key())
        .user(op!(http::get_board).refuses(there))
        .user(op!(http::patch_board).refuses(changing).by_version())
        .user(op!(http::delete_board).refuses(there).refuses(&[&error::ROLE_TOO_LOW, &error::ARCHIVED]).by_version())
        .user(op!(http::list_board_activity).refuses(there))
        .user(
            op!(columns_http::create_column).refuses(changing).refuses(&[&error::TOO_MANY_COLUMNS]).idempotent_by_key(),
        )
        .user(op!(columns_http::patch_column).refuses(changing))
        .user(op!(columns_http::delete_column).refuses(changing).refuses(&[&error::COLUMN_NOT_EMPTY]))
        .user(op!(columns_http::list_labels).refuses(there))
        .user(
            op!(columns_http::create_label)
                .refuses(changing)
                .refuses(labelling)
                .refuses(&[&error::TOO_MANY_LABELS])
                .idempotent_by_key(),
        )
        .user(op!(columns_http::patch_label).refuses(changing).refuses(labelling))
        .user(op!(columns_http::delete_label).refuses(changing));
}
