//! The files of pictures: written before the row that names them, removed after it.

use futures_util::future::try_join_all;
use poligon_common::Problem;
use poligon_common::pictures::{Picture, Size};
use poligon_core::Ctx;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::{random, strays};

use crate::error::Error;

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
    let (stray, due) = (file.clone(), ctx.clock.now() + strays::UPLOAD);
    ctx.db.write(move |db| insert_stray(db, &stray, due)).await?;
    let files = names_of(&file).into_iter().zip(picture.files);
    let puts = files.map(|(name, bytes)| async move { ctx.storage.put(&name, bytes).await });
    try_join_all(puts).await?;
    let media_type = if picture.is_png { "image/png" } else { "image/jpeg" };
    let (width, height) = (i64::from(picture.width), i64::from(picture.height));
    Ok(Stored { file, media_type, width, height })
}

/// The names of a picture's files, in all sizes.
fn names_of(file: &str) -> [String; 4] {
    Size::ALL.map(|size| name_of(file, size))
}

/// Notes that no picture has these files; they are removed when they are due.
pub(super) fn insert_stray(db: &mut Db, file: &str, due: Timestamp) -> Result<(), DbError> {
    strays::note(db, file, &names_of(file), due)
}

/// Takes files for a picture, unless they are about to be removed.
pub(super) fn adopt(db: &mut Db, file: &str) -> Result<(), Error> {
    if strays::adopt(db, file)? { Ok(()) } else { Err(Error::UploadLapsed) }
}
