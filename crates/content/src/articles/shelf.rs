//! Lists by one author, one tag or one category alone, which are read from its shelf: as fast for one that has few articles,
//! or none of late, as for one that has many.

use super::filter::{Filter, Sort, View};

/// What a list is of, when it is read from a shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shelf {
    /// A category with what is below.
    Category(i64),
    /// A tag.
    Tag(i64),
    /// Somebody who has written it.
    Author(i64),
}

impl Shelf {
    /// The shelf that a filter is of.
    pub(super) fn of(filter: &Filter, sort: Sort) -> Option<Self> {
        match (filter.category, filter.tag, filter.author) {
            _ if !is_by_time(filter, sort) => None,
            (Some(id), None, None) => Some(Self::Category(id)),
            (None, Some(id), None) => Some(Self::Tag(id)),
            (None, None, Some(id)) => Some(Self::Author(id)),
            _ => None,
        }
    }
}

/// Whether a list is of what everybody sees, by time, and of no other than a shelf.
fn is_by_time(filter: &Filter, sort: Sort) -> bool {
    let others = filter.words.is_some() || filter.nothing || filter.blog.is_some() || filter.language.is_some();
    !others && matches!(sort, Sort::Newest | Sort::Oldest) && matches!(filter.view, View::Public)
}

/// Whether a list is of everything that everybody sees, by time.
pub(super) fn is_everything(filter: &Filter, sort: Sort) -> bool {
    is_by_time(filter, sort) && filter.category.or(filter.tag).or(filter.author).is_none()
}

/// These columns of articles of a shelf, with one of their tables, in its order.
macro_rules! of_shelf {
    ($db:expr, $table:ident, $column:ident, $id:expr, $with:ident, $filter:expr, $sort:expr, $behind:expr, $most:expr, $columns:expr) => {{
        use diesel::prelude::*;
        use poligon_core::db::keyset::{after, before};
        use $crate::articles::filter::{Filter, Sort};
        use $crate::articles::list::Cursor;
        use $crate::schema::{$table as shelf, $with};
        let (filter, sort, behind): (&Filter, Sort, Option<&Cursor>) = ($filter, $sort, $behind);
        poligon_core::on_each!($db, c => {
            let mut query = shelf::table.inner_join($with::table).filter(shelf::$column.eq($id)).into_boxed();
            if let Some(from) = filter.from {
                query = query.filter(shelf::published_at.ge(from));
            }
            if let Some(end) = filter.before {
                query = query.filter(shelf::published_at.lt(end));
            }
            let place = (shelf::published_at, shelf::article_id);
            let query = match behind {
                Some(Cursor::N(at, id)) => query.filter(before(place, *at, *id)),
                Some(Cursor::O(at, id)) => query.filter(after(place, *at, *id)),
                _ => query,
            };
            let query = match sort {
                Sort::Oldest => query.order((shelf::published_at.asc(), shelf::article_id.asc())),
                _ => query.order((shelf::published_at.desc(), shelf::article_id.desc())),
            };
            poligon_core::db::limited(query.select($columns), $most).load(c)
        })?
    }};
}

/// These columns of a page of a shelf.
macro_rules! shelved {
    ($db:expr, $shelf:expr, $with:ident, $filter:expr, $sort:expr, $behind:expr, $most:expr, $columns:expr) => {{
        use $crate::articles::shelf::Shelf;
        let shelf: Shelf = $shelf;
        match shelf {
            Shelf::Category(id) => {
                $crate::articles::shelf::of_shelf!(
                    $db,
                    category_articles,
                    category_id,
                    id,
                    $with,
                    $filter,
                    $sort,
                    $behind,
                    $most,
                    $columns
                )
            }
            Shelf::Tag(id) => $crate::articles::shelf::of_shelf!(
                $db,
                tag_articles,
                tag_id,
                id,
                $with,
                $filter,
                $sort,
                $behind,
                $most,
                $columns
            ),
            Shelf::Author(id) => $crate::articles::shelf::of_shelf!(
                $db,
                author_articles,
                user_id,
                id,
                $with,
                $filter,
                $sort,
                $behind,
                $most,
                $columns
            ),
        }
    }};
}
pub(super) use {of_shelf, shelved};
