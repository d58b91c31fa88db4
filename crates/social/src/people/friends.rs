//! Friendship: one asks, the other accepts or declines. Two who ask each other are friends, also when both do it at the
//! same time.

use poligon_core::db::{Db, Timestamp};

use super::pair::Pair;
use super::tie::Friend;
use crate::error::Error;
use crate::events::{BEFRIENDED, FRIEND_REQUESTED};

/// Asks for friendship, or accepts what the other has asked; again changes nothing.
pub(super) fn befriend(db: &mut Db, pair: &mut Pair, now: Timestamp) -> Result<(), Error> {
    pair.require_open()?;
    match pair.mine.friend() {
        Friend::Sent | Friend::Friends => Ok(()),
        Friend::Received => accept(db, pair, now),
        Friend::None => {
            pair.set_friends(Friend::Sent, now);
            pair.tell(db, FRIEND_REQUESTED, pair.me, now)
        }
    }
}

/// Ends the friendship, or takes back what one has asked. What the other has asked is declined instead.
pub(super) fn unfriend(_: &mut Db, pair: &mut Pair, now: Timestamp) -> Result<(), Error> {
    if !matches!(pair.mine.friend(), Friend::Sent | Friend::Friends) {
        return Err(Error::NotFound);
    }
    pair.set_friends(Friend::None, now);
    Ok(())
}

/// Becomes a friend of whoever has asked.
pub(super) fn accept(db: &mut Db, pair: &mut Pair, now: Timestamp) -> Result<(), Error> {
    require_request(pair)?;
    pair.set_friends(Friend::Friends, now);
    pair.tell(db, BEFRIENDED, pair.other, now)
}

/// Does not. They are not told, and may ask again.
pub(super) fn decline(_: &mut Db, pair: &mut Pair, now: Timestamp) -> Result<(), Error> {
    require_request(pair)?;
    pair.set_friends(Friend::None, now);
    Ok(())
}

fn require_request(pair: &Pair) -> Result<(), Error> {
    if pair.mine.friend() == Friend::Received { Ok(()) } else { Err(Error::NotFound) }
}
