//! The order of cards in a column: each has a rank, and between two there is room for more. When there is none, the ranks of the
//! whole column are written anew. Everything here holds the board's row, so nobody else moves a card meanwhile.

use diesel::prelude::*;
use poligon_common::FieldError;
use poligon_core::db::Db;

use crate::error::Error;
use crate::schema::cards;

/// The rank of the first card of a column.
const MIDDLE: i64 = 1 << 61;
/// How far a card is put from the first or the last: 32 fit between two at the worst, 2^29 behind the last.
const STEP: i64 = 1 << 32;
/// Ranks are below this, and above 0: less than 0 are those on their way.
const END: i64 = 1 << 62;

/// The rank of the card at a place, from 0, of a column whose ranks were just written.
pub(crate) fn nth(place: usize) -> i64 {
    i64::try_from(place).map_or(MIDDLE, |place| MIDDLE + place * STEP)
}

/// Where a card shall come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    /// Below all others.
    Bottom,
    /// Just above this card.
    Before(i64),
    /// Just below this card.
    After(i64),
}

/// A place: the rank, and the card above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) rank: i64,
    pub(super) after_id: Option<i64>,
}

/// A card that stands next to the place: its id and rank.
type Neighbour = Option<(i64, i64)>;

/// The rank between two; none when there is no room.
fn between(above: Option<i64>, below: Option<i64>) -> Option<i64> {
    match (above, below) {
        (None, None) => Some(MIDDLE),
        (Some(above), None) => Some(above + STEP).filter(|rank| *rank < END),
        (None, Some(below)) => Some(below - STEP).filter(|rank| *rank > 0),
        (Some(above), Some(below)) => Some(above + (below - above) / 2).filter(|rank| *rank > above),
    }
}

/// The card next to `rank` in a column, above or below it, but for `moving`.
fn next_to(db: &mut Db, column_id: i64, rank: i64, above: bool, moving: Option<i64>) -> Result<Neighbour, Error> {
    let others = cards::table.filter(cards::column_id.eq(column_id)).filter(cards::id.ne(moving.unwrap_or(0)));
    let others = others.select((cards::id, cards::rank.assume_not_null())).into_boxed();
    let next = if above {
        others.filter(cards::rank.lt(rank)).order(cards::rank.desc())
    } else {
        others.filter(cards::rank.gt(rank)).order(cards::rank.asc())
    };
    Ok(next.first(db).optional()?)
}

/// The rank of a card that stands in the column, and is not `moving` itself.
fn anchor(db: &mut Db, column_id: i64, id: i64, moving: Option<i64>, field: &str) -> Result<i64, Error> {
    let there = cards::table.find(id).filter(cards::column_id.eq(column_id)).filter(cards::rank.is_not_null());
    let rank: Option<i64> = there.select(cards::rank.assume_not_null()).first(db).optional()?;
    match rank.filter(|_| moving != Some(id)) {
        Some(rank) => Ok(rank),
        None => Err(Error::Fields(vec![FieldError::new(field, "not_in_column", "is no other card of this column")])),
    }
}

/// The cards above and below a place.
fn neighbours(db: &mut Db, column_id: i64, spot: Spot, moving: Option<i64>) -> Result<(Neighbour, Neighbour), Error> {
    match spot {
        Spot::Bottom => Ok((next_to(db, column_id, END, true, moving)?, None)),
        Spot::Before(id) => {
            let rank = anchor(db, column_id, id, moving, "/before_id")?;
            Ok((next_to(db, column_id, rank, true, moving)?, Some((id, rank))))
        }
        Spot::After(id) => {
            let rank = anchor(db, column_id, id, moving, "/after_id")?;
            Ok((Some((id, rank)), next_to(db, column_id, rank, false, moving)?))
        }
    }
}

/// Finds a free place for a card; one that is `moving` may stand in the column already.
pub(super) fn find(db: &mut Db, column_id: i64, spot: Spot, moving: Option<i64>) -> Result<Place, Error> {
    let (above, below) = neighbours(db, column_id, spot, moving)?;
    let rank = |above: Neighbour, below: Neighbour| between(above.map(|card| card.1), below.map(|card| card.1));
    let after_id = above.map(|card| card.0);
    if let Some(rank) = rank(above, below) {
        return Ok(Place { rank, after_id });
    }
    spread(db, column_id)?;
    let (above, below) = neighbours(db, column_id, spot, moving)?;
    let rank = rank(above, below).ok_or(Error::ColumnFull)?; // there is room for 2^29 cards
    Ok(Place { rank, after_id })
}

/// The card above a card of this column.
pub(super) fn above(db: &mut Db, column_id: i64, rank: i64) -> Result<Option<i64>, Error> {
    Ok(next_to(db, column_id, rank, true, None)?.map(|card| card.0))
}

/// Writes the ranks of a column anew, a step from each to the next around the middle. Two statements, as no two cards may have
/// one rank in between: all get their new ranks below 0 first.
fn spread(db: &mut Db, column_id: i64) -> Result<(), Error> {
    let away = format!(
        "UPDATE cards SET rank = -places.rank FROM (SELECT id, {MIDDLE} + (row_number() OVER (ORDER BY rank) \
         - count(*) OVER () / 2) * {STEP} AS rank FROM cards WHERE column_id = {column_id} AND rank IS NOT NULL) AS places \
         WHERE cards.id = places.id"
    );
    let back = format!("UPDATE cards SET rank = -rank WHERE column_id = {column_id} AND rank < 0");
    for statement in [away, back] {
        diesel::sql_query(statement).execute(db)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{END, MIDDLE, STEP, between};

    #[test]
    fn a_rank_is_between_its_neighbours_or_there_is_none() {
        for (above, below, expected) in [
            (None, None, Some(MIDDLE)),
            (Some(MIDDLE), None, Some(MIDDLE + STEP)),
            (None, Some(MIDDLE), Some(MIDDLE - STEP)),
            (Some(END - STEP), None, None),
            (None, Some(STEP), None),
            (Some(7), Some(8), None),
            (Some(7), Some(9), Some(8)),
            (Some(MIDDLE), Some(MIDDLE + STEP), Some(MIDDLE + STEP / 2)),
        ] {
            assert_eq!(between(above, below), expected, "{above:?} {below:?}");
        }
    }

    #[test]
    fn thirty_two_cards_fit_between_two() {
        let mut below = MIDDLE + STEP;
        let fit = std::iter::from_fn(|| between(Some(MIDDLE), Some(below)).inspect(|rank| below = *rank)).count();
        assert_eq!(fit, 32);
    }
}
