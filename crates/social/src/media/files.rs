//! The files of pictures: written after the row that names them, and removed before it.

use std::time::Duration;

use chrono::Duration as Span;
use futures_util::StreamExt as _;
use futures_util::future::try_join_all;
use futures_util::stream;
use poligon_common::Problem;
use poligon_common::pictures::{Picture, Size};
use poligon_core::jobs::{Job, JobError};
use poligon_core::storage::StorageError;
use poligon_core::{Ctx, random};

use super::model::{self, NewMedia};

/// How long an upload may take from its row to its last file.
pub(super) const UPLOAD: Span = Span::hours(1);
/// How long a picture may stand in nothing.
pub(super) const LOOSE: Span = Span::days(1);

/// Pictures whose files are removed at the same time.
const AT_ONCE: usize = 8;

/// The name of a file in the storage: ours, whatever the client called it.
pub(super) fn name_of(file: &str, size: Size) -> String {
    format!("media/{}/{file}-{}", file.get(..2).unwrap_or_default(), size.name())
}

/// Writes the row of a picture and stores its files; answers its id. It is nobody's to use until [`model::finish`].
pub(super) async fn store(ctx: &Ctx, owner_id: i64, alt: String, picture: Picture) -> Result<i64, Problem> {
    let (file, now) = (random::id().map_err(|e| Problem::internal(&e))?, ctx.clock.now());
    let media_type = if picture.is_png { "image/png" } else { "image/jpeg" };
    let (width, height) = (i64::from(picture.width), i64::from(picture.height));
    let new = NewMedia { owner_id, file: file.clone(), media_type, width, height, alt };
    let id = ctx.db.write(move |db| model::create(db, &new, now)).await?;
    let puts = Size::ALL.into_iter().zip(picture.files).map(|(size, bytes)| {
        let name = name_of(&file, size);
        async move { ctx.storage.put(&name, bytes).await }
    });
    if let Err(error) = try_join_all(puts).await {
        // Should this fail, too, the job finds the row an hour later.
        ctx.db.write(move |db| model::doom_upload(db, id)).await?;
        return Err(error.into());
    }
    Ok(id)
}

/// The jobs of this slice.
pub(crate) fn jobs() -> Vec<Job> {
    vec![Job::periodic("social.sweep_media", Duration::from_mins(1), sweep)]
}

/// Removes pictures that stand in nothing for too long, and what is left of uploads that have ended between row and
/// file. A run that is cut off is done again by the next. A file that cannot be removed holds up no other; it is tried
/// again, and told of.
async fn sweep(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    let (mut behind, mut failed) = (0, None);
    while ctx.db.read_primary(move |db| model::is_any_due(db, behind, now)).await? {
        let doomed = ctx.db.write(move |db| model::doom(db, behind, now)).await?;
        let Some((last, _)) = doomed.last() else { break };
        behind = *last;
        let mut gone = Vec::new();
        let mut removed =
            stream::iter(doomed).map(|(id, file)| remove(ctx.clone(), id, file)).buffer_unordered(AT_ONCE);
        while let Some((id, outcome)) = removed.next().await {
            match outcome {
                Ok(()) => gone.push(id),
                Err(error) => failed = Some(error),
            }
        }
        // When nothing can be removed, that is no matter of single files.
        let stuck = gone.is_empty();
        ctx.db.write(move |db| model::forget(db, &gone)).await?;
        if stuck {
            break;
        }
    }
    failed.map_or(Ok(()), |error| Err(JobError(error.to_string())))
}

/// Removes the files of a picture; answers its id with what has become of them.
async fn remove(ctx: Ctx, id: i64, file: String) -> (i64, Result<(), StorageError>) {
    let removed = Size::ALL.map(|size| {
        let (name, storage) = (name_of(&file, size), &ctx.storage);
        async move { storage.delete(&name).await }
    });
    (id, try_join_all(removed).await.map(drop))
}
