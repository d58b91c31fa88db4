//! Two people, and what they are to each other in both directions. Whatever changes that goes through here: the profiles
//! of both are locked first, in order of id, and the counters of both follow from what has changed.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};
use poligon_core::events;
use poligon_core::schema::users;
use serde_json::json;

use super::relationship::Relationship;
use super::standing::{ensure_profile, require_active};
use super::tie::{Follow, Friend, Row, Tie};
use crate::error::Error;
use crate::notifications;
use crate::schema::{social_profiles, social_ties};

/// Two people; the first is the one who acts or looks.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) me: i64,
    pub(super) other: i64,
    /// What `me` is to `other`.
    pub(super) mine: Tie,
    /// What `other` is to `me`.
    pub(super) theirs: Tie,
    /// The rows as they were read; `None` where there was none.
    before: [Option<Tie>; 2],
}

/// Takes the profiles of these people until the end of the transaction, in order of id; makes those that are not there.
pub(super) fn lock_profiles(db: &mut Db, ids: &[i64]) -> Result<(), Error> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().try_for_each(|id| lock_profile(db, id))
}

fn lock_profile(db: &mut Db, id: i64) -> Result<(), Error> {
    use social_profiles as of;
    let take = |db: &mut Db| diesel::update(of::table.find(id)).set(of::cuts_count.eq(of::cuts_count)).execute(db);
    if take(db)? == 1 {
        return Ok(());
    }
    // A key of `users` that is none would be the database's error, not ours.
    if users::table.find(id).select(users::id).first::<i64>(db).optional()?.is_none() {
        return Err(Error::NotFound);
    }
    ensure_profile(db, id)?;
    take(db)?;
    Ok(())
}

/// The same for two who must not be deleted. Their rows are looked at under the lock: whoever clears up behind a person
/// who is gone takes the lock, too, and so either sees what is written here, or has it refused.
fn lock_living(db: &mut Db, one: i64, other: i64) -> Result<(), Error> {
    lock_profiles(db, &[one, other])?;
    let living = users::table.filter(any_of(db, users::id, &[one, other])).filter(users::deleted_at.is_null());
    if living.count().get_result::<i64>(db)? == 2 { Ok(()) } else { Err(Error::NotFound) }
}

impl Pair {
    /// What two people are to each other. To change it, lock the profiles first.
    pub(super) fn load(db: &mut Db, me: i64, other: i64) -> Result<Self, Error> {
        use social_ties as of;
        let mine = of::user_id.eq(me).and(of::other_id.eq(other));
        let theirs = of::user_id.eq(other).and(of::other_id.eq(me));
        let rows: Vec<Row> = of::table.filter(mine.or(theirs)).select(Row::as_select()).load(db)?;
        let tie_of = |id: i64| rows.iter().find(|row| row.user_id() == id).map(Tie::from);
        let before = [tie_of(me), tie_of(other)];
        let (mine, theirs) = (before[0].unwrap_or_default(), before[1].unwrap_or_default());
        Ok(Self { me, other, mine, theirs, before })
    }

    /// Refuses a person who is hidden from `me`: as if they were not there when they block, and by name when `me` does.
    pub(super) fn require_open(&self) -> Result<(), Error> {
        if self.mine.is_blocking() {
            return Err(Error::Blocked);
        }
        self.require_known()
    }

    /// Refuses a person of whom `me` may not know: one who blocks `me`, and is not blocked by `me`, too.
    pub(super) fn require_known(&self) -> Result<(), Error> {
        if self.mine.cut && !self.mine.is_blocking() { Err(Error::NotFound) } else { Ok(()) }
    }

    /// Brings friendship, or what was asked of it, to the same state on both sides.
    pub(super) fn set_friends(&mut self, mine: Friend, now: Timestamp) {
        let theirs = match mine {
            Friend::Sent => Friend::Received,
            Friend::Received => Friend::Sent,
            same => same,
        };
        self.mine.set_friend(mine, now);
        self.theirs.set_friend(theirs, now);
    }

    /// Ends what there is between the two that a block does not bear.
    pub(super) fn part(&mut self, now: Timestamp) {
        self.mine.set_follow(Follow::None, now);
        self.theirs.set_follow(Follow::None, now);
        self.set_friends(Friend::None, now);
    }

    /// Hides the two from each other for as long as one of them blocks the other.
    pub(super) fn set_cut(&mut self) {
        let cut = self.mine.is_blocking() || self.theirs.is_blocking();
        (self.mine.cut, self.theirs.cut) = (cut, cut);
    }

    /// Ends everything.
    pub(super) fn clear(&mut self) {
        (self.mine, self.theirs) = (Tie::default(), Tie::default());
    }

