//! Different people who were active in spans of time that overlap, such as the seven days before each day: by one look at who was
//! there when, however many spans there are.
//!
//! The ends of all spans cut time into pieces. Somebody who was there in a piece is new to those spans that hold it and none of
//! the pieces in which they were there before: those that begin behind the last of these. So it is enough to count people by the piece
//! and the one in which they were there before that.

use std::collections::BTreeSet;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::BigInt;
use poligon_core::db::{Db, Given, given, given_as};
use poligon_core::{on_each, statements};

use super::people::{STRETCH, Stretch};
use crate::error::Error;
use crate::facts::{HOUR, Kind};
use crate::segments::Members;

/// People by the piece in which they were there, and by the one before that; -1 where there was none.
struct Presence {
    pieces: Given,
    edges: Option<Given>,
    acts: String,
    members: Option<Members>,
}

impl<DB> QueryFragment<DB> for Presence
where
    DB: Backend,
    Given: QueryFragment<DB>,
    Members: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "SELECT before, part, count(*) FROM (SELECT part, coalesce(lag(part) OVER \
             (PARTITION BY user_id ORDER BY part), -1) AS before FROM (SELECT DISTINCT part, user_id FROM ",
        );
        self.pieces.walk_ast(out.reborrow())?;
        out.push_sql(" CROSS JOIN analytics_active WHERE hour >= low AND hour < high");
        self.of_members(&mut out)?;
        if let Some(edges) = &self.edges {
            out.push_sql(" UNION SELECT part, user_id FROM ");
            edges.walk_ast(out.reborrow())?;
            out.push_sql(
                " CROSS JOIN analytics_facts WHERE at >= start AND at < finish AND user_id IS NOT NULL AND kind IN (",
            );
            out.push_sql(&self.acts);
            out.push_sql(")");
            self.of_members(&mut out)?;
        }
        out.push_sql(") AS there) AS seen GROUP BY before, part");
        Ok(())
    }
}

impl Presence {
    fn of_members<'b, DB>(&'b self, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        DB: Backend,
        Members: QueryFragment<DB>,
    {
        let Some(members) = &self.members else { return Ok(()) };
        out.push_sql(" AND user_id IN ");
        members.walk_ast(out.reborrow())
    }
}

statements!(Presence: (BigInt, BigInt, BigInt));

/// What of a piece is no whole hours.
fn edges(piece: &Stretch) -> impl Iterator<Item = Stretch> + use<> {
    let Stretch { part, start, finish, low, high } = *piece;
    let all =
        if low * HOUR > finish { [(start, finish), (0, 0)] } else { [(start, low * HOUR), (high * HOUR, finish)] };
    all.into_iter()
        .filter(|(start, finish)| start < finish)
        .map(move |(start, finish)| Stretch::new(part, start, finish))
}

/// How many different people were active in each span, by its number. No span begins or ends before one that stands before it.
pub(super) fn reach(db: &mut Db, spans: &[Stretch], members: Option<&Members>) -> Result<Vec<(i64, i64)>, Error> {
    let ends: BTreeSet<i64> = spans.iter().flat_map(|span| [span.start, span.finish]).collect();
    let ends: Vec<i64> = ends.into_iter().collect();
    let pieces: Vec<Stretch> = (0..)
        .zip(ends.windows(2))
        .filter_map(|(part, ends)| Some(Stretch::new(part, *ends.first()?, *ends.last()?)))
        .collect();
    let rest: Vec<Stretch> = pieces.iter().flat_map(edges).collect();
    let statement = Presence {
        pieces: given(db, &STRETCH, &pieces)?,
        edges: if rest.is_empty() { None } else { Some(given_as("edges", db, &STRETCH, &rest)?) },
        acts: Kind::acts(),
        members: members.cloned(),
    };
    let found: Vec<(i64, i64, i64)> = on_each!(db, c => statement.load(c))?;
    let place = |at: i64| i64::try_from(ends.partition_point(|end| *end < at)).unwrap_or(i64::MAX);
    let places: Vec<(i64, i64)> = spans.iter().map(|span| (place(span.start), place(span.finish))).collect();
    Ok(spans.iter().map(|span| span.part).zip(people(&places, &found)).collect())
}

/// How many people are in each span, which is from a piece until before another. Of people it is known in which piece how many of them
/// were there, and in which they were before that.
fn people(spans: &[(i64, i64)], found: &[(i64, i64, i64)]) -> Vec<i64> {
    let mut steps = vec![0_i64; spans.len() + 1];
    for (before, piece, people) in found {
        let first = spans.partition_point(|(start, finish)| start <= before || finish <= piece);
        let last = spans.partition_point(|(start, _)| start <= piece);
        if first < last {
            for (place, change) in [(first, *people), (last, -people)] {
                if let Some(step) = steps.get_mut(place) {
                    *step += change;
                }
            }
        }
    }
    let mut sum = 0;
    let add = |step: &i64| {
        sum += step;
        sum
    };
    steps.iter().take(spans.len()).map(add).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt as _, SeedableRng as _};

    use super::*;

    /// As who looks at every span by itself finds it.
    #[test]
    fn people_are_counted_once_in_each_span() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for case in 0..2_000 {
            let (mut start, mut finish) = (0_i64, 1_i64);
            let spans: Vec<(i64, i64)> = (0..rng.random_range(1..20))
                .map(|_| {
                    start += rng.random_range(0..4);
                    finish = (finish + rng.random_range(0..4)).max(start + 1);
                    (start, finish)
                })
                .collect();
            let some = rng.random_range(0..60);
            let there: BTreeSet<(i64, i64)> =
                (0..some).map(|_| (rng.random_range(0..6), rng.random_range(0..30))).collect();
            let mut last = BTreeMap::new();
            let found: Vec<(i64, i64, i64)> =
                there.iter().map(|(person, piece)| (last.insert(person, *piece).unwrap_or(-1), *piece, 1)).collect();
            let alone = |(start, finish): &(i64, i64)| {
                let within = there.iter().filter(|(_, piece)| start <= piece && piece < finish);
                i64::try_from(within.map(|(person, _)| person).collect::<BTreeSet<_>>().len()).unwrap()
            };
            let expected: Vec<i64> = spans.iter().map(alone).collect();
            assert_eq!(people(&spans, &found), expected, "case {case}: {spans:?} {there:?}");
        }
    }
}
