//! A whole file: all of it or nothing, or all that is good.

use std::io::{Read, Seek, SeekFrom};

use poligon_common::Problem;
use poligon_core::db::{Db, DbError, FromDb, Timestamp, transact};

use super::apply::{Outcome, apply};
use super::batch::Batches;
use super::plan::Terms;
use super::rows::{Report, Unreadable};
use super::store::Store;
use crate::error::Error;

/// What happens when rows are bad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportMode)]
pub enum Mode {
    /// Nothing is changed.
    #[default]
    AllOrNothing,
    /// They are left out.
    SkipBad,
}

/// Called in the transaction that ends an import.
pub(super) type Finish<'a> = &'a dyn Fn(&mut Db, &Report) -> Result<(), ImportFailure>;

/// Told how far an import is: rows, and whether they are checked (`false`) or written.
pub type Progress<'a> = &'a dyn Fn(u64, bool);

/// Why an import did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// Rows are bad, and nothing was changed.
    #[error("{} errors in {} rows; nothing was changed", .0.errors_total, .0.rows)]
    Bad(Report),
    /// The service is about to stop; what was written stays.
    #[error("the service stops; {} rows are done", .0.created + .0.updated)]
    Stopped(Report),
    /// The request's key has got its answer meanwhile, by the same request at another copy of the service.
    #[error("the same request has ended elsewhere meanwhile")]
    Taken,
    /// The file could not be read again.
    #[error("the file cannot be read: {0}")]
    File(#[from] std::io::Error),
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<DbError> for ImportFailure {
    fn from(error: DbError) -> Self {
        Self::Other(error.into())
    }
}

impl FromDb for ImportFailure {
    fn db(&self) -> Option<&DbError> {
        match self {
            Self::Other(error) => error.db(),
            _ => None,
        }
    }
}

/// Imports a file over a connection of the caller's own. Blocks.
pub fn import_from(
    db: &mut Db,
    source: &mut (impl Read + Seek),
    mode: Mode,
    now: Timestamp,
    progress: Progress<'_>,
) -> Result<Report, ImportFailure> {
    let terms = Terms { actor: None, may_change_stock: true, now };
    import(&mut Store::Own(db), source, mode, terms, (&|_, _| Ok(()), progress))
}

/// Rows from which on an import changes how much there is.
const MANY: u64 = 1_000;

/// Imports a file. Blocks.
pub(super) fn import(
    store: &mut Store<'_>,
    source: &mut (impl Read + Seek),
    mode: Mode,
    terms: Terms,
    told: (Finish<'_>, Progress<'_>),
) -> Result<Report, ImportFailure> {
    let report = whole(store, source, mode, terms, told)?;
    if report.created >= MANY
        && let Err(error) = store.analyze()
    {
        tracing::warn!(%error, "the tables were not analysed after an import; the database does so by itself");
    }
    Ok(report)
}

fn whole(
    store: &mut Store<'_>,
    source: &mut (impl Read + Seek),
    mode: Mode,
    terms: Terms,
    (finish, progress): (Finish<'_>, Progress<'_>),
) -> Result<Report, ImportFailure> {
    if mode == Mode::SkipBad {
        let report = each(store, source, true, |store, groups| store.apply(groups, terms), progress)?;
        store.alone(|db| transact(db, |db| finish(db, &report)))?;
        return Ok(report);
    }
    let checked = each(store, source, false, |store, groups| store.check(groups, terms), progress)?;
    if checked.errors_total > 0 {
        return Err(ImportFailure::Bad(checked));
    }
    store.alone(|db| {
        // What has come between the look and the writing is found by the writing.
        let whole = |db: &mut Db| match each(db, source, true, |db, groups| apply(db, &groups, &terms), progress)? {
            bad if bad.errors_total > 0 => Err(ImportFailure::Bad(bad)),
            report => {
                finish(db, &report)?;
                Ok(report)
            }
        };
        transact(db, whole)
    })
}

/// What may have to stop before the end of a file.
trait Target {
    fn is_stopping(&self) -> bool;
}

impl Target for Store<'_> {
    fn is_stopping(&self) -> bool {
        Store::is_stopping(self)
    }
}

impl Target for Db {
    fn is_stopping(&self) -> bool {
        false
    }
}

/// Gives every batch of a file to `take`, from the beginning.
fn each<T: Target>(
    target: &mut T,
    source: &mut (impl Read + Seek),
    writes: bool,
    mut take: impl FnMut(&mut T, Vec<super::batch::Group>) -> Result<Outcome, Error>,
    progress: Progress<'_>,
) -> Result<Report, ImportFailure> {
    source.seek(SeekFrom::Start(0))?;
    let mut report = Report::default();
    let mut batches = match Batches::new(source) {
        Ok(batches) => batches,
        Err(Unreadable(error)) => {
            report.add(error);
            return Err(ImportFailure::Bad(report));
        }
    };
    loop {
        if target.is_stopping() {
            return Err(ImportFailure::Stopped(report));
        }
        match batches.next(&mut report) {
            Ok(None) => return Ok(report),
            Ok(Some(groups)) => {
                if !groups.is_empty() {
                    report.take(take(target, groups)?);
                }
                progress(report.rows, writes);
            }
            Err(Unreadable(error)) => {
                report.add(error);
                return Ok(report);
            }
        }
    }
}

impl Report {
    fn take(&mut self, outcome: Outcome) {
        self.created += outcome.created;
        self.updated += outcome.updated;
        self.skipped += outcome.skipped;
        for error in outcome.errors {
            self.add(error);
        }
    }
}

impl From<ImportFailure> for Problem {
    fn from(failure: ImportFailure) -> Self {
        super::http::problem_of(failure)
    }
}
