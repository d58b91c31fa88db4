//! Counting facts anew.

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use poligon_core::db::{Db, dialect, transact};
use poligon_core::on_each;

use super::keep::kept_since;
use super::kind::Kind;
use super::record::HOUR;
use crate::error::Error;

/// Milliseconds of a day of UTC.
const DAY: i64 = 24 * HOUR;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Nullable<BigInt>)]
    day: Option<i64>,
}

/// Counts every fact anew, in place of what was counted as they came, from the first day of which all facts are kept; what was
/// counted before that stays. It is done day by day, a transaction each, so that whoever writes facts meanwhile waits for one day only.
pub fn rebuild(db: &mut Db) -> Result<(), Error> {
    let Some((first, last)) = days(db)? else { return Ok(()) };
    for day in first..=last {
        transact(db, |db| rebuild_day(db, day))?;
    }
    transact(db, add_people)
}

/// The same within the transaction that is open, if one is.
pub(super) fn count_all(db: &mut Db) -> Result<(), Error> {
    let Some((first, last)) = days(db)? else { return Ok(()) };
    for day in first..=last {
        rebuild_day(db, day)?;
    }
    add_people(db)
}

fn add_people(db: &mut Db) -> Result<(), Error> {
    let people = "INSERT INTO analytics_people (user_id) SELECT DISTINCT user_id FROM analytics_active \
        WHERE user_id NOT IN (SELECT user_id FROM analytics_people) ORDER BY user_id ON CONFLICT (user_id) DO NOTHING";
    on_each!(db, c => diesel::sql_query(people).execute(c))?;
    Ok(())
}

fn kinds() -> String {
    Kind::ALL.map(|kind| format!("'{}'", kind.name())).join(", ")
}

/// The first and the last day of which there is anything, of those whose facts are all kept.
fn days(db: &mut Db) -> Result<Option<(i64, i64)>, Error> {
    let since = kept_since(db)?;
    let mut ends = Vec::new();
    for end in ["min", "max"] {
        let mut places: Vec<String> = Kind::ALL
            .iter()
            .map(|kind| {
                format!(
                    "SELECT {end}(at) / {DAY} FROM analytics_facts WHERE kind = '{}' AND at >= {since}",
                    kind.name()
                )
            })
            .collect();
        places.push(format!("SELECT {end}(hour) / 24 FROM analytics_hours WHERE hour >= {}", since / HOUR));
        places.push(format!("SELECT {end}(hour) / 24 FROM analytics_active WHERE hour >= {}", since / HOUR));
        places.push(format!("SELECT {end}(day) FROM analytics_days WHERE day >= {}", since / DAY));
        for place in places {
            let statement = format!("SELECT ({place}) AS day");
            let found: Found = on_each!(db, c => diesel::sql_query(statement).get_result(c))?;
            ends.extend(found.day);
        }
    }
    Ok(ends.iter().min().copied().zip(ends.iter().max().copied()))
}

/// Counts one day anew.
fn rebuild_day(db: &mut Db, day: i64) -> Result<(), Error> {
    dialect::hold_table(db, "analytics_hours")?;
    if day < kept_since(db)? / DAY {
        return Ok(()); // its facts have begun to go in the meantime
    }
    let of_day = format!("at >= {} AND at < {}", day * DAY, (day + 1) * DAY);
    let of_hours = format!("hour >= {} AND hour < {}", day * 24, (day + 1) * 24);
    let kinds = kinds();
    let hours = format!(
        "INSERT INTO analytics_hours (kind, hour, first, second, facts, amount) \
         SELECT kind, at / {HOUR}, first, second, count(*), CAST(sum(amount) AS bigint) FROM analytics_facts \
         WHERE kind IN ({kinds}) AND {of_day} GROUP BY kind, at / {HOUR}, first, second"
    );
    let active = format!(
        "INSERT INTO analytics_active (hour, user_id) SELECT DISTINCT at / {HOUR}, user_id FROM analytics_facts \
         WHERE {of_day} AND user_id IS NOT NULL AND kind IN ({})",
        Kind::acts()
    );
    let days = format!(
        "INSERT INTO analytics_days (kind, day, first, second, facts, amount) \
         SELECT kind, {day}, first, second, CAST(sum(facts) AS bigint), CAST(sum(amount) AS bigint) \
         FROM analytics_hours WHERE kind IN ({kinds}) AND {of_hours} GROUP BY kind, first, second"
    );
    let emptied = [
        format!("DELETE FROM analytics_hours WHERE kind IN ({kinds}) AND {of_hours}"),
        format!("DELETE FROM analytics_active WHERE {of_hours}"),
        format!("DELETE FROM analytics_days WHERE kind IN ({kinds}) AND day = {day}"),
    ];
    for statement in emptied.into_iter().chain([hours, active, days]) {
        on_each!(db, c => diesel::sql_query(statement).execute(c))?;
    }
    Ok(())
}