    /// Writes what has changed, and counts it. Who was told of a request that stands no longer, because it was answered or
    /// taken back, is told of it no longer.
    pub(super) fn save(&self, db: &mut Db, now: Timestamp) -> Result<(), Error> {
        let (me, other, [before, before_theirs]) = (self.me, self.other, self.before);
        save_tie(db, me, other, before, self.mine)?;
        save_tie(db, other, me, before_theirs, self.theirs)?;
        let was = (before.unwrap_or_default(), before_theirs.unwrap_or_default());
        for (asked, asker, was, is) in [(other, me, was.0, self.mine), (me, other, was.1, self.theirs)] {
            if was.follow() == Follow::Requested && is.follow() != Follow::Requested {
                notifications::withdraw_follow_request(db, asked, asker, now)?;
            }
            if was.friend() == Friend::Sent && is.friend() != Friend::Sent {
                notifications::withdraw_friend_request(db, asked, asker, now)?;
            }
        }
        count(db, me, (&was.0, &was.1), (&self.mine, &self.theirs))?;
        count(db, other, (&was.1, &was.0), (&self.theirs, &self.mine))
    }

    /// Tells what has happened between the two: `by` did it.
    pub(super) fn tell(&self, db: &mut Db, topic: &str, by: i64, now: Timestamp) -> Result<(), Error> {
        let (low, high) = (self.me.min(self.other), self.me.max(self.other));
        let to = if by == self.me { self.other } else { self.me };
        let told = json!({"user_id": by, "other_id": to});
        Ok(events::publish(db, topic, &format!("tie:{low}:{high}"), &told, now)?)
    }
}

/// Writes one direction; one that says nothing has no row.
fn save_tie(db: &mut Db, user_id: i64, other_id: i64, before: Option<Tie>, tie: Tie) -> Result<(), Error> {
    let (key, row) = (social_ties::table.find((user_id, other_id)), tie.row(user_id, other_id));
    match before {
        Some(before) if before == tie => {}
        Some(_) if tie == Tie::default() => drop(diesel::delete(key).execute(db)?),
        Some(_) => drop(diesel::update(key).set(row).execute(db)?),
        None if tie == Tie::default() => {}
        None => drop(diesel::insert_into(social_ties::table).values(row).execute(db)?),
    }
    Ok(())
}

/// Changes the counters of a person by how their tie and that of the other have changed.
fn count(db: &mut Db, user_id: i64, before: (&Tie, &Tie), after: (&Tie, &Tie)) -> Result<(), Error> {
    use social_profiles as of;
    let by = |is: fn(&Tie) -> bool, before, after| i64::from(is(after)) - i64::from(is(before));
    let follows: fn(&Tie) -> bool = |tie| tie.follow() == Follow::Following;
    let (followers, following) = (by(follows, before.1, after.1), by(follows, before.0, after.0));
    let friends = by(|tie| tie.friend() == Friend::Friends, before.0, after.0);
    let cuts = by(|tie| tie.cut, before.0, after.0);
    if [followers, following, friends, cuts] == [0; 4] {
        return Ok(());
    }
    let counted = (
        of::followers_count.eq(of::followers_count + followers),
        of::following_count.eq(of::following_count + following),
        of::friends_count.eq(of::friends_count + friends),
        of::cuts_count.eq(of::cuts_count + cuts),
    );
    diesel::update(of::table.find(user_id)).set(counted).execute(db)?;
    Ok(())
}

/// Changes what `me` and another person are to each other by a rule, which is given both ties under lock; answers what
/// they are afterwards.
pub(super) fn change<F>(db: &mut Db, me: i64, other: i64, now: Timestamp, rule: F) -> Result<Relationship, Error>
where
    F: FnOnce(&mut Db, &mut Pair, Timestamp) -> Result<(), Error>,
{
    if me == other {
        return Err(Error::OwnAccount);
    }
    require_active(db, me, now)?;
    change_quietly(db, me, other, now, rule)
}

/// The same by a rule of which nobody hears, such as a block: somebody who is suspended may do it, too.
pub(super) fn change_quietly<F>(
    db: &mut Db,
    me: i64,
    other: i64,
    now: Timestamp,
    rule: F,
) -> Result<Relationship, Error>
where
    F: FnOnce(&mut Db, &mut Pair, Timestamp) -> Result<(), Error>,
{
    if me == other {
        return Err(Error::OwnAccount);
    }
    lock_living(db, me, other)?;
    let mut pair = Pair::load(db, me, other)?;
    rule(db, &mut pair, now)?;
    pair.save(db, now)?;
    Ok(Relationship::of(&pair, now))
}
