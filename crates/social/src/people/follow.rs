//! Following. Of a locked account it is asked for, and accepted or declined.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::pair::Pair;
use super::tie::Follow;
use crate::error::Error;
use crate::events::{FOLLOW_ACCEPTED, FOLLOW_REQUESTED, FOLLOWED};
use crate::schema::social_profiles;

/// Follows, or asks to; again changes nothing.
pub(super) fn follow(db: &mut Db, pair: &mut Pair, now: Timestamp) -> Result<(), Error> {
    pair.require_open()?;
    let locked: bool =
        social_profiles::table.find(pair.other).select(social_profiles::locked).first(db).map_err(Error::from)?;
    match (pair.mine.follow(), locked) {
        (Follow::Following, _) | (Follow::Requested, true) => Ok(()),
        (Follow::None, true) => {
            pair.mine.set_follow(Follow::Requested, now);
            pair.tell(db, FOLLOW_REQUESTED, pair.me, now)
        }
        (Follow::None | Follow::Requested, false) => {
            pair.mine.set_follow(Follow::Following, now);
            pair.tell(db, FOLLOWED, pair.me, now)
        }
    }
}

/// Follows no longer, or asks no longer.
pub(super) fn unfollow(_: &mut Db, pair: &mut Pair, now: Timestamp) -> Result<(), Error> {
    if pair.mine.follow() == Follow::None {
        return Err(Error::NotFound);
    }
    pair.mine.set_follow(Follow::None, now);
    Ok(())
}

/// Lets somebody follow who has asked.
pub(super) fn accept(db: &mut Db, pair: &mut Pair, now: Timestamp) -> Result<(), Error> {
    require_request(pair)?;
    pair.theirs.set_follow(Follow::Following, now);
    pair.tell(db, FOLLOW_ACCEPTED, pair.other, now)
}

/// Does not let them. They are not told, and may ask again.
pub(super) fn decline(_: &mut Db, pair: &mut Pair, now: Timestamp) -> Result<(), Error> {
    require_request(pair)?;
    pair.theirs.set_follow(Follow::None, now);
    Ok(())
}

fn require_request(pair: &Pair) -> Result<(), Error> {
    if pair.theirs.follow() == Follow::Requested { Ok(()) } else { Err(Error::NotFound) }
}

/// Takes a follower away. They are not told.
pub(super) fn remove_follower(_: &mut Db, pair: &mut Pair, now: Timestamp) -> Result<(), Error> {
    if pair.theirs.follow() != Follow::Following {
        return Err(Error::NotFound);
    }
    pair.theirs.set_follow(Follow::None, now);
    Ok(())
}
