//! Where batches go: through the queues of a running service, or over a connection of the importer's own.

use std::sync::Arc;
use std::time::Duration;

use poligon_core::Ctx;
use poligon_core::db::{Db, DbError, dialect, transact};
use tokio::runtime::Handle;

use super::apply::{Outcome, apply, check};
use super::batch::Group;
use super::plan::Terms;
use crate::error::Error;
use crate::events::LISTS;

/// Tries of a batch that the database did not take.
const TRIES: u32 = 5;
/// The pause between two of them.
const PAUSE: Duration = Duration::from_millis(300);

/// Where batches go.
pub(super) enum Store<'a> {
    /// On the command line.
    Own(&'a mut Db),
    /// In a running service; on a thread that may block.
    Shared(Ctx, Handle),
}

/// Whether a batch may be taken a moment later; it is written as a whole or not at all, and may be written twice.
fn may_pass(error: &Error) -> bool {
    let Error::Db(error) = error else { return false };
    // Somebody made the product or the SKU meanwhile: the next look finds it.
    let made = error.is_unique_violation("products", "slug") || error.is_unique_violation("variants", "sku");
    made || error.is_transient()
}

impl Store<'_> {
    /// What would become of a batch.
    pub(super) fn check(&mut self, groups: Vec<Group>, terms: Terms) -> Result<Outcome, Error> {
        match self {
            Self::Own(db) => check(db, &groups, &terms),
            Self::Shared(ctx, runtime) => {
                let groups = Arc::new(groups);
                repeatedly(|| {
                    let groups = Arc::clone(&groups);
                    runtime.block_on(ctx.db.read_primary(move |db| check(db, &groups, &terms)))
                })
            }
        }
    }

    /// Writes what is good of a batch, in a transaction of its own.
    pub(super) fn apply(&mut self, groups: Vec<Group>, terms: Terms) -> Result<Outcome, Error> {
        match self {
            Self::Own(db) => repeatedly(|| transact(db, |db| apply(db, &groups, &terms))),
            Self::Shared(ctx, runtime) => {
                let groups = Arc::new(groups);
                let outcome = repeatedly(|| {
                    let groups = Arc::clone(&groups);
                    runtime.block_on(ctx.db.write(move |db| apply(db, &groups, &terms)))
                });
                ctx.near.forget(LISTS);
                outcome
            }
        }
    }

    /// Tells the database how much there is now, when that is much more or less than before.
    pub(super) fn analyze(&mut self) -> Result<(), Error> {
        let tables = ["products", "variants", "product_tags", "variant_options"];
        self.alone(|db| Ok(dialect::analyze(db, &tables).map_err(DbError::from)?))
    }

    /// Runs work on a connection that has no limits of time.
    pub(super) fn alone<T, E: From<DbError>>(&mut self, work: impl FnOnce(&mut Db) -> Result<T, E>) -> Result<T, E> {
        match self {
            Self::Own(db) => work(db),
            Self::Shared(ctx, _) => {
                let outcome = work(&mut ctx.db.connect()?);
                ctx.near.forget(LISTS);
                outcome
            }
        }
    }

    /// Whether the service is about to stop.
    pub(super) fn is_stopping(&self) -> bool {
        matches!(self, Self::Shared(ctx, _) if ctx.health.is_draining())
    }
}

fn repeatedly<T>(mut work: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..TRIES {
        match work() {
            Err(error) if may_pass(&error) => std::thread::sleep(PAUSE),
            outcome => return outcome,
        }
    }
    work()
}
