//! The best matches of a search among what is published.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Nullable, Text};
use poligon_core::db::{Db, Instant};
use poligon_core::on_each;

use super::filter::Filter;
use super::list::{Cursor, by_ids};
use super::row::ArticleRow;
use crate::error::Error;

#[derive(QueryableByName)]
struct Ranked {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Double)]
    rank: f64,
}

/// By the rank that the text index gives. A parameter that is NULL filters nothing.
const BEST: &str = "\
    SELECT a.id AS id, s.rank AS rank FROM article_search($1) s JOIN articles a ON a.id = s.rowid \
    WHERE a.live IS NOT NULL AND (s.rank, a.id) > ($2, $3) \
    AND (CAST($4 AS bigint) IS NULL OR a.id IN (SELECT article_id FROM category_articles WHERE category_id = $4)) \
    AND (CAST($5 AS bigint) IS NULL OR a.id IN (SELECT article_id FROM tag_articles WHERE tag_id = $5)) \
    AND (CAST($6 AS bigint) IS NULL OR a.id IN (SELECT article_id FROM author_articles WHERE user_id = $6)) \
    AND (CAST($7 AS bigint) IS NULL OR a.blog_id = $7) \
    AND (CAST($8 AS text) IS NULL OR a.language = $8) \
    AND a.published_at >= coalesce($9, a.published_at) AND ($10 IS NULL OR a.published_at < $10) \
    ORDER BY s.rank, a.id LIMIT $11";

/// One page behind a cursor.
pub(super) fn list(
    db: &mut Db,
    filter: &Filter,
    behind: Option<Cursor>,
    most: i64,
) -> Result<Vec<(ArticleRow, Cursor)>, Error> {
    let Some(words) = &filter.words else { return Ok(Vec::new()) };
    let (rank, id) = match behind {
        Some(Cursor::W(bits, id)) => (f64::from_bits(bits), id),
        _ => (f64::MIN, 0),
    };
    let ranked: Vec<Ranked> = on_each!(db, c => diesel::sql_query(BEST)
        .bind::<Text, _>(words)
        .bind::<Double, _>(rank)
        .bind::<BigInt, _>(id)
        .bind::<Nullable<BigInt>, _>(filter.category)
        .bind::<Nullable<BigInt>, _>(filter.tag)
        .bind::<Nullable<BigInt>, _>(filter.author)
        .bind::<Nullable<BigInt>, _>(filter.blog)
        .bind::<Nullable<Text>, _>(filter.language.map(super::content::Language::name))
        .bind::<Nullable<Instant>, _>(filter.from)
        .bind::<Nullable<Instant>, _>(filter.before)
        .bind::<BigInt, _>(most)
        .load(c))?;
    let ids: Vec<i64> = ranked.iter().map(|found| found.id).collect();
    let ranks: Vec<Cursor> = ranked.iter().map(|found| Cursor::W(found.rank.to_bits(), found.id)).collect();
    let rows = by_ids(db, &ids)?;
    let at = |row: &ArticleRow| ids.iter().position(|id| *id == row.id);
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((ranks.get(at(&row)?)?.clone(), row)))
        .map(|(at, row)| (row, at))
        .collect())
}
