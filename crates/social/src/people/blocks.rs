//! Blocking: ends what two people are to each other, and hides both from each other everywhere for as long as one of them
//! blocks. Somebody who is blocked may block back: they need not see whom, and are hidden after an unblocking, too.

use poligon_core::db::{Db, Timestamp};

use super::pair::Pair;
use crate::error::Error;
use crate::events::BLOCKED;

/// Blocks; again changes nothing.
pub(super) fn block(db: &mut Db, pair: &mut Pair, now: Timestamp) -> Result<(), Error> {
    if pair.mine.is_blocking() {
        return Ok(());
    }
    pair.part(now);
    pair.mine.set_blocking(Some(now));
    pair.set_cut();
    pair.tell(db, BLOCKED, pair.me, now)
}

/// Blocks no longer. The two stay hidden from each other while the other blocks; nothing comes back that the block ended.
pub(super) fn unblock(_: &mut Db, pair: &mut Pair, _: Timestamp) -> Result<(), Error> {
    if !pair.mine.is_blocking() {
        return Err(Error::NotFound);
    }
    pair.mine.set_blocking(None);
    pair.set_cut();
    Ok(())
}
