//! Cards: how published articles are shown in lists, with all that is shown beside them (authors, categories, tags, blog,
//! cover), as it is written into answers: a page of articles is one statement, and little is left to write.
//!
//! Whoever changes what stands on cards says so in the same transaction ([`expect`], [`forget_beside`]): these are made anew
//! ([`fill`]), and until then articles are shown without them, by one statement for each part. Names of people are another
//! domain's: an event tells of them. `turn` keeps a card that is made of what is just changing from being kept: whoever makes
//! it has read an earlier turn.

use std::collections::BTreeMap;

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use poligon_core::Ctx;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;

use super::list::{ArticleSummary, uncategorised};
use super::pages;
use crate::categories::Tree;
use crate::error::Error;
use crate::schema::{article_cards, article_pages, articles, author_articles};

/// Cards that are made in one transaction.
const AT_ONCE: i64 = 100;
/// Characters of the texts of which pages are made in one transaction, about: one article may have more.
const PORTION: i64 = 2_000_000;
/// Transactions that follow each other at most, until others have their turn.
const ROUNDS: usize = 40;
/// The card of an article that is not published.
const NONE: &str = "null";

/// Writes the card of an article: its item in lists, with the ids of its categories in place of them. What changes without
/// the card stands in lines of its own (a text in JSON has no line in it), to be written anew by [`write_item`].
fn written(summary: &ArticleSummary, category_ids: &[i64]) -> Option<String> {
    let json = serde_json::to_string(summary).ok()?;
    let ids = serde_json::to_string(category_ids).ok()?;
    // No text has these names with quotes that have no backslash before them, and no part has keys of these names.
    let (before, rest) = json.split_once("\"categories\":[]")?;
    let (middle, rest) = rest.split_once("\"comment_count\":")?;
    let (count, rest) = rest.split_once(',')?;
    Some(format!("{before}\"categories\":\n{ids}\n{middle}\"comment_count\":\n{count}\n,{rest}"))
}

/// Writes the item of an article in a list from its card; `None` when it has none.
pub(super) fn write_item(card: Option<&str>, tree: &Tree, comment_count: i64, out: &mut Vec<u8>) -> Option<()> {
    let mut lines = card?.split('\n');
    out.extend_from_slice(lines.next()?.as_bytes());
    let ids = lines.next()?.strip_prefix('[')?.strip_suffix(']')?;
    tree.write_links(ids.split(',').filter_map(|id| id.parse().ok()), out);
    out.extend_from_slice(lines.next()?.as_bytes());
    serde_json::to_writer(&mut *out, &comment_count).ok()?;
    out.extend_from_slice(lines.nth(1)?.as_bytes());
    Some(())
}

/// What changes on cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// A tag is called otherwise.
    Tag(i64),
    /// Articles stand in this category that stood in another.
    Category(i64),
    /// A blog is called otherwise.
    Blog(i64),
    /// A medium is shown otherwise.
    Medium(i64),
    /// Media with these bytes are shown otherwise.
    File(i64),
    /// An article has another slug or other tags, or stands in another blog.
    Article(i64),
}

impl Beside {
    /// Selects the ids of the articles.
    fn articles(self) -> String {
        match self {
            Self::Tag(id) => format!("SELECT article_id FROM tag_articles WHERE tag_id = {id}"),
            Self::Category(id) => format!("SELECT article_id FROM category_articles WHERE category_id = {id}"),
            Self::Blog(id) => format!("SELECT id FROM articles WHERE blog_id = {id}"),
            Self::Medium(id) => format!("SELECT article_id FROM article_media WHERE media_id = {id}"),
            Self::File(id) => format!(
                "SELECT article_id FROM article_media JOIN content_media ON content_media.id = media_id WHERE file_id = {id}"
            ),
            Self::Article(id) => format!("{id}"),
        }
    }
}

/// Cards are to be made anew, for something that has changed in this transaction. The last locks that it takes, in order of
/// id.
pub(crate) fn forget_beside(db: &mut Db, what: Beside) -> Result<(), Error> {
    forget(db, &what.articles())
}

