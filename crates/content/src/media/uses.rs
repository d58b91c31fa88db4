//! Where media stand: what an article shows in its newest revision and in the one that everybody sees, and covers of blogs.
//! What stands somewhere is neither removed nor made private.
//!
//! An article counts as a use of media of those who work on it alone. Whoever leads to the pictures of others cannot keep them
//! from removing those.

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};
use poligon_core::on_each;
use serde::Serialize;
use utoipa::ToSchema;

use crate::articles::{Beside, forget_beside, seen_by};
use crate::caller::Caller;
use crate::error::Error;
use crate::events;
use crate::schema::{
    article_authors, article_media, article_revisions, articles, blog_members, blogs, content_media as media,
};

/// The beginning of the addresses of media.
pub(crate) const PREFIX: &str = "/api/content/media/";
/// Media that one article may show.
const MOST: usize = 100;

/// The medium that an address in a text leads to; `None` for other addresses.
pub(crate) fn reference(address: &str) -> Option<i64> {
    let (id, rest) = address.strip_prefix(PREFIX)?.split_once('/')?;
    let query = rest.strip_prefix("file")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '=' | '&' | '_' | '-' | ';');
    let fits = query.is_empty() || query.strip_prefix('?').is_some_and(|query| query.chars().all(plain));
    let digits = !id.is_empty() && id.len() <= 18 && id.bytes().all(|b| b.is_ascii_digit());
    if fits && digits { id.parse().ok().filter(|id| *id > 0) } else { None }
}

/// The media that a text leads to, by its cleaned HTML.
fn references(html: &str) -> BTreeSet<i64> {
    let attributes = html.match_indices(PREFIX).filter(|(at, _)| {
        let before = &html[..*at];
        // Cleaned HTML has no other angles than those of its elements.
        let inside = before.rfind(['<', '>']).is_some_and(|angle| before[angle..].starts_with('<'));
        inside && (before.ends_with("src=\"") || before.ends_with("href=\""))
    });
    let addresses = attributes.filter_map(|(at, _)| html[at..].split('"').next());
    addresses.filter_map(reference).take(MOST).collect()
}

/// Refuses a text that leads to media which are not there or which not everybody may read, but for those that it led to
/// `before`.
pub(crate) fn require_known(db: &mut Db, html: &str, before: &str) -> Result<(), Error> {
    let before = references(before);
    let new: Vec<i64> = references(html).into_iter().filter(|id| !before.contains(id)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let there = media::table.filter(any_of(db, media::id, &new)).filter(media::blocked.eq(false));
    let private: Vec<bool> = there.select(media::private).load(db)?;
    if private.len() < new.len() {
        return Err(Error::field("/body", "unknown_media", "leads to files that are not there"));
    }
    if private.contains(&true) {
        return Err(Error::field("/body", "private_media", "leads to files that not everybody may read"));
    }
    Ok(())
}

/// Who adds media to an article.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Adding {
    pub(crate) user_id: i64,
    /// Whether they publish everybody's articles.
    pub(crate) publishes: bool,
}

/// Brings the media of an article in step with what it says. Without anybody who adds some, none are.
pub(crate) fn refresh(db: &mut Db, article_id: i64, adding: Option<Adding>) -> Result<(), Error> {
    let number = article_revisions::number;
    let meant = number.eq(articles::head).or(articles::live.eq(number.nullable()));
    let of_article =
        article_revisions::table.inner_join(articles::table.on(article_revisions::article_id.eq(articles::id)));
    let texts = of_article.filter(articles::id.eq(article_id)).filter(meant.assume_not_null());
    let texts: Vec<(String, Option<i64>)> =
        texts.select((article_revisions::html, article_revisions::cover_id)).load(db)?;
    let covers: BTreeSet<i64> = texts.iter().filter_map(|(_, cover_id)| *cover_id).collect();
    let mut wanted = covers.clone();
    wanted.extend(texts.iter().flat_map(|(html, _)| references(html)));
    let known = article_media::table.filter(article_media::article_id.eq(article_id)).select(article_media::media_id);
    let known: BTreeSet<i64> = known.load(db)?.into_iter().collect();
    let gone: Vec<i64> = known.difference(&wanted).copied().collect();
    if !gone.is_empty() {
        let rows = article_media::table.filter(article_media::article_id.eq(article_id));
        diesel::delete(rows.filter(any_of(db, article_media::media_id, &gone))).execute(db)?;
    }
    let new: Vec<i64> = wanted.difference(&known).copied().collect();
    match adding {
        Some(adding) if !new.is_empty() => add(db, article_id, (&new, &covers), adding),
        _ => Ok(()),
    }
}

/// Notes media that an article shows from now on: covers, which somebody once chose who might, and of others those of people
/// who work on it.
fn add(db: &mut Db, article_id: i64, (ids, covers): (&[i64], &BTreeSet<i64>), adding: Adding) -> Result<(), Error> {
    let there = media::table.filter(any_of(db, media::id, ids)).select((media::id, media::owner_id));
    let there: Vec<(i64, i64)> = there.order(media::id).load(db)?;
    let owners: Vec<i64> = there.iter().map(|(_, owner_id)| *owner_id).collect();
    let working = working_on(db, article_id, &owners)?;
    let fits = |owner: &i64| adding.publishes || *owner == adding.user_id || working.contains(owner);
    let row = |id: i64| (article_media::article_id.eq(article_id), article_media::media_id.eq(id));
    let counts = |(id, owner): &&(i64, i64)| covers.contains(id) || fits(owner);
    let rows: Vec<_> = there.iter().filter(counts).map(|(id, _)| row(*id)).collect();
    on_each!(db, c => diesel::insert_into(article_media::table).values(rows).execute(c))?;
    Ok(())
}

