//! Lists by one author, one tag or one category alone, which are read from its shelf: as fast for one that has few articles,
//! or none of late, as for one that has many.

use diesel::prelude::*;
use poligon_core::db::keyset::{after, before};
use poligon_core::db::{Db, limited};
use poligon_core::on_each;

use super::filter::{Filter, Sort, View};
use super::list::Cursor;
use crate::error::Error;
use crate::schema::{author_articles, category_articles, tag_articles};

/// A page of a shelf: ids of articles in its order.
macro_rules! of_shelf {
    ($db:expr, $table:ident, $column:ident, $id:expr, $filter:expr, $sort:expr, $behind:expr, $most:expr) => {{
        let (filter, sort, behind): (&Filter, Sort, Option<&Cursor>) = ($filter, $sort, $behind);
        on_each!($db, c => {
            let mut query = $table::table.filter($table::$column.eq($id)).into_boxed();
            if let Some(from) = filter.from {
                query = query.filter($table::published_at.ge(from));
            }
            if let Some(end) = filter.before {
                query = query.filter($table::published_at.lt(end));
            }
            let place = ($table::published_at, $table::article_id);
            let query = match behind {
                Some(Cursor::N(at, id)) => query.filter(before(place, *at, *id)),
                Some(Cursor::O(at, id)) => query.filter(after(place, *at, *id)),
                _ => query,
            };
            let query = match sort {
                Sort::Oldest => query.order(($table::published_at.asc(), $table::article_id.asc())),
                _ => query.order(($table::published_at.desc(), $table::article_id.desc())),
            };
            limited(query.select($table::article_id), $most).load(c)
        })
    }};
}

/// The ids of a page, when the filter is of that kind.
pub(super) fn page(
    db: &mut Db,
    filter: &Filter,
    sort: Sort,
    behind: Option<&Cursor>,
    most: i64,
) -> Result<Option<Vec<i64>>, Error> {
    let others = filter.words.is_some() || filter.nothing || filter.blog.is_some() || filter.language.is_some();
    let by_time = matches!(sort, Sort::Newest | Sort::Oldest) && matches!(filter.view, View::Public);
    if others || !by_time {
        return Ok(None);
    }
    let ids: Vec<i64> = match (filter.category, filter.tag, filter.author) {
        (Some(id), None, None) => of_shelf!(db, category_articles, category_id, id, filter, sort, behind, most)?,
        (None, Some(id), None) => of_shelf!(db, tag_articles, tag_id, id, filter, sort, behind, most)?,
        (None, None, Some(id)) => of_shelf!(db, author_articles, user_id, id, filter, sort, behind, most)?,
        _ => return Ok(None),
    };
    Ok(Some(ids))
}
