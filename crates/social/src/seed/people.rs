//! Profiles and ties.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::insert_many;
use poligon_core::schema::users;
use poligon_core::seed::Plan;

use super::Somebody;
use super::graph::{Follow, Friend, Graph, Tie};
use super::posts::ByAuthor;
use super::words::BIOS;
use crate::people::index_names;
use crate::schema::{social_profiles, social_ties};

/// Ties that go to the database at once, of twelve columns.
const BATCH: usize = 2_000;

/// How many are what to a person.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    followers: i64,
    following: i64,
    friends: i64,
    cuts: i64,
}

/// Adds profiles and ties. Counted while they are made, so that nothing is changed afterwards; `written` are the posts of
/// each.
pub(super) fn insert(
    db: &mut Db,
    plan: &Plan<'_>,
    people: &[Somebody],
    graph: &Graph,
    written: &ByAuthor,
) -> Result<(), DbError> {
    let mut counted = vec![Counted::default(); people.len() + 1];
    let mut batch = Vec::with_capacity(BATCH);
    for (n, person) in people.iter().enumerate() {
        for (other, tie) in graph.ties(person.id) {
            count(&mut counted, person.id, other, tie);
            batch.push((person.id, other, tie, since(plan, person.id, other)));
            if batch.len() == BATCH {
                insert_ties(db, &batch)?;
                batch.clear();
            }
        }
        if n % 1_000 == 0 {
            (plan.progress)("ties", n as u64, people.len() as u64);
        }
    }
    insert_ties(db, &batch)?;
    (plan.progress)("ties", people.len() as u64, people.len() as u64);
    for batch in people.chunks(BATCH) {
        insert_profiles(db, batch, &counted, written)?;
    }
    index_everybody(db)
}

/// Has everybody found by their name: those who take no part, too.
fn index_everybody(db: &mut Db) -> Result<(), DbError> {
    let living = users::table.filter(users::deleted_at.is_null()).order(users::id);
    let ids: Vec<i64> = living.select(users::id).load(db)?;
    ids.chunks(BATCH).try_for_each(|some| index_names(db, some))
}

fn at(id: i64) -> usize {
    usize::try_from(id).unwrap_or(0)
}

fn count(counted: &mut [Counted], id: i64, other: i64, tie: Tie) {
    if tie.follow == Follow::Following {
        counted[at(id)].following += 1;
        counted[at(other)].followers += 1;
    }
    counted[at(id)].friends += i64::from(tie.friend == Friend::Friends);
    counted[at(id)].cuts += i64::from(tie.cut);
}

/// Since when: the same for both.
fn since(plan: &Plan<'_>, id: i64, other: i64) -> Timestamp {
    let (low, high) = (id.min(other), id.max(other));
    plan.before(Duration::minutes(60 + (low * 7_919 + high * 104_729) % (300 * 24 * 60)))
}

fn insert_ties(db: &mut Db, batch: &[(i64, i64, Tie, Timestamp)]) -> Result<(), DbError> {
    let row = |(id, other, tie, since): &(i64, i64, Tie, Timestamp)| {
        let follow = match tie.follow {
            Follow::None => "none",
            Follow::Requested => "requested",
            Follow::Following => "following",
        };
        let friend = match tie.friend {
            Friend::None => "none",
            Friend::Sent => "sent",
            Friend::Received => "received",
            Friend::Friends => "friends",
        };
        (
            social_ties::user_id.eq(*id),
            social_ties::other_id.eq(*other),
            social_ties::follow.eq(follow),
            social_ties::follow_at.eq((tie.follow != Follow::None).then_some(*since)),
            social_ties::friend.eq(friend),
            social_ties::friend_at.eq((tie.friend != Friend::None).then_some(*since)),
            social_ties::blocking.eq(tie.blocking),
            social_ties::blocking_at.eq(tie.blocking.then_some(*since)),
            social_ties::cut.eq(tie.cut),
            social_ties::muted.eq(tie.muted),
            social_ties::muted_at.eq(tie.muted.then_some(*since)),
        )
    };
    let rows: Vec<_> = batch.iter().map(row).collect();
    insert_many!(db, social_ties::table, rows)?;
    Ok(())
}

fn insert_profiles(db: &mut Db, batch: &[Somebody], counted: &[Counted], written: &ByAuthor) -> Result<(), DbError> {
    let row = |person: &Somebody| {
        let of = counted[at(person.id)];
        let [public, followers, friends, private] = written.get(&person.id).copied().unwrap_or_default();
        (
            social_profiles::user_id.eq(person.id),
            social_profiles::bio.eq(BIOS[at(person.id) % BIOS.len()]),
            social_profiles::locked.eq(Graph::is_locked(person.id)),
            social_profiles::followers_count.eq(of.followers),
            social_profiles::following_count.eq(of.following),
            social_profiles::friends_count.eq(of.friends),
            social_profiles::cuts_count.eq(of.cuts),
            social_profiles::public_posts.eq(public),
            social_profiles::followers_posts.eq(followers),
            social_profiles::friends_posts.eq(friends),
            social_profiles::private_posts.eq(private),
        )
    };
    let rows: Vec<_> = batch.iter().map(row).collect();
    insert_many!(db, social_profiles::table, rows)?;
    Ok(())
}