/// Those of these people who have written an article, or are in its blog.
fn working_on(db: &mut Db, article_id: i64, ids: &[i64]) -> Result<BTreeSet<i64>, Error> {
    let authors = article_authors::table.filter(article_authors::article_id.eq(article_id));
    let authors = authors.filter(any_of(db, article_authors::user_id, ids)).select(article_authors::user_id);
    let mut found: BTreeSet<i64> = authors.load(db)?.into_iter().collect();
    let blog: Option<i64> = articles::table.find(article_id).select(articles::blog_id).first(db)?;
    if let Some(blog_id) = blog {
        let members = blog_members::table.filter(blog_members::blog_id.eq(blog_id));
        found.extend(
            members.filter(any_of(db, blog_members::user_id, ids)).select(blog_members::user_id).load::<i64>(db)?,
        );
    }
    Ok(found)
}

/// Media that stand nowhere, as an expression.
macro_rules! unused {
    () => {{
        use crate::schema::{article_media, blogs, content_media};
        use diesel::dsl::{exists, not};
        let in_articles = article_media::table.filter(article_media::media_id.eq(content_media::id));
        let of_blogs = blogs::table.filter(blogs::cover_id.eq(content_media::id.nullable()));
        not(exists(in_articles)).and(not(exists(of_blogs)))
    }};
}
pub(super) use unused;

/// How many articles and blogs show a medium.
fn count(db: &mut Db, id: i64) -> Result<i64, Error> {
    let in_articles: i64 = article_media::table.filter(article_media::media_id.eq(id)).count().get_result(db)?;
    let of_blogs: i64 = blogs::table.filter(blogs::cover_id.eq(id)).count().get_result(db)?;
    Ok(in_articles + of_blogs)
}

/// Refuses what stands somewhere.
pub(super) fn require_none(db: &mut Db, id: i64) -> Result<(), Error> {
    match count(db, id)? {
        0 => Ok(()),
        uses => Err(Error::MediaUsed(uses)),
    }
}

/// Tells that a medium has changed: those who keep what shows it forget that.
pub(super) fn tell(db: &mut Db, id: i64, now: Timestamp) -> Result<(), Error> {
    Ok(events::taxonomy_changed(db, &format!("media:{id}"), now)?)
}

/// Tells that a medium is shown otherwise.
pub(super) fn tell_shown(db: &mut Db, id: i64, now: Timestamp) -> Result<(), Error> {
    forget_beside(db, Beside::Medium(id))?;
    tell(db, id, now)
}

/// What shows a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum UserKind {
    /// An article, in its text or as its cover.
    Article,
    /// A blog, as its cover.
    Blog,
}

/// One place where a medium stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MediaUse)]
pub(super) struct Use {
    /// What shows it.
    kind: UserKind,
    /// The id of that.
    id: i64,
    /// Its title.
    title: String,
    /// Where it is.
    #[schema(examples("/api/content/articles/7"))]
    url: String,
}

/// Where a medium stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MediaUsage)]
pub(super) struct Usage {
    /// How many articles and blogs show it.
    total: i64,
    /// Those of them that the caller sees, 100 at most.
    items: Vec<Use>,
}

/// Where a medium stands, as far as somebody sees it.
pub(super) fn usage(db: &mut Db, id: i64, caller: &Caller) -> Result<Usage, Error> {
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    let of_blogs = blogs::table.filter(blogs::cover_id.eq(id)).order(blogs::id).limit(most);
    let of_blogs: Vec<(i64, String)> = of_blogs.select((blogs::id, blogs::title)).load(db)?;
    let using = article_media::table.filter(article_media::media_id.eq(id)).select(article_media::article_id);
    let using: Vec<i64> = using.order(article_media::article_id).load(db)?;
    let in_articles = seen_by(db, &using, caller)?;
    let one = |kind, path: &str, (id, title): (i64, String)| {
        let url = format!("/api/content/{path}/{id}");
        Use { kind, id, title, url }
    };
    let articles = in_articles.into_iter().map(|found| one(UserKind::Article, "articles", found));
    let blogs = of_blogs.into_iter().map(|found| one(UserKind::Blog, "blogs", found));
    Ok(Usage { total: count(db, id)?, items: articles.chain(blogs).take(MOST).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_medium_is_nothing_else() {
        for (address, id) in [
            ("/api/content/media/7/file", Some(7)),
            ("/api/content/media/7/file?size=large&format=webp", Some(7)),
            ("/api/content/media/0/file", None),
            ("/api/content/media/7", None),
            ("/api/content/media/7/file/../../../auth/me", None),
            ("/api/content/media/../articles/1/file", None),
            ("/api/content/media/7/fileX", None),
            ("/api/content/media/7/file?a=<b>", None),
            ("/api/content/media/+7/file", None),
            ("/api/content/media/99999999999999999999/file", None),
            ("https://example.com/api/content/media/7/file", None),
        ] {
            assert_eq!(reference(address), id, "{address}");
        }
        let html = "<p><img src=\"/api/content/media/3/file?size=large\" alt=\"a\"> <a href=\"/api/content/media/9/file\">b</a>\
                    <code>/api/content/media/4/file</code> &lt;img src=\"/api/content/media/5/file\"&gt;</p>";
        assert_eq!(references(html), [3, 9].into());
    }
}
