//! Files that nothing has: written before the row that names them, removed after it. So a crash leaves no row without its
//! file, and no file that nobody removes.
//!
//! Whoever stores files says so first with [`note`], stores them, and takes them with [`adopt`] in the transaction that
//! writes the row. Whoever removes the row notes them again. What stays behind is removed by a job when it is due.

use chrono::Duration;
use diesel::prelude::*;
use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt as _};

use crate::ctx::Ctx;
use crate::db::{Db, DbError, Json, Timestamp};
use crate::jobs::JobError;
use crate::on_each;
use crate::schema::stray_files;
use crate::storage::StorageError;

/// How long an upload may take from its first file to its row.
pub const UPLOAD: Duration = Duration::hours(1);

/// Strays that one step of the job removes.
const AT_ONCE: i64 = 100;
/// Strays whose files are removed at the same time.
const TOGETHER: usize = 8;

/// Files that one statement notes: SQLite takes 32,766 values for a statement, PostgreSQL 65,535.
const NOTED_AT_ONCE: usize = 1_000;

/// Notes that nothing has these files, which are known as `file` among themselves; they are removed when they are due.
pub fn note(db: &mut Db, file: &str, names: &[String], due: Timestamp) -> Result<(), DbError> {
    note_all(db, [(file, names.to_vec())], due)
}

/// Notes that nothing has any of these files: what [`note`] does, for many.
pub fn note_all<'a>(
    db: &mut Db,
    files: impl IntoIterator<Item = (&'a str, Vec<String>)>,
    due: Timestamp,
) -> Result<(), DbError> {
    let values = files.into_iter().map(|(file, names)| {
        (
            stray_files::file.eq(file),
            stray_files::names.eq(Json(serde_json::json!(names))),
            stray_files::due_at.eq(due),
            stray_files::doomed.eq(false),
        )
    });
    let values: Vec<_> = values.collect();
    for some in values.chunks(NOTED_AT_ONCE) {
        on_each!(db, c => diesel::insert_into(stray_files::table).values(some.to_vec()).execute(c))?;
    }
    Ok(())
}

/// Takes files for a row that names them; `false` when they are gone, or about to be.
pub fn adopt(db: &mut Db, file: &str) -> Result<bool, DbError> {
    let stray = stray_files::table.find(file).filter(stray_files::doomed.eq(false));
    Ok(diesel::delete(stray).execute(db)? == 1)
}

/// Nothing will take these files: they are removed as soon as may be.
pub fn give_up(db: &mut Db, file: &str, now: Timestamp) -> Result<(), DbError> {
    diesel::update(stray_files::table.find(file)).set(stray_files::due_at.eq(now)).execute(db)?;
    Ok(())
}

/// Removes files that nothing has. A run that is cut off is done again by the next. A file that cannot be removed holds up
/// no other; it is tried again, and told of.
pub(crate) async fn sweep(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    let (mut behind, mut failed) = (None, None);
    loop {
        let from = behind.clone();
        if !ctx.db.read_primary(move |db| is_any_due(db, from.as_ref(), now)).await? {
            break;
        }
        let from = behind.clone();
        let (last, doomed) = ctx.db.write(move |db| doom(db, from.as_ref(), now)).await?;
        if last.is_none() {
            break;
        }
        behind = last;
        let mut gone = Vec::new();
        let removals = doomed.into_iter().map(|(file, names)| remove(ctx.clone(), file, names));
        let mut removed = stream::iter(removals).buffer_unordered(TOGETHER);
        while let Some((file, outcome)) = removed.next().await {
            match outcome {
                Ok(()) => gone.push(file),
                Err(error) => failed = Some(error),
            }
        }
        // When nothing can be removed, that is no matter of single files.
        let stuck = gone.is_empty() && failed.is_some();
        ctx.db.write(move |db| forget(db, &gone)).await?;
        if stuck {
            break;
        }
    }
    failed.map_or(Ok(()), |error| Err(JobError(error.to_string())))
}

/// Removes the files of a stray; answers which it was, with what has become of them.
async fn remove(ctx: Ctx, file: String, names: Vec<String>) -> (String, Result<(), StorageError>) {
    let removed = names.iter().map(|name| ctx.storage.clear(name));
    let outcome = try_join_all(removed).await.map(drop);
    (file, outcome)
}

/// Where a stray stands in the order of removal.
type Place = (Timestamp, String);

/// What is due, or doomed already, behind a place.
fn due(db: &mut Db, behind: Option<&Place>, now: Timestamp, most: i64) -> Result<Vec<Place>, DbError> {
    let mut due = stray_files::table.filter(stray_files::due_at.le(now)).into_boxed();
    if let Some((at, file)) = behind {
        due = due.filter(stray_files::due_at.ge(*at));
        due = due.filter(stray_files::due_at.gt(*at).or(stray_files::file.gt(file)));
    }
    let due = due.order((stray_files::due_at, stray_files::file)).limit(most);
    Ok(due.select((stray_files::due_at, stray_files::file)).load(db)?)
}

fn is_any_due(db: &mut Db, behind: Option<&Place>, now: Timestamp) -> Result<bool, DbError> {
    Ok(!due(db, behind, now, 1)?.is_empty())
}

/// A file as a stray is known, with the names of what is stored of it.
type Doomed = (String, Vec<String>);

/// From now on nothing gets these files. Answers the place of the last one that was looked at, and what is doomed.
fn doom(db: &mut Db, behind: Option<&Place>, now: Timestamp) -> Result<(Option<Place>, Vec<Doomed>), DbError> {
    let places = due(db, behind, now, AT_ONCE)?;
    let files: Vec<&str> = places.iter().map(|(_, file)| file.as_str()).collect();
    let strays = stray_files::table.filter(stray_files::file.eq_any(&files));
    diesel::update(strays).set(stray_files::doomed.eq(true)).execute(db)?;
    // An upload may have taken one since it was looked up: what is left is doomed.
    let left = stray_files::table.filter(stray_files::file.eq_any(&files)).filter(stray_files::doomed.eq(true));
    let left = left.order(stray_files::file).select((stray_files::file, stray_files::names));
    let left: Vec<(String, Json<Vec<String>>)> = left.load(db)?;
    let doomed = left.into_iter().map(|(file, names)| (file, names.0)).collect();
    Ok((places.last().cloned(), doomed))
}

fn forget(db: &mut Db, files: &[String]) -> Result<(), DbError> {
    diesel::delete(stray_files::table.filter(stray_files::file.eq_any(files))).execute(db)?;
    Ok(())
}
