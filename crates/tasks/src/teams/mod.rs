//! Teams: who works together. People come by an invitation, which goes by mail to an address; whoever has its token accepts it,
//! once, within seven days. Everything that changes who is in a team, or as what, holds the team's row, so that a team is
//! never too full, and always has an owner while anybody is in it.
//!
//! Owners decide on everybody, administrators on those below them; nobody gives a role above their own. Whoever leaves a
//! team, or is removed from it, is in none of its projects any more.

mod access;
mod departure;
mod http;
mod input;
mod invitations;
mod invite;
mod mails;
mod members;
mod model;
mod roster;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

pub(crate) use access::locked;
pub(crate) use departure::leave_next;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let there = &[&kinds::NOT_FOUND];
    let deciding = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW];
    let ranks = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW, &error::LAST_OWNER];
    let inviting = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW, &error::ALREADY_INVITED, &error::TEAM_FULL];
    let coming = &[&error::ALREADY_IN_TEAM, &error::TEAM_FULL, &error::TOO_MANY_TEAMS];
    routes
        .user(op!(http::list_teams))
        .user(op!(http::create_team).refuses(&[&error::TOO_MANY_TEAMS]).idempotent_by_key())
        .user(op!(http::get_team).refuses(there))
        .user(op!(http::patch_team).refuses(deciding).by_version())
        .user(op!(http::delete_team).refuses(deciding).refuses(&[&error::TEAM_NOT_EMPTY]).by_version())
        .user(op!(roster::list_team_members).refuses(there))
        .user(op!(roster::put_team_member_role).refuses(ranks))
        .user(op!(roster::delete_team_member).refuses(ranks))
        .user(op!(invitations::list_team_invitations).refuses(deciding))
        .user(op!(invitations::create_team_invitation).limited("mail").refuses(inviting).idempotent_by_key())
        .user(op!(invitations::delete_team_invitation).refuses(deciding))
        .user(op!(invitations::look_up_invitation))
        .user(op!(invitations::accept_invitation).refuses(coming))
        .user(op!(invitations::decline_invitation));
}
