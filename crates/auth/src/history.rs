//! What the demo data would have told.

use diesel::dsl::max;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::events::{Event, Listener, retell};
use poligon_core::schema::users;
use serde_json::json;

use crate::events::REGISTERED;
use crate::schema::accounts;

/// Tells of every account that it was made.
pub(crate) fn tell(db: &mut Db, listener: &mut Listener<'_>) -> Result<(), DbError> {
    let last = accounts::table.select(max(accounts::user_id)).get_result(db)?;
    retell(db, listener, last, |db, (behind, to)| {
        let people = users::table.inner_join(accounts::table.on(accounts::user_id.eq(users::id)));
        let people = people.filter(users::id.gt(behind).and(users::id.le(to))).order(users::id);
        let people: Vec<(i64, Timestamp)> = people.select((users::id, users::created_at)).load(db)?;
        let made =
            |(id, at): (i64, Timestamp)| Event::past(REGISTERED, format!("user:{id}"), json!({"user_id": id}), at);
        Ok(people.into_iter().map(made).collect())
    })
}
