//! A reaction is given, replaced or taken back: on PostgreSQL in one statement, on SQLite, where a statement costs no
//! trip, step by step; on messages, whose conversation has a log, step by step on both.

use poligon_core::db::{Db, DbError, Timestamp, dialect};

use super::at_once::{self, Give, Take};
use super::kind::{Counts, Kind};
use super::object::Reactable;
use super::shown::hidden_counts;
use super::steps;
use crate::error::Error;
use crate::people;
use crate::visibility::Viewer;

/// What somebody wants to change about their reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// It shall be this.
    Give(Kind),
    /// There shall be none; or none of this kind, when one is named.
    Take(Option<Kind>),
}

/// An object and who reacts to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deed {
    pub(super) id: i64,
    pub(super) user_id: i64,
    pub(super) wish: Wish,
    pub(super) now: Timestamp,
}

/// What has become of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The counts of the object.
    pub(super) counts: Counts,
    /// Whether anybody is hidden from who reacts; see [`hidden_counts`].
    pub(super) hides: bool,
    /// The conversation whose log has something new.
    pub(super) chat_id: Option<i64>,
}

/// How often a statement is run again that met another one of the same person about the same object.
const MEETINGS: u32 = 16;

/// Does what is wished; the counts are those that the person sees.
pub(super) fn react<T: Reactable>(db: &mut Db, deed: &Deed) -> Result<Outcome, Error> {
    let done = if T::LOGGED { logged::<T>(db, deed) } else { plain::<T>(db, deed) };
    let mut outcome = match (done, deed.wish) {
        (Err(Error::NotFound), Wish::Take(only)) if !T::LOGGED => steps::withdraw::<T>(db, deed, only)?,
        (done, _) => done?,
    };
    if outcome.hides {
        let hidden = hidden_counts::<T>(db, &[deed.id], deed.user_id)?;
        outcome.counts = outcome.counts.without(hidden.get(&deed.id).copied().unwrap_or_default());
    }
    Ok(outcome)
}

fn logged<T: Reactable>(db: &mut Db, deed: &Deed) -> Result<Outcome, Error> {
    people::require_active(db, deed.user_id, deed.now)?;
    T::require(db, deed.id, Viewer::person(deed.user_id))?;
    steps::react::<T>(db, deed)
}

fn plain<T: Reactable>(db: &mut Db, deed: &Deed) -> Result<Outcome, Error> {
    if T::ADMITS {
        people::require_active(db, deed.user_id, deed.now)?;
        T::require(db, deed.id, Viewer::person(deed.user_id))?;
    }
    for _ in 0..MEETINGS {
        let rows: Option<Result<Vec<at_once::Row>, _>> = match deed.wish {
            Wish::Give(kind) => dialect::at_once(db, || Give::<T>::of(deed, kind)),
            Wish::Take(only) => dialect::at_once(db, || Take::<T>::of(deed, only)),
        };
        let Some(rows) = rows else { return steps::react::<T>(db, deed) };
        if let Some(outcome) = at_once::outcome(&rows?, deed)? {
            return Ok(outcome);
        }
    }
    Err(DbError::Busy.into())
}
