//! The numbers of changes. Whoever takes one holds the person's profile until the transaction ends, so changes of a person's
//! notifications come one after the other and are numbered in the order of their commits.

use std::collections::BTreeMap;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::BigInt;
use poligon_core::db::{Db, Given, Instant, Json, Jsonb, Timestamp, dialect, given, kept};
use poligon_core::{on_each, statements};
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::people::ensure_profile;
use crate::reactions::push;
use crate::schema::social_profiles;

/// The number of the next change of a person's notifications.
pub(super) fn next(db: &mut Db, user_id: i64) -> Result<i64, Error> {
    if let Some(seq) = take(db, user_id)? {
        return Ok(seq);
    }
    ensure_profile(db, user_id)?;
    take(db, user_id)?.ok_or(Error::NotFound)
}

fn take(db: &mut Db, user_id: i64) -> Result<Option<i64>, Error> {
    let profile = social_profiles::table.find(user_id);
    let counted =
        diesel::update(profile).set(social_profiles::notification_seq.eq(social_profiles::notification_seq + 1));
    let returned = counted.returning(social_profiles::notification_seq);
    Ok(on_each!(db, c => kept(returned).get_result(c).optional())?)
}

/// How many changes of a person's notifications there are to be, as a row.
#[derive(Debug, Serialize)]
struct Times {
    user_id: i64,
    times: i64,
}

/// Takes as many numbers for each of these people; answers the one before the first. Whoever has no profile gets none.
pub(super) fn next_of_many(db: &mut Db, times: &BTreeMap<i64, i64>) -> Result<BTreeMap<i64, i64>, Error> {
    let rows: Vec<Times> = times.iter().map(|(user_id, times)| Times { user_id: *user_id, times: *times }).collect();
    let take = TakeMany {
        times: given(db, &[("user_id", "bigint"), ("times", "bigint")], &rows)?,
        lock: dialect::locking(db),
    };
    let taken: Vec<(i64, i64)> = on_each!(db, c => take.load(c))?;
    let before = |(user_id, last): (i64, i64)| (user_id, last - times.get(&user_id).copied().unwrap_or_default());
    Ok(taken.into_iter().map(before).collect())
}

/// Takes numbers for many people, whose profiles are locked in order of id.
struct TakeMany {
    times: Given,
    lock: &'static str,
}

impl<DB> QueryFragment<DB> for TakeMany
where
    DB: Backend,
    Given: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "UPDATE social_profiles SET notification_seq = notification_seq + more.times \
             FROM (SELECT given.* FROM ",);
        self.times.walk_ast(out.reborrow())?;
        push!(out; " INNER JOIN social_profiles AS held ON held.user_id = given.user_id ORDER BY held.user_id ", self.lock,
            ") AS more WHERE social_profiles.user_id = more.user_id RETURNING social_profiles.user_id, notification_seq",);
        Ok(())
    }
}

statements!(TakeMany: (BigInt, BigInt));

/// What happens to many notifications at once.
pub(super) enum Sweeping<'a> {
    /// Those up to this moment are read.
    Read(Timestamp),
    /// Those of one other person are gone, but for groups, which have others in them.
    Forget(i64),
    /// Those with these ids are gone.
    Bury(&'a [i64]),
}

/// Changes many notifications of a person, each with a number of its own; answers how many. One statement, however many
/// they are: nobody can be told anything meanwhile.
pub(super) fn change_many(db: &mut Db, user_id: i64, what: &Sweeping<'_>, now: Timestamp) -> Result<usize, Error> {
    const GONE: &str = "deleted_at = $1, read_at = coalesce(read_at, $2)";
    let last = next(db, user_id)?;
    let (changes, which, until) = match what {
        Sweeping::Read(until) => ("read_at = $1", "read_at IS NULL AND updated_at <= $2".to_owned(), *until),
        Sweeping::Forget(actor_id) => {
            (GONE, format!("actor_id = {actor_id} AND kind <> 'reaction' AND deleted_at IS NULL"), now)
        }
        Sweeping::Bury(ids) => (GONE, format!("id IN ({}) AND deleted_at IS NULL", listed(ids)), now),
    };
    let statement = format!(
        "UPDATE notifications SET {changes}, seq = numbered.seq FROM \
         (SELECT id, {last} + row_number() OVER (ORDER BY seq) AS seq FROM notifications \
          WHERE user_id = {user_id} AND {which}) AS numbered WHERE notifications.id = numbered.id"
    );
    let query = || diesel::sql_query(statement.as_str()).bind::<Instant, _>(now).bind::<Instant, _>(until);
    let changed = on_each!(db, c => query().execute(c))?;
    take_more(db, user_id, changed)?;
    Ok(changed)
}

/// Ids as they stand in the text of a statement.
pub(super) fn listed(ids: &[i64]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Takes the numbers behind the last one that a statement has given out.
fn take_more(db: &mut Db, user_id: i64, count: usize) -> Result<(), Error> {
    let taken = i64::try_from(count).unwrap_or(i64::MAX);
    let counted = social_profiles::notification_seq.eq(social_profiles::notification_seq + taken);
    diesel::update(social_profiles::table.find(user_id)).set(counted).execute(db)?;
    Ok(())
}

/// A group, and whom it names from now on.
pub(super) struct Named {
    pub(super) id: i64,
    pub(super) actor_id: i64,
    pub(super) payload: Value,
}

/// Names others in groups of a person, each with a number of its own; answers how many. One statement.
pub(super) fn name_others(db: &mut Db, user_id: i64, named: Vec<Named>) -> Result<usize, Error> {
    if named.is_empty() {
        return Ok(0);
    }
    let first = next(db, user_id)?;
    let mut rows = Vec::with_capacity(named.len());
    let mut payloads = Vec::with_capacity(named.len());
    for (seq, Named { id, actor_id, payload }) in (first..).zip(named) {
        rows.push(format!("({id}, {actor_id}, {seq}, ${})", rows.len() + 1));
        payloads.push(Json(payload));
    }
    let statement = format!(
        "UPDATE notifications SET actor_id = named.column2, seq = named.column3, payload = named.column4 \
         FROM (VALUES {}) AS named WHERE notifications.id = named.column1",
        rows.join(", ")
    );
    let changed = on_each!(db, c => {
        let mut query = diesel::sql_query(statement.as_str()).into_boxed();
        for payload in &payloads {
            query = query.bind::<Jsonb, _>(payload);
        }
        query.execute(c)
    })?;
    take_more(db, user_id, changed)?;
    Ok(changed)
}
