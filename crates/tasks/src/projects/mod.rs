//! Projects: what a team works on. Whoever is in the team is in each of its projects, as what the team makes them there; a
//! project has members of its own beside, from the team or not. Of two roles the higher one counts. An archived project is
//! read, brought back, deleted, and left; nothing else.

mod access;
mod http;
mod input;
mod members;
mod model;
mod roster;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

pub(crate) use access::{Access, ProjectRow, access, locked, of_person, roles, row};
pub(crate) use members::{hold, leave_all, leave_all_of, take_numbers};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let there = &[&kinds::NOT_FOUND];
    let deciding = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW];
    let making = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW, &error::PROJECT_KEY_TAKEN, &error::TOO_MANY_PROJECTS];
    let changing = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW, &error::PROJECT_KEY_TAKEN, &error::ARCHIVED];
    let adding = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW, &error::PROJECT_FULL, &error::ARCHIVED];
    routes
        .user(op!(http::list_projects))
        .user(op!(http::create_project).refuses(making).idempotent_by_key())
        .user(op!(http::get_project).refuses(there))
        .user(op!(http::patch_project).refuses(changing).by_version())
        .user(op!(http::delete_project).refuses(deciding).by_version())
        .user(op!(http::archive_project).refuses(deciding))
        .user(op!(http::restore_project).refuses(deciding))
        .user(op!(roster::list_project_members).refuses(there))
        .user(op!(roster::put_project_member).refuses(adding))
        .user(op!(roster::delete_project_member).refuses(deciding).refuses(&[&error::ARCHIVED]));
}
