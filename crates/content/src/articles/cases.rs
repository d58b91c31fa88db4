//! Articles as cases of moderation are about them: what moderators see of them and do to them, and what the workflow means for
//! an open case.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};

use super::access::Rights;
use super::row::{ArticleRow, head, take};
use super::status::{Act, Stand, Status};
use super::workflow::{Doing, carry_out};
use crate::error::Error;
use crate::moderation::checks::{self, Flag, KNOWN_ARTICLES};
use crate::moderation::{self, Closing, Object, Outcome};
use crate::schema::{article_authors, article_revisions as revisions, articles, author_articles};

/// What moderators are shown of an article.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    pub(crate) title: String,
    pub(crate) excerpt: String,
    /// Whoever has written the newest revision, or what is published.
    pub(crate) author_ids: Vec<i64>,
    /// What can be done about it in its state, of what moderators do.
    pub(crate) acts: Vec<Act>,
}

#[derive(Queryable)]
struct Row {
    id: i64,
    status: String,
    draft_status: Option<String>,
    title: String,
    excerpt: String,
    head_title: String,
    head_excerpt: Option<String>,
    head_summary: String,
}

/// What is shown of those of these articles that are there: what everybody sees of them, but the draft beside it while that is
/// in review, as it is what was looked at.
pub(crate) fn look(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<i64, Looked>, Error> {
    let head = revisions::article_id.eq(articles::id).and(revisions::number.eq(articles::head));
    let rows = articles::table.inner_join(revisions::table.on(head)).filter(any_of(db, articles::id, ids)).select((
        articles::id,
        articles::status,
        articles::draft_status,
        articles::title,
        articles::excerpt,
        revisions::title,
        revisions::excerpt,
        revisions::summary,
    ));
    let rows: Vec<Row> = rows.load(db)?;
    let mut authors = authors(db, ids)?;
    let looked = |row: Row| {
        let stand = Stand { status: Status::of(&row.status), draft: row.draft_status.as_deref().map(Status::of) };
        let (title, excerpt) = if stand.draft == Some(Status::InReview) {
            (row.head_title, row.head_excerpt.unwrap_or(row.head_summary))
        } else {
            (row.title, row.excerpt)
        };
        let author_ids = authors.remove(&row.id).unwrap_or_default();
        (row.id, Looked { title, excerpt, author_ids, acts: acts(stand) })
    };
    Ok(rows.into_iter().map(looked).collect())
}

fn authors(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<i64, Vec<i64>>, Error> {
    let newest = article_authors::table.filter(any_of(db, article_authors::article_id, ids));
    let newest = newest.order((article_authors::article_id, article_authors::position));
    let newest: Vec<(i64, i64)> = newest.select((article_authors::article_id, article_authors::user_id)).load(db)?;
    let live = author_articles::table.filter(any_of(db, author_articles::article_id, ids));
    let live = live.order((author_articles::article_id, author_articles::position));
    let live: Vec<(i64, i64)> = live.select((author_articles::article_id, author_articles::user_id)).load(db)?;
    let mut authors: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (article_id, user_id) in newest.into_iter().chain(live) {
        let of_article = authors.entry(article_id).or_default();
        if !of_article.contains(&user_id) {
            of_article.push(user_id);
        }
    }
    Ok(authors)
}

/// What moderators may do about an article: not what brings one out of the archive.
fn acts(stand: Stand) -> Vec<Act> {
    let open = |act: &Act| stand.after(*act).is_ok() && stand.status != Status::Archived;
    [Act::RequestChanges, Act::Unpublish, Act::Archive].into_iter().filter(open).collect()
}

/// Does something about an article, by a decision on its case.
pub(crate) fn moderate(
    db: &mut Db,
    id: i64,
    act: Act,
    moderator: i64,
    reason: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let article = take(db, id)?;
    if !acts(article.stand()).contains(&act) {
        return Err(Error::InvalidTransition(article.stand().at().name(), act.aim().name()));
    }
    carry_out(db, &article, Doing { act, note: reason, publish_at: None }, moderator, now)
}

/// What follows from an act of the workflow: what goes into review is checked, and what its editors have decided on waits for
/// no moderator. `article` is how it was before.
pub(super) fn follow(
    db: &mut Db,
    article: &ArticleRow,
    rights: Rights,
    doing: Doing<'_>,
    actor_id: i64,
    now: Timestamp,
) -> Result<(), Error> {
    let object = Object::article(article.id);
    let closing = |outcome| Closing { outcome, actor_id: Some(actor_id), reason: doing.note };
    // A draft beside what is published is another text than that which people have reported.
    let beside = article.live.is_some();
    match doing.act {
        Act::Submit if rights.review => Ok(()), // whoever reviews it need not be looked at
        Act::Submit => {
            let found = found(db, article)?;
            moderation::flag(db, object, &found, now)
        }
        Act::Approve if beside => moderation::settle_unreported(db, object, closing(Outcome::Approve), now),
        Act::Approve => moderation::settle(db, object, closing(Outcome::Approve), now),
        Act::RequestChanges if beside => {
            moderation::settle_unreported(db, object, closing(Outcome::RequestChanges), now)
        }
        Act::RequestChanges => moderation::settle(db, object, closing(Outcome::RequestChanges), now),
        Act::Unpublish => moderation::settle(db, object, closing(Outcome::Unpublish), now),
        Act::Archive => moderation::settle(db, object, closing(Outcome::Archive), now),
        Act::Schedule | Act::Publish => Ok(()),
    }
}

/// What the checks find in the newest revision of an article.
fn found(db: &mut Db, article: &ArticleRow) -> Result<Vec<Flag>, Error> {
    let newest = head(db, article)?;
    let text = format!("{}\n{}\n{}", newest.title, newest.excerpt.as_deref().unwrap_or_default(), newest.body);
    let theirs = author_articles::table.filter(any_of(db, author_articles::user_id, &newest.author_ids.0));
    let theirs: Vec<i64> = theirs.limit(KNOWN_ARTICLES).select(author_articles::article_id).load(db)?;
    let published = i64::try_from(theirs.len()).unwrap_or(i64::MAX);
    Ok(checks::of_article(&text).into_iter().chain(Flag::new_author(published, KNOWN_ARTICLES)).collect())
}