fn forget(db: &mut Db, articles: &str) -> Result<(), Error> {
    let locked = match db {
        Db::Postgres(_) => "ORDER BY article_id FOR UPDATE",
        Db::Sqlite(_) => "",
    };
    let shown = format!("article_id IN ({articles}) AND (card IS NULL OR card <> '{NONE}')");
    let these = format!("SELECT article_id FROM article_cards WHERE {shown} {locked}");
    let statement = format!("UPDATE article_cards SET card = NULL, turn = turn + 1 WHERE article_id IN ({these})");
    on_each!(db, c => diesel::sql_query(statement).execute(c))?;
    Ok(())
}

/// The same for articles of a person who is called otherwise, of which somebody may have many: those with the next ids behind
/// `behind`. Answers the last, `None` when there are no more.
pub(crate) fn forget_author(db: &mut Db, user_id: i64, behind: i64) -> Result<Option<i64>, Error> {
    let next = author_articles::table.filter(author_articles::user_id.eq(user_id));
    let next = next.filter(author_articles::article_id.gt(behind)).order(author_articles::article_id).limit(AT_ONCE);
    let ids: Vec<i64> = next.select(author_articles::article_id).load(db)?;
    let Some(last) = ids.last().copied() else { return Ok(None) };
    forget(db, &listed(&ids))?;
    Ok(Some(last))
}

