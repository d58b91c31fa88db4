//! Media as they are shown, by themselves and as covers.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::html::escape;
use poligon_common::person::{Person, find_people};
use poligon_common::pictures::Size;
use poligon_core::db::{Db, Timestamp, any_of};
use serde::Serialize;
use utoipa::ToSchema;

use super::cases;
use super::files::Variant;
use super::kind::Kind;
use super::model::Row;
use crate::error::Error;
use crate::schema::{content_files as files, content_media as media};

/// Where a file is, in each size; the smaller ones are of images alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentMediaUrls)]
pub(crate) struct Urls {
    /// The file itself; of an image, all its pixels.
    #[schema(examples("/api/content/media/7/file"))]
    original: String,
    /// At most 1,200 pixels on its longest side; a smaller image is not enlarged.
    large: Option<String>,
    /// At most 480 pixels.
    medium: Option<String>,
    /// At most 160 pixels.
    small: Option<String>,
    /// The same as WebP.
    large_webp: Option<String>,
    /// The same as WebP.
    medium_webp: Option<String>,
    /// The same as WebP.
    small_webp: Option<String>,
}

impl Urls {
    fn of(id: i64, kind: Kind) -> Self {
        let url = |variant: Variant| {
            let format = if variant.webp { "&format=webp" } else { "" };
            let size = variant.size.name();
            (kind == Kind::Image).then(|| format!("/api/content/media/{id}/file?size={size}{format}"))
        };
        let plain = |size| url(Variant { size, webp: false });
        let webp = |size| url(Variant { size, webp: true });
        Self {
            original: format!("/api/content/media/{id}/file"),
            large: plain(Size::Large),
            medium: plain(Size::Medium),
            small: plain(Size::Small),
            large_webp: webp(Size::Large),
            medium_webp: webp(Size::Medium),
            small_webp: webp(Size::Small),
        }
    }
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MediaVisibility)]
pub(crate) enum Visibility {
    /// Everybody.
    Public,
    /// Its owner, editors, and whoever has a signed link.
    Private,
}

/// A file that somebody has uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentMedia)]
pub(crate) struct MediaResponse {
    /// Its id.
    pub(super) id: i64,
    /// What it is for.
    kind: Kind,
    /// What it is served as.
    #[schema(examples("image/jpeg"))]
    media_type: String,
    /// What it is called.
    #[schema(examples("checkout.jpg"))]
    name: String,
    /// What it shows, in words.
    alt: String,
    /// Bytes that were uploaded; they count for the quota of its owner. None of demo covers, which are drawn.
    size: i64,
    /// SHA-256 of what was uploaded, in hexadecimal; for whoever may change it. `null` for others, and of demo covers.
    sha256: Option<String>,
    /// Pixels from left to right, of an image.
    width: Option<i64>,
    /// Pixels from top to bottom, of an image.
    height: Option<i64>,
    /// Who may read it.
    visibility: Visibility,
    /// Whether moderators have taken it away, under this name or another: then they alone and editors read it, and its owner
    /// sees that.
    blocked: bool,
    /// Why they have, in their words; for whoever may change it. `null` for others, and for what is not blocked.
    blocked_reason: Option<String>,
    /// Who has uploaded it.
    owner: Option<Person>,
    /// Where its bytes are.
    urls: Urls,
    /// Counts the edits.
    pub(super) version: i64,
    /// When it was uploaded.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// What is shown beside media.
struct With<'a> {
    people: &'a BTreeMap<i64, Person>,
    /// Why files were blocked.
    reasons: &'a BTreeMap<i64, String>,
    /// Whether it is for whoever may change them.
    whole: bool,
}

