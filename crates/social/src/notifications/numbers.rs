//! The numbers of changes. Whoever takes one holds the person's profile until the transaction ends, so changes of a person's
//! notifications come one after the other and are numbered in the order of their commits.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Instant, Timestamp};
use poligon_core::on_each;

use crate::error::Error;
use crate::people::ensure_profile;
use crate::schema::social_profiles;

/// The number of the next change of a person's notifications.
pub(super) fn next(db: &mut Db, user_id: i64) -> Result<i64, Error> {
    ensure_profile(db, user_id)?;
    let profile = social_profiles::table.find(user_id);
    let counted =
        diesel::update(profile).set(social_profiles::notification_seq.eq(social_profiles::notification_seq + 1));
    let returned = counted.returning(social_profiles::notification_seq);
    Ok(on_each!(db, c => returned.get_result(c)).map_err(DbError::from)?)
}

/// What happens to many notifications at once.
pub(super) enum Sweeping {
    /// Those up to this moment are read.
    Read(Timestamp),
    /// Those of one other person are gone, but for groups, which have others in them.
    Forget(i64),
}

/// Changes many notifications of a person, each with a number of its own; answers how many. One statement, however many
/// they are: nobody can be told anything meanwhile.
pub(super) fn change_many(db: &mut Db, user_id: i64, what: &Sweeping, now: Timestamp) -> Result<usize, Error> {
    let last = next(db, user_id)?;
    let (changes, which, until) = match what {
        Sweeping::Read(until) => ("read_at = $1", "read_at IS NULL AND updated_at <= $2".to_owned(), *until),
        Sweeping::Forget(actor_id) => (
            "deleted_at = $1, read_at = coalesce(read_at, $2)",
            format!("actor_id = {actor_id} AND kind <> 'reaction' AND deleted_at IS NULL"),
            now,
        ),
    };
    let statement = format!(
        "UPDATE notifications SET {changes}, seq = numbered.seq FROM \
         (SELECT id, {last} + row_number() OVER (ORDER BY seq) AS seq FROM notifications \
          WHERE user_id = {user_id} AND {which}) AS numbered WHERE notifications.id = numbered.id"
    );
    let query = || diesel::sql_query(statement.as_str()).bind::<Instant, _>(now).bind::<Instant, _>(until);
    let changed = on_each!(db, c => query().execute(c))?;
    let taken = i64::try_from(changed).unwrap_or(i64::MAX);
    let counted = social_profiles::notification_seq.eq(social_profiles::notification_seq + taken);
    diesel::update(social_profiles::table.find(user_id)).set(counted).execute(db)?;
    Ok(changed)
}
