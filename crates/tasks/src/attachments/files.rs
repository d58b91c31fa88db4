//! The files of attachments.

use poligon_common::extract::{Form, Upload};
use poligon_common::input::Line;
use poligon_common::{Problem, Refused};
use poligon_core::{Ctx, random, strays};

use super::kind;

/// What a file may be called.
type Name = Line<1, 200>;

/// A file that is stored, and belongs to no card yet.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) file: String,
    pub(super) name: String,
    pub(super) media_type: &'static str,
    pub(super) size: i64,
}

/// The name of a file in the storage: ours, whatever the client called it.
pub(super) fn name_of(file: &str) -> String {
    format!("attachments/{}/{file}", file.get(..2).unwrap_or_default())
}

/// A file of which the name and the bytes were looked at.
pub(super) struct Checked {
    file: std::fs::File,
    name: String,
    media_type: &'static str,
    size: i64,
}

/// Looks at the name and the bytes of a file; what is wrong with them is a wrong field `/file`.
pub(super) async fn check<F: Form>(upload: Upload<F>) -> Result<Checked, Problem> {
    let refused = |Refused { code, message }| Problem::invalid_field("/file", code, message);
    let Some(given) = upload.file_name else {
        return Err(Problem::invalid_field("/file", "file_name", "must come with its name (`filename`)"));
    };
    let Line(name) = Name::try_from(given).map_err(|Refused { message, .. }| {
        Problem::invalid_field("/file", "file_name", format!("its name {message}"))
    })?;
    let (mut file, length) = (upload.file.file, upload.file.length);
    let look = move || kind::media_type_of(&name, &mut file).map(|found| (found, name, file));
    let looked = tokio::task::spawn_blocking(look).await.map_err(|e| Problem::internal(&e))?;
    let (found, name, file) = looked.map_err(|e| Problem::internal(&e))?;
    let size = i64::try_from(length).map_err(|e| Problem::internal(&e))?;
    Ok(Checked { file, name, media_type: found.map_err(refused)?, size })
}

/// Stores a file under a name that nobody has. It is a stray until a card takes it.
pub(super) async fn store(ctx: &Ctx, checked: Checked) -> Result<Stored, Problem> {
    let file = random::id().map_err(|e| Problem::internal(&e))?;
    let (stray, due) = (file.clone(), ctx.clock.now() + strays::UPLOAD);
    ctx.db.write(move |db| strays::note(db, &stray, &[name_of(&stray)], due)).await?;
    ctx.storage.put_file(&name_of(&file), checked.file).await?;
    Ok(Stored { file, name: checked.name, media_type: checked.media_type, size: checked.size })
}
