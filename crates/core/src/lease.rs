//! Leases: what only one copy of the gateway may do at a time. A holder that dies loses its lease when it runs out.

use chrono::Duration;
use diesel::prelude::*;

use crate::db::{Db, DbError, Timestamp};
use crate::on_each;
use crate::schema::leases;

/// Takes or renews the lease `name` for `holder`; `false` when another holds it.
pub fn take(db: &mut Db, name: &str, holder: &str, now: Timestamp, time: Duration) -> Result<bool, DbError> {
    let until = now + time;
    let renewed = diesel::update(leases::table.find(name))
        .filter(leases::holder.eq(holder).or(leases::held_until.lt(now)))
        .set((leases::holder.eq(holder), leases::held_until.eq(until)))
        .execute(db)?;
    if renewed == 1 {
        return Ok(true);
    }
    let values = (leases::name.eq(name), leases::holder.eq(holder), leases::held_until.eq(until));
    let inserted =
        on_each!(db, c => diesel::insert_into(leases::table).values(values).on_conflict_do_nothing().execute(c))?;
    Ok(inserted == 1)
}

/// Gives the lease back before its time.
pub fn release(db: &mut Db, name: &str, holder: &str) -> Result<(), DbError> {
    diesel::delete(leases::table.find(name).filter(leases::holder.eq(holder))).execute(db)?;
    Ok(())
}
