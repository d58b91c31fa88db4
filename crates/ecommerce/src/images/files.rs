//! The files of pictures: written before the row that names them, removed after it.

use std::time::Duration;

use chrono::Duration as Span;
use diesel::prelude::*;
use futures_util::future::try_join_all;
use poligon_common::Problem;
use poligon_common::pictures::{Picture, Size};
use poligon_core::Ctx;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::jobs::{Job, JobError};
use poligon_core::random;
use poligon_core::storage::StorageError;

use crate::error::Error;
use crate::schema::stray_files;

/// How long an upload may take from its first file to its row.
const UPLOAD: Span = Span::hours(1);
/// Pictures whose files one run of the job removes.
const AT_ONCE: i64 = 100;

/// The name of a file in the storage: ours, whatever the client called it.
pub(super) fn name_of(file: &str, size: Size) -> String {
    format!("images/{}/{file}-{}", file.get(..2).unwrap_or_default(), size.name())
}

/// A picture whose files are stored.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) file: String,
    pub(super) media_type: &'static str,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// Stores the files of a picture under a name that nobody has. They are strays until [`adopt`] takes them.
pub(super) async fn store(ctx: &Ctx, picture: Picture) -> Result<Stored, Problem> {
    let file = random::id().map_err(|e| Problem::internal(&e))?;
    let (stray, due) = (file.clone(), ctx.clock.now() + UPLOAD);
    ctx.db.write(move |db| insert_stray(db, &stray, due)).await?;
    let files = Size::ALL.into_iter().zip(picture.files);
    let puts = files.map(|(size, bytes)| {
        let name = name_of(&file, size);
        async move { ctx.storage.put(&name, bytes).await }
    });
    try_join_all(puts).await?;
    let media_type = if picture.is_png { "image/png" } else { "image/jpeg" };
    let (width, height) = (i64::from(picture.width), i64::from(picture.height));
    Ok(Stored { file, media_type, width, height })
}

/// Notes that no picture has this file; it is removed when it is due.
pub(super) fn insert_stray(db: &mut Db, file: &str, due: Timestamp) -> Result<(), DbError> {
    let values = (stray_files::file.eq(file), stray_files::due_at.eq(due), stray_files::doomed.eq(false));
    diesel::insert_into(stray_files::table).values(values).execute(db)?;
    Ok(())
}

/// Takes a file for a picture, unless it is about to be removed.
pub(super) fn adopt(db: &mut Db, file: &str) -> Result<(), Error> {
    let stray = stray_files::table.find(file).filter(stray_files::doomed.eq(false));
    if diesel::delete(stray).execute(db)? == 1 { Ok(()) } else { Err(Error::UploadLapsed) }
}

/// The jobs of this slice.
pub(crate) fn jobs() -> Vec<Job> {
    vec![Job::periodic("ecommerce.sweep_images", Duration::from_mins(1), sweep)]
}

/// Removes files that no picture has. A run that is cut off is done again by the next.
async fn sweep(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    let is_any = ctx.db.read_primary(move |db| Ok::<_, DbError>(!due(db, now)?.is_empty())).await?;
    if !is_any {
        return Ok(());
    }
    let doomed = ctx.db.write(move |db| doom(db, now)).await?;
    for file in &doomed {
        let removed = Size::ALL.map(|size| {
            let name = name_of(file, size);
            let ctx = &ctx;
            async move { ctx.storage.delete(&name).await }
        });
        try_join_all(removed).await.map_err(|e: StorageError| JobError(e.to_string()))?;
    }
    Ok(ctx.db.write(move |db| forget(db, &doomed)).await?)
}

fn due(db: &mut Db, now: Timestamp) -> Result<Vec<String>, DbError> {
    let due = stray_files::table.filter(stray_files::due_at.le(now)).order(stray_files::due_at).limit(AT_ONCE);
    Ok(due.select(stray_files::file).load(db)?)
}

/// From now on no picture gets these files.
fn doom(db: &mut Db, now: Timestamp) -> Result<Vec<String>, DbError> {
    let files = due(db, now)?;
    let strays = stray_files::table.filter(stray_files::file.eq_any(&files));
    diesel::update(strays).set(stray_files::doomed.eq(true)).execute(db)?;
    // An upload may have taken one since it was looked up: what is left is doomed.
    let left = stray_files::table.filter(stray_files::file.eq_any(&files)).filter(stray_files::doomed.eq(true));
    Ok(left.select(stray_files::file).load(db)?)
}

fn forget(db: &mut Db, files: &[String]) -> Result<(), DbError> {
    diesel::delete(stray_files::table.filter(stray_files::file.eq_any(files))).execute(db)?;
    Ok(())
}
