//! Counting all facts anew.

use diesel::prelude::*;
use poligon_core::db::{Db, dialect};
use poligon_core::on_each;

use super::kind::Kind;
use super::record::HOUR;
use crate::error::Error;

/// Counts every fact anew, in place of what was counted as they came. Whoever writes facts meanwhile waits.
pub fn rebuild(db: &mut Db) -> Result<(), Error> {
    dialect::hold_table(db, "analytics_hours")?;
    let hours = format!(
        "INSERT INTO analytics_hours (kind, hour, first, second, facts, amount) \
         SELECT kind, at / {HOUR}, first, second, count(*), CAST(sum(amount) AS bigint) FROM analytics_facts \
         GROUP BY kind, at / {HOUR}, first, second"
    );
    let active = format!(
        "INSERT INTO analytics_active (hour, user_id) SELECT DISTINCT at / {HOUR}, user_id FROM analytics_facts \
         WHERE user_id IS NOT NULL AND kind IN ({})",
        Kind::acts()
    );
    let emptied = ["DELETE FROM analytics_hours".to_owned(), "DELETE FROM analytics_active".to_owned()];
    for statement in emptied.into_iter().chain([hours, active]) {
        on_each!(db, c => diesel::sql_query(statement).execute(c))?;
    }
    Ok(())
}
