//! Cards: what is to be done, where it stands, and who does it. Members of the project write, viewers read and watch. A card
//! that is archived is read, brought back, or put in the trash; nothing else.

mod acts;
mod bulk;
mod content;
mod create;
mod departure;
mod filter;
mod http;
mod input;
mod jobs;
mod keep;
mod list;
mod list_http;
mod people;
mod place;
mod priority;
mod row;
mod status;
mod update;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

pub(crate) use content::searched;
pub(crate) use departure::{left, unassign, unwatch_left};
pub(crate) use jobs::jobs;
pub(crate) use people::watch;
pub(crate) use place::nth as rank_of;
pub(crate) use priority::Priority;
pub(crate) use row::{CardRow, CardSummary, archived_of, board_of, find, find_open, key, standing_on};
pub(crate) use update::change_card;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let there = &[&kinds::NOT_FOUND];
    let keeping = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW, &error::ARCHIVED];
    let changing = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW, &error::ARCHIVED, &error::CARD_ARCHIVED];
    let placing = &[&error::WIP_LIMIT_REACHED, &error::NO_COLUMN, &error::COLUMN_FULL];
    routes
        .user(
            op!(http::create_card)
                .refuses(keeping)
                .refuses(placing)
                .refuses(&[&error::TOO_MANY_CARDS])
                .idempotent_by_key(),
        )
        .user(op!(http::bulk_cards).refuses(keeping).idempotent_by_key())
        .user(op!(http::get_card).refuses(there))
        .user(op!(http::put_card).refuses(changing).by_version())
        .user(op!(http::patch_card).refuses(changing).by_version())
        .user(op!(http::delete_card).refuses(keeping).by_version())
        .user(op!(list_http::list_cards).refuses(there))
        .user(op!(http::list_trash).refuses(there))
        .user(op!(http::list_card_activity).refuses(there))
        .user(op!(acts::move_card).refuses(changing).refuses(placing))
        .user(op!(acts::assign_card).refuses(changing))
        .user(op!(acts::archive_card).refuses(keeping))
        .user(op!(acts::restore_card).refuses(keeping).refuses(placing))
        .user(op!(acts::watch_card).refuses(there))
        .user(op!(acts::unwatch_card).refuses(there));
}