fn shown(row: Row, with: &With<'_>) -> MediaResponse {
    let (people, whole) = (with.people, with.whole);
    let reason = with.reasons.get(&row.file.id).filter(|_| row.blocked && whole).cloned();
    let kind = Kind::of(&row.file.kind);
    MediaResponse {
        id: row.id,
        kind,
        media_type: row.file.media_type,
        name: row.name,
        alt: row.alt,
        size: row.size,
        sha256: Some(row.file.hash).filter(|hash| whole && hash.len() == 64),
        width: row.file.width,
        height: row.file.height,
        visibility: if row.private { Visibility::Private } else { Visibility::Public },
        blocked: row.blocked,
        blocked_reason: reason,
        owner: people.get(&row.owner_id).cloned(),
        urls: Urls::of(row.id, kind),
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// Media with their owners; `whole` is with what only those see who may change them.
pub(super) fn all_shown(db: &mut Db, rows: Vec<Row>, whole: bool) -> Result<Vec<MediaResponse>, Error> {
    let mut owners: Vec<i64> = rows.iter().map(|row| row.owner_id).collect();
    owners.sort_unstable();
    owners.dedup();
    let people = find_people(db, &owners)?;
    let blocked: Vec<i64> = rows.iter().filter(|row| row.blocked && whole).map(|row| row.file.id).collect();
    let reasons = cases::reasons(db, &blocked)?;
    let with = With { people: &people, reasons: &reasons, whole };
    Ok(rows.into_iter().map(|row| shown(row, &with)).collect())
}

/// One medium with its owner.
pub(super) fn one_shown(db: &mut Db, row: Row, whole: bool) -> Result<MediaResponse, Error> {
    all_shown(db, vec![row], whole)?.pop().ok_or(Error::NotFound)
}

/// The image that an article or a blog is shown with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentCover)]
pub(crate) struct Cover {
    /// The id of the medium.
    id: i64,
    /// What it shows, in words.
    alt: String,
    /// Pixels from left to right.
    width: i64,
    /// Pixels from top to bottom.
    height: i64,
    /// Where it is.
    urls: Urls,
}

impl Cover {
    /// It as a part of a page.
    pub(crate) fn figure(&self) -> String {
        let large = self.urls.large.as_deref().unwrap_or(&self.urls.original);
        format!(
            "<picture data-testid=\"cover\"><source type=\"image/webp\" srcset=\"{webp}\"><img src=\"{large}\" alt=\"{alt}\" \
             width=\"{width}\" height=\"{height}\"></picture>\n",
            webp = escape(self.urls.large_webp.as_deref().unwrap_or(large)),
            large = escape(large),
            alt = escape(&self.alt),
            width = self.width,
            height = self.height,
        )
    }
}

/// Covers by id, as far as everybody may see them: by one statement.
pub(crate) fn covers(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<i64, Cover>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let there = media::table.inner_join(files::table).filter(any_of(db, media::id, ids));
    let there = there.filter(media::private.eq(false)).filter(media::blocked.eq(false));
    let rows: Vec<(i64, String, Option<i64>, Option<i64>)> =
        there.select((media::id, media::alt, files::width, files::height)).load(db)?;
    let cover = |(id, alt, width, height): (i64, String, Option<i64>, Option<i64>)| {
        let cover = Cover { id, alt, width: width?, height: height?, urls: Urls::of(id, Kind::Image) };
        Some((id, cover))
    };
    Ok(rows.into_iter().filter_map(cover).collect())
}

/// Refuses a cover that is none: an image that everybody may see, of the caller's own, or of anybody's for editors. Its row is
/// locked until the transaction ends, so that it stays one.
pub(crate) fn require_cover(db: &mut Db, id: i64, caller: &crate::caller::Caller) -> Result<(), Error> {
    let refused = |code, message| Err(Error::field("/cover_id", code, message));
    let found = match super::model::lock(db, id) {
        Err(Error::NotFound) => return refused("unknown_media", "is not the id of an image of yours"),
        locked => locked.and_then(|()| super::model::row(db, id))?,
    };
    if !found.is_seen_by(Some(caller)) || !found.is_for(caller) {
        return refused("unknown_media", "is not the id of an image of yours");
    }
    if Kind::of(&found.file.kind) != Kind::Image {
        return refused("not_an_image", "must be an image");
    }
    if found.private || found.blocked {
        return refused("private_media", "must be an image that everybody may see");
    }
    Ok(())
}
