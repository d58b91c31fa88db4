//! Articles follow when their tags are merged, and when their categories go elsewhere. Each is a few statements, however
//! many articles there are; ids and paths in them are numbers.

use diesel::prelude::*;
use poligon_core::db::Db;
use poligon_core::on_each;

use crate::articles::{Beside, forget_beside};
use crate::error::Error;

fn run(db: &mut Db, statement: String) -> Result<(), Error> {
    on_each!(db, c => diesel::sql_query(statement).execute(c))?;
    Ok(())
}

/// The articles of the tag `from` have `into` instead. The rows of both are locked.
pub(crate) fn tags_merged(db: &mut Db, from: i64, into: i64) -> Result<(), Error> {
    for table in ["article_tags", "tag_articles"] {
        let doubled = format!("SELECT article_id FROM {table} WHERE tag_id = {into}");
        run(db, format!("DELETE FROM {table} WHERE tag_id = {from} AND article_id IN ({doubled})"))?;
        run(db, format!("UPDATE {table} SET tag_id = {into} WHERE tag_id = {from}"))?;
    }
    let count = format!("(SELECT count(*) FROM tag_articles WHERE tag_id = {into})");
    run(db, format!("UPDATE content_tags SET article_count = {count} WHERE id = {into}"))?;
    forget_beside(db, Beside::Tag(into))
}

/// The newest revision of an article has the tags and categories of what is published.
pub(in crate::articles) fn give_back(db: &mut Db, article_id: i64) -> Result<(), Error> {
    for (own, shelf, column) in
        [("article_tags", "tag_articles", "tag_id"), ("article_categories", "category_articles", "category_id")]
    {
        run(db, format!("DELETE FROM {own} WHERE article_id = {article_id}"))?;
        run(
            db,
            format!(
                "INSERT INTO {own} (article_id, {column}, position) SELECT article_id, {column}, position \
                 FROM {shelf} WHERE article_id = {article_id} AND position IS NOT NULL"
            ),
        )?;
    }
    Ok(())
}

/// The ids of a path, from the top down.
fn ids(path: &str) -> Vec<i64> {
    path.split('/').filter_map(|id| id.parse().ok()).collect()
}

/// What is read in a category, and stands in nothing at or below it, is read there no longer.
fn lose(db: &mut Db, id: i64, path: &str) -> Result<(), Error> {
    let reason = format!(
        "SELECT 1 FROM category_articles own JOIN content_categories place ON place.id = own.category_id \
         WHERE own.article_id = category_articles.article_id AND own.position IS NOT NULL AND place.path LIKE '{path}%'"
    );
    run(
        db,
        format!(
            "DELETE FROM category_articles WHERE category_id = {id} AND position IS NULL AND NOT EXISTS ({reason})"
        ),
    )
}

/// What is read in the category `below` is read in `id`, too.
fn gain(db: &mut Db, id: i64, below: i64) -> Result<(), Error> {
    let there = format!(
        "SELECT 1 FROM category_articles there WHERE there.category_id = {id} AND there.article_id = had.article_id"
    );
    run(
        db,
        format!(
            "INSERT INTO category_articles (category_id, published_at, article_id, position) \
             SELECT {id}, had.published_at, had.article_id, CAST(NULL AS bigint) FROM category_articles had \
             WHERE had.category_id = {below} AND NOT EXISTS ({there})"
        ),
    )
}

/// The beginning of a path, down to `id`.
fn down_to(path: &str, id: i64) -> String {
    let end = format!("/{id}/");
    path.find(&end).map_or_else(|| path.to_owned(), |at| path[..at + end.len()].to_owned())
}

/// A category has gone from one path to another, with everything below it. The tree is locked, and has the new paths.
pub(crate) fn category_moved(db: &mut Db, id: i64, from: &str, to: &str) -> Result<(), Error> {
    let (left, come) = (ids(from), ids(to));
    for above in left.iter().filter(|above| !come.contains(above)) {
        lose(db, *above, &down_to(from, *above))?;
    }
    for above in come.iter().filter(|above| !left.contains(above)) {
        gain(db, *above, id)?;
    }
    Ok(())
}

/// What stands in a category, below which nothing is any more, stands in another from now on. The tree is locked.
pub(crate) fn category_emptied(db: &mut Db, (id, from): (i64, &str), (heir, to): (i64, &str)) -> Result<(), Error> {
    // Nobody who publishes counts in between.
    run(db, format!("UPDATE content_categories SET article_count = article_count WHERE id = {heir}"))?;
    let doubled = format!("SELECT article_id FROM article_categories WHERE category_id = {heir}");
    run(db, format!("DELETE FROM article_categories WHERE category_id = {id} AND article_id IN ({doubled})"))?;
    run(db, format!("UPDATE article_categories SET category_id = {heir} WHERE category_id = {id}"))?;
    let position = format!(
        "(SELECT own.position FROM category_articles own \
          WHERE own.category_id = {id} AND own.article_id = category_articles.article_id)"
    );
    let own = format!("SELECT article_id FROM category_articles WHERE category_id = {id} AND position IS NOT NULL");
    run(
        db,
        format!(
            "UPDATE category_articles SET position = {position} \
             WHERE category_id = {heir} AND position IS NULL AND article_id IN ({own})"
        ),
    )?;
    let there = format!("SELECT article_id FROM category_articles WHERE category_id = {heir}");
    run(
        db,
        format!(
            "INSERT INTO category_articles (category_id, published_at, article_id, position) \
             SELECT {heir}, own.published_at, own.article_id, own.position FROM category_articles own \
             WHERE own.category_id = {id} AND own.position IS NOT NULL AND own.article_id NOT IN ({there})"
        ),
    )?;
    run(db, format!("DELETE FROM category_articles WHERE category_id = {id}"))?;
    for above in ids(to).into_iter().filter(|above| *above != heir) {
        gain(db, above, heir)?;
    }
    for above in ids(from).into_iter().filter(|above| *above != id) {
        lose(db, above, &down_to(from, above))?;
    }
    let count = format!("(SELECT count(*) FROM category_articles WHERE category_id = {heir} AND position IS NOT NULL)");
    run(db, format!("UPDATE content_categories SET article_count = {count} WHERE id = {heir}"))?;
    forget_beside(db, Beside::Category(heir))
}

#[cfg(test)]
mod tests {
    use super::{down_to, ids};

    #[test]
    fn paths_are_taken_apart() {
        assert_eq!(ids("/1/15/7/"), [1, 15, 7]);
        assert_eq!(down_to("/1/15/7/", 15), "/1/15/");
        assert_eq!(down_to("/1/15/7/", 1), "/1/");
    }
}
