//! The files of media: written before the rows that name them, removed after them (`poligon_core::strays`).

use std::fs::File;

use futures_util::future::try_join_all;
use poligon_common::extract::UploadedFile;
use poligon_common::input::Line;
use poligon_common::pictures::{Drawing, Formats, Picture, Size, develop_as};
use poligon_common::{Problem, Refused};
use poligon_core::{Ctx, random, strays};

use super::kind::{FileType, Kind, LONGEST_NAME, name_for, type_of};
use super::model;

/// What a file may be called.
type Name = Line<1, LONGEST_NAME>;

/// The sizes that are kept as WebP, too.
pub(super) const WEBP: [Size; 3] = [Size::Large, Size::Medium, Size::Small];

/// Which of the files of one is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) size: Size,
    pub(super) webp: bool,
}

impl Variant {
    /// The file itself; of an image, all its pixels.
    pub(super) const ORIGINAL: Self = Self { size: Size::Original, webp: false };

    /// All that are stored of a file.
    fn all(kind: Kind) -> Vec<Self> {
        if kind != Kind::Image {
            return vec![Self::ORIGINAL];
        }
        let plain = Size::ALL.into_iter().map(|size| Self { size, webp: false });
        plain.chain(WEBP.into_iter().map(|size| Self { size, webp: true })).collect()
    }

    /// As it stands at the end of names.
    pub(super) fn suffix(self) -> String {
        format!("{}{}", self.size.name(), if self.webp { ".webp" } else { "" })
    }
}

/// The name of a file in the storage: ours, whatever the client called it.
pub(super) fn name_of(file: &str, variant: Variant) -> String {
    format!("content/{}/{file}-{}", file.get(..2).unwrap_or_default(), variant.suffix())
}

/// The names of everything that is stored of a file; nothing is of one that is drawn.
pub(super) fn names_of(file: &str, kind: Kind) -> Vec<String> {
    if Drawing::of(file).is_some() {
        return Vec::new();
    }
    Variant::all(kind).into_iter().map(|variant| name_of(file, variant)).collect()
}

/// A file that is in the storage, under a name that nobody has yet.
#[derive(Debug, Clone)]
pub(super) struct New {
    pub(super) name: String,
    pub(super) media_type: &'static str,
    pub(super) width: Option<i64>,
    pub(super) height: Option<i64>,
}

/// An uploaded file, ready for its row.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    /// SHA-256 of what was uploaded.
    pub(super) hash: String,
    pub(super) kind: Kind,
    /// What it is called.
    pub(super) name: String,
    /// Bytes that were uploaded.
    pub(super) size: i64,
    /// Its place among the files of the form, from 0.
    pub(super) place: usize,
    /// `None` when the same bytes were there already.
    pub(super) new: Option<New>,
}

/// A file of which the name and the first bytes were looked at.
pub(super) struct Checked {
    upload: UploadedFile,
    name: String,
    of: FileType,
    place: usize,
}

/// Looks at the name and the bytes of a file; what is wrong with them is a wrong field `/file/<place>`.
pub(super) async fn check(upload: UploadedFile, place: usize) -> Result<Checked, Problem> {
    let pointer = format!("/file/{place}");
    let refused = |Refused { code, message }| Problem::invalid_field(&pointer, code, message);
    let given = upload.name.clone().unwrap_or_else(|| "file".to_owned());
    let Line(given) = Name::try_from(given).map_err(|Refused { message, .. }| {
        Problem::invalid_field(&pointer, "file_name", format!("its name {message}"))
    })?;
    let mut file = upload.file.file.try_clone().map_err(|e| Problem::internal(&e))?;
    let length = upload.file.length;
    let looked = tokio::task::spawn_blocking(move || type_of(&mut file, length)).await;
    let looked = looked.map_err(|e| Problem::internal(&e))?.map_err(|e| Problem::internal(&e))?;
    let of = looked.map_err(refused)?;
    Ok(Checked { upload, name: given, of, place })
}

impl Checked {
    /// Bytes that were uploaded.
    pub(super) fn size(&self) -> i64 {
        i64::try_from(self.upload.file.length).unwrap_or(i64::MAX)
    }

    /// Stores the file under a name that nobody has, unless the same bytes are there. It is a stray until a row takes it.
    pub(super) async fn store(self, ctx: &Ctx) -> Result<Stored, Problem> {
        let (size, hash, kind, place) = (self.size(), self.upload.file.hash.clone(), self.of.kind, self.place);
        let wanted = hash.clone();
        if let Some(media_type) = ctx.db.read_primary(move |db| model::media_type_of(db, &wanted)).await? {
            let name = name_for(&self.name, &media_type);
            return Ok(Stored { hash, kind, name, size, place, new: None });
        }
        let Self { upload, name, of, .. } = self;
        let new = if kind == Kind::Image {
            put_image(ctx, develop_as(upload.file, Formats::AndWebp, &format!("/file/{place}")).await?).await?
        } else {
            put(ctx, upload.file.file, of).await?
        };
        let name = name_for(&name, new.media_type);
        Ok(Stored { hash, kind, name, size, place, new: Some(new) })
    }
}

/// A name that nobody has, noted as a stray.
async fn stray(ctx: &Ctx, kind: Kind) -> Result<String, Problem> {
    let name = random::id().map_err(|e| Problem::internal(&e))?;
    let (file, due) = (name.clone(), ctx.clock.now() + strays::UPLOAD);
    ctx.db.write(move |db| strays::note(db, &file, &names_of(&file, kind), due)).await?;
    Ok(name)
}

async fn put(ctx: &Ctx, file: File, of: FileType) -> Result<New, Problem> {
    let name = stray(ctx, of.kind).await?;
    ctx.storage.put_file(&name_of(&name, Variant::ORIGINAL), file).await?;
    Ok(New { name, media_type: of.media_type, width: None, height: None })
}

async fn put_image(ctx: &Ctx, picture: Picture) -> Result<New, Problem> {
    let name = stray(ctx, Kind::Image).await?;
    let bytes = picture.files.into_iter().chain(picture.webp.into_iter().flatten());
    let puts = names_of(&name, Kind::Image).into_iter().zip(bytes);
    let puts = puts.map(|(name, bytes)| async move { ctx.storage.put(&name, bytes).await });
    try_join_all(puts).await?;
    let media_type = if picture.is_png { "image/png" } else { "image/jpeg" };
    Ok(New { name, media_type, width: Some(picture.width.into()), height: Some(picture.height.into()) })
}
