//! Covers of demo articles: drawn when they are asked for, and stored nowhere. There are as many as the usual demo data has
//! articles; those of the large profile share them.

use diesel::prelude::*;
use poligon_common::pictures::drawn_file;
use poligon_core::db::{Db, DbError};
use poligon_core::insert_many;

use super::story::Story;
use crate::articles::Language;
use crate::schema::{article_media, content_files, content_media};

/// Covers that there are.
pub(super) const COVERS: i64 = 120;
/// Pixels of a cover.
const SIDES: (i64, i64) = (1_200, 800);

/// The cover of an article, whose number counts from 1.
pub(super) fn cover_of(article_id: i64) -> i64 {
    (article_id - 1) % COVERS + 1
}

/// Adds the covers that are these articles' own. Nothing was uploaded, so they count for nobody's quota.
pub(super) fn insert(db: &mut Db, stories: &[Story]) -> Result<(), DbError> {
    let own: Vec<&Story> = stories.iter().filter(|story| story.id <= COVERS).collect();
    let file = |story: &&Story| {
        let name = drawn_file(story.categories.first().copied().unwrap_or(0), story.id);
        (
            content_files::id.eq(story.id),
            content_files::hash.eq(name.clone()), // no upload has this one
            content_files::name.eq(name),
            content_files::kind.eq("image"),
            content_files::media_type.eq("image/jpeg"),
            content_files::width.eq(SIDES.0),
            content_files::height.eq(SIDES.1),
            content_files::uses.eq(1_i64),
        )
    };
    let rows: Vec<_> = own.iter().map(file).collect();
    insert_many!(db, content_files::table, rows)?;
    let medium = |story: &&Story| {
        let alt = match story.language {
            Language::En => format!("A drawing to \u{201c}{}\u{201d}", story.face().title),
            Language::Ru => format!("Рисунок к статье «{}»", story.face().title),
        };
        let made = story.revisions[0].saved_at;
        (
            content_media::id.eq(story.id),
            content_media::owner_id.eq(story.authors[0]),
            content_media::file_id.eq(story.id),
            content_media::kind.eq("image"),
            content_media::name.eq(format!("{}.jpg", story.slug)),
            content_media::alt.eq(alt),
            content_media::size.eq(0_i64),
            content_media::private.eq(false),
            content_media::blocked.eq(false),
            content_media::version.eq(1_i64),
            content_media::created_at.eq(made),
            content_media::updated_at.eq(made),
        )
    };
    let rows: Vec<_> = own.iter().map(medium).collect();
    insert_many!(db, content_media::table, rows)?;
    let uses = |story: &Story| (article_media::article_id.eq(story.id), article_media::media_id.eq(cover_of(story.id)));
    let rows: Vec<_> = stories.iter().map(uses).collect();
    insert_many!(db, article_media::table, rows)?;
    Ok(())
}