/// Ids as they stand in a statement.
fn listed(ids: &[i64]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The card of an article that has just been published is to be made; the last thing of its transaction.
pub(super) fn expect(db: &mut Db, article_id: i64) -> Result<(), Error> {
    let statement = "INSERT INTO article_cards (article_id, turn, published_at, comment_count, comments_open) \
        SELECT id, 1, published_at, comment_count, comments_open FROM articles WHERE id = $1 \
        ON CONFLICT (article_id) DO UPDATE SET card = NULL, turn = article_cards.turn + 1, \
        published_at = excluded.published_at, comment_count = excluded.comment_count, \
        comments_open = excluded.comments_open";
    on_each!(db, c => diesel::sql_query(statement).bind::<BigInt, _>(article_id).execute(c))?;
    Ok(())
}

/// An article that is not published any more has none.
pub(super) fn put_away(db: &mut Db, article_id: i64) -> Result<(), Error> {
    let values = (
        article_cards::card.eq(NONE),
        article_cards::published_at.eq(None::<Timestamp>),
        article_cards::turn.eq(article_cards::turn + 1),
    );
    diesel::update(article_cards::table.find(article_id)).set(values).execute(db)?;
    pages::remove(db, article_id)
}

/// Comments are taken on an article from now on, or not.
pub(super) fn open_discussion(db: &mut Db, article_id: i64, open: bool) -> Result<(), Error> {
    let row = diesel::update(article_cards::table.find(article_id));
    row.set(article_cards::comments_open.eq(open)).execute(db)?;
    Ok(())
}

/// An article has another number of comments that everybody sees.
pub(super) fn count_comments(db: &mut Db, article_id: i64) -> Result<(), Error> {
    let count = articles::table.find(article_id).select(articles::comment_count).first::<i64>(db)?;
    let row = diesel::update(article_cards::table.find(article_id));
    row.set(article_cards::comment_count.eq(count)).execute(db)?;
    Ok(())
}

/// Cards of published articles that have none by any act: of those that are made up, or were published by an earlier version.
pub(crate) fn expect_all(db: &mut Db) -> Result<(), Error> {
    let there = "SELECT 1 FROM article_cards c WHERE c.article_id = a.id";
    let statement = format!(
        "INSERT INTO article_cards (article_id, turn, published_at, comment_count, comments_open) \
         SELECT a.id, 1, a.published_at, a.comment_count, a.comments_open FROM articles a \
         WHERE a.live IS NOT NULL AND NOT EXISTS ({there})"
    );
    on_each!(db, c => diesel::sql_query(statement).execute(c))?;
    Ok(())
}

/// Mends some of what an earlier version has written, which knew neither of pages nor of discussions on cards; answers
/// whether there was something.
fn mend_earlier(db: &mut Db) -> Result<bool, Error> {
    let discussions = "SELECT c.article_id FROM article_cards c JOIN articles a ON a.id = c.article_id \
        WHERE c.comments_open <> a.comments_open";
    let statement =
        format!("UPDATE article_cards SET comments_open = NOT comments_open WHERE article_id IN ({discussions})");
    on_each!(db, c => diesel::sql_query(statement).execute(c))?;
    let of_turn = article_pages::article_id.eq(article_cards::article_id);
    let page = article_pages::table.filter(of_turn.and(article_pages::turn.eq(article_cards::turn)));
    let bare = article_cards::table.filter(article_cards::card.ne(NONE)).filter(not(exists(page)));
    let bare = bare.order(article_cards::article_id.desc()).limit(AT_ONCE).select(article_cards::article_id);
    let bare: Vec<i64> = bare.load(db)?;
    if bare.is_empty() {
        return Ok(false);
    }
    forget(db, &listed(&bare))?;
    fill(db, AT_ONCE)?; // in this transaction, so that few lists find them without their cards
    Ok(true)
}

fn missing(db: &mut Db, most: i64) -> Result<Vec<(i64, i64)>, Error> {
    let missing = article_cards::table.filter(article_cards::card.is_null()).order(article_cards::article_id);
    Ok(missing.limit(most).select((article_cards::article_id, article_cards::turn)).load(db)?)
}

/// Makes cards that are missing, with the pages, up to `most` and as many as have texts of [`PORTION`] together; answers how many
/// were looked at.
pub(crate) fn fill(db: &mut Db, most: i64) -> Result<usize, Error> {
    let mut missing = missing(db, most)?; // before anything that they are made of
    let mut ids: Vec<i64> = missing.iter().map(|(id, _)| *id).collect();
    ids.truncate(pages::portion(db, &ids, PORTION)?);
    missing.truncate(ids.len());
    let mut texts = pages::texts(db, &ids)?;
    let mut made: BTreeMap<i64, (String, pages::Written)> = BTreeMap::new();
    for (summary, category_ids) in uncategorised(db, &ids)? {
        let id = summary.id;
        let Some(text) = texts.remove(&id) else { continue }; // no longer published
        let card = written(&summary, &category_ids).zip(pages::written(summary, &category_ids, text));
        let failed = || diesel::result::Error::SerializationError(format!("no card of article {id}").into());
        made.insert(id, card.ok_or_else(failed)?);
    }
    for (id, turn) in missing {
        let (card, page) = made.remove(&id).map_or((NONE.to_owned(), None), |(card, page)| (card, Some(page)));
        let row = article_cards::table.filter(article_cards::article_id.eq(id)).filter(article_cards::turn.eq(turn));
        let kept = on_each!(db, c => diesel::update(row).set(article_cards::card.eq(&card)).execute(c))?;
        match page {
            _ if kept == 0 => {}                             // it is to be made anew already
            Some(page) => pages::keep(db, id, turn, &page)?, // the card is locked
            None => pages::remove(db, id)?,
        }
    }
    Ok(ids.len())
}

/// Makes the cards that are missing, as many as may be made in one go.
pub(crate) async fn fill_missing(ctx: &Ctx) -> Result<(), Error> {
    for _ in 0..ROUNDS {
        if ctx.db.read_primary(|db| missing(db, 1)).await?.is_empty() {
            break;
        }
        ctx.db.write(|db| fill(db, AT_ONCE)).await?;
    }
    Ok(())
}

/// Looks for published articles that no list shows, and for what an earlier version has written.
pub(super) async fn expect_others(ctx: &Ctx) -> Result<(), Error> {
    let unknown = |db: &mut Db| {
        let known = exists(article_cards::table.filter(article_cards::article_id.eq(articles::id)));
        let unknown = articles::table.filter(articles::live.is_not_null()).filter(not(known));
        Ok::<bool, Error>(diesel::select(exists(unknown)).get_result(db)?)
    };
    if ctx.db.read_primary(unknown).await? {
        ctx.db.write(expect_all).await?;
    }
    while ctx.db.write(mend_earlier).await? {}
    Ok(())
}
