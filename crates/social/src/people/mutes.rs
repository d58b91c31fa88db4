//! Muting: somebody's posts do not come into one's feeds (at home, of everybody, of a hashtag), and what they do is no
//! notification. They are not told. It keeps away what comes by itself, and not what one looks for: their profile, a search
//! by words and one's bookmarks show their posts as ever.

use poligon_core::db::{Db, Timestamp};

use super::pair::Pair;
use crate::error::Error;

/// Mutes until then, or for good; again changes the time only.
pub(super) fn mute(pair: &mut Pair, until: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
    pair.require_known()?;
    if until.is_some_and(|until| until <= now) {
        return Err(Error::field("/until", "future", "must be in the future"));
    }
    let since = if pair.mine.is_muting(now) { pair.mine.muted_since().unwrap_or(now) } else { now };
    pair.mine.mute(since, until);
    Ok(())
}

/// Mutes no longer. A mute whose time is over is none.
pub(super) fn unmute(_: &mut Db, pair: &mut Pair, now: Timestamp) -> Result<(), Error> {
    pair.require_known()?;
    if !pair.mine.is_muting(now) {
        return Err(Error::NotFound);
    }
    pair.mine.unmute();
    Ok(())
}
