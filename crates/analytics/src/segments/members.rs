//! Who is in a segment, as a part of statements. Each person is looked for by an index, and no longer than it takes to know.

use chrono::NaiveDate;
use chrono_tz::Tz;
use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Text};
use poligon_common::calendar::{beginning, days_before};
use poligon_core::db::{Db, Given, words};
use poligon_core::{on_each, statements};

use super::model::{Condition, Segment};
use crate::error::Error;

/// The people of a segment, as those whose ids a sub-select finds.
#[derive(Debug, Clone)]
pub(crate) struct Members(Vec<Bound>);

/// A condition, between two instants.
#[derive(Debug, Clone)]
struct Bound {
    kind: &'static str,
    between: (i64, i64),
    values: Option<Given>,
    /// How often at least, and at most.
    times: (i64, i64),
    /// How many times tell enough.
    enough: i64,
}

impl Members {
    /// Those of a segment, as of the end of a day of a zone.
    pub(crate) fn new(db: &Db, segment: &Segment, last: NaiveDate, zone: Tz) -> Result<Self, Error> {
        let end = last.succ_opt().map_or(i64::MAX, |next| beginning(next, zone));
        let bound = |condition: &Condition| {
            let days = condition.within_days.and_then(|days| u64::try_from(days - 1).ok());
            let start = days.map_or(0, |days| beginning(days_before(last, days), zone));
            let (least, most) = (condition.at_least, condition.at_most.unwrap_or(i64::MAX));
            Ok(Bound {
                kind: condition.kind.name(),
                between: (start, end),
                values: condition.values.as_deref().map(|values| words(db, values)).transpose()?,
                times: (least, most),
                enough: condition.at_most.map_or(least, |most| most + 1),
            })
        };
        Ok(Self(segment.0.iter().map(bound).collect::<Result<_, Error>>()?))
    }
}

impl<DB> QueryFragment<DB> for Members
where
    DB: Backend + HasSqlType<Text> + HasSqlType<BigInt>,
    Given: QueryFragment<DB>,
    str: ToSql<Text, DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(SELECT members.user_id FROM analytics_people AS members");
        for (number, bound) in self.0.iter().enumerate() {
            out.push_sql(if number == 0 { " WHERE " } else { " AND " });
            out.push_sql("(SELECT count(*) FROM (SELECT 1 AS once FROM analytics_facts AS did WHERE did.kind = ");
            out.push_bind_param::<Text, str>(bound.kind)?;
            out.push_sql(" AND did.user_id = members.user_id AND did.at >= ");
            out.push_bind_param::<BigInt, i64>(&bound.between.0)?;
            out.push_sql(" AND did.at < ");
            out.push_bind_param::<BigInt, i64>(&bound.between.1)?;
            if let Some(values) = &bound.values {
                out.push_sql(" AND did.first IN (SELECT word FROM ");
                values.walk_ast(out.reborrow())?;
                out.push_sql(")");
            }
            out.push_sql(" LIMIT ");
            out.push_bind_param::<BigInt, i64>(&bound.enough)?;
            out.push_sql(") AS times) BETWEEN ");
            out.push_bind_param::<BigInt, i64>(&bound.times.0)?;
            out.push_sql(" AND ");
            out.push_bind_param::<BigInt, i64>(&bound.times.1)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

/// How many they are.
struct Size(Members);

impl<DB> QueryFragment<DB> for Size
where
    DB: Backend,
    Members: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM ");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" AS people");
        Ok(())
    }
}

statements!(Size: BigInt);

/// How many people are in a segment, as of the end of a day.
pub(super) fn count(db: &mut Db, segment: &Segment, last: NaiveDate, zone: Tz) -> Result<i64, Error> {
    let size = Size(Members::new(db, segment, last, zone)?);
    Ok(on_each!(db, c => size.get_result(c))?)
}
