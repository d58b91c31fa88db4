//! Which articles a list holds.

use diesel::prelude::*;
use poligon_common::input::FilterText;
use poligon_common::stems;
use poligon_core::db::{Db, Timestamp, text_search};
use poligon_core::schema::users;
use poligon_core::users::username_key;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::content::Language;
use super::status::Status;
use crate::blogs;
use crate::caller::Caller;
use crate::categories::Tree;
use crate::error::Error;
use crate::named::Named;
use crate::tags;

/// Which articles are asked for, and in which order.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArticleParams {
    /// Words, in Russian or English; a published article holds every one. The last may be the beginning of a word.
    /// Drafts are not searched: not together with `mine`, nor with another `status` than `published`.
    #[param(value_type = Option<String>, max_length = 200)]
    pub(super) q: Option<FilterText<200>>,
    /// A category, by id or slug, with everything below it.
    #[param(value_type = Option<String>, max_length = 96)]
    category: Option<FilterText<96>>,
    /// A tag, by id or slug.
    #[param(value_type = Option<String>, max_length = 96)]
    tag: Option<FilterText<96>>,
    /// Somebody who has written it, by id or user name.
    #[param(value_type = Option<String>, max_length = 64)]
    author: Option<FilterText<64>>,
    /// A blog, by id or slug.
    #[param(value_type = Option<String>, max_length = 96)]
    blog: Option<FilterText<96>>,
    /// The language.
    #[param(inline)]
    language: Option<Language>,
    /// Published then or later.
    #[param(value_type = Option<String>, format = DateTime)]
    published_from: Option<Timestamp>,
    /// Published before.
    #[param(value_type = Option<String>, format = DateTime)]
    published_before: Option<Timestamp>,
    /// The state, or that of the draft beside what is published. Others than `published` are for those who are logged in, and
    /// hold what they work on: what they have written, and what they review.
    #[param(inline)]
    pub(super) status: Option<Status>,
    /// Only what the caller has written, in every state unless `status` says which.
    #[param(default = false)]
    pub(super) mine: Option<bool>,
    /// The order; `relevance` when there is a `q` and everybody sees what is asked for, otherwise `newest`. What somebody works on
    /// is as old as it was made.
    #[param(inline)]
    pub(super) sort: Option<Sort>,
}

/// Which articles of a blog are asked for, and in which order.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BlogArticleParams {
    /// The language.
    #[param(inline)]
    language: Option<Language>,
    /// The state, as in the list of all articles.
    #[param(inline)]
    status: Option<Status>,
    /// The order; `newest` unless said.
    #[param(inline)]
    sort: Option<Sort>,
}

impl BlogArticleParams {
    /// The same of the list of all articles.
    pub(super) fn of_all(self) -> ArticleParams {
        ArticleParams { language: self.language, status: self.status, sort: self.sort, ..ArticleParams::default() }
    }
}

/// An order of articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ArticleSort)]
pub(crate) enum Sort {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// By title, in order of characters.
    Title,
    /// The best match first; needs `q`.
    Relevance,
}

/// Who looks at what.
#[derive(Debug, Clone, Copy)]
pub(super) enum View {
    /// What everybody sees.
    Public,
    /// What somebody works on.
    Desk { caller: Caller, status: Option<Status>, mine: bool },
}

/// A filter as the queries need it.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) view: View,
    /// What [`text_search::match_all`] makes of the words.
    pub(super) words: Option<String>,
    /// There was a question without a word in it: nothing holds that.
    pub(super) nothing: bool,
    pub(super) category: Option<i64>,
    pub(super) tag: Option<i64>,
    pub(super) author: Option<i64>,
    pub(super) blog: Option<i64>,
    pub(super) language: Option<Language>,
    pub(super) from: Option<Timestamp>,
    pub(super) before: Option<Timestamp>,
}

impl Filter {
    /// Looks up what the parameters name; `tree` may be that of a moment ago.
    pub(super) fn of(db: &mut Db, params: &ArticleParams, view: View, tree: &Tree) -> Result<Self, Error> {
        let words = params.q.as_ref().map(|q| stems::of_query(&q.0));
        let category = params.category.as_ref().map(|FilterText(given)| {
            let unknown = || Error::field("/category", "unknown_category", "is not the id or slug of a category");
            tree.id_of(given).ok_or_else(unknown)
        });
        Ok(Self {
            view,
            nothing: words.as_ref().is_some_and(Vec::is_empty),
            words: words.filter(|words| !words.is_empty()).map(|words| text_search::match_all(db, &words)),
            category: category.transpose()?,
            tag: params.tag.as_ref().map(|given| named(db, given, "/tag", tags::id_of)).transpose()?,
            author: params.author.as_ref().map(|given| author(db, &given.0)).transpose()?,
            blog: params.blog.as_ref().map(|given| named(db, given, "/blog", blogs::find_id)).transpose()?,
            language: params.language,
            from: params.published_from,
            before: params.published_before,
        })
    }
}

/// The id of something that a parameter names.
fn named<const MOST: usize>(
    db: &mut Db,
    given: &FilterText<MOST>,
    pointer: &str,
    find: fn(&mut Db, &Named) -> Result<Option<i64>, Error>,
) -> Result<i64, Error> {
    let unknown = || Error::field(pointer, "unknown", "is not an id or slug of one that there is");
    let named: Named = given.0.parse().map_err(|()| unknown())?;
    find(db, &named)?.ok_or_else(unknown)
}

/// The id of a person who is named by it, or by their user name.
fn author(db: &mut Db, given: &str) -> Result<i64, Error> {
    let found = match given.parse::<i64>() {
        Ok(id) => users::table.find(id).select(users::id).first(db),
        Err(_) => users::table.filter(users::username_key.eq(username_key(given))).select(users::id).first(db),
    };
    let unknown = || Error::field("/author", "unknown", "is not the id or user name of anybody");
    found.optional()?.ok_or_else(unknown)
}

/// The articles of a filter; a macro because the type of a boxed query is nothing to write down.
macro_rules! filtered {
    ($filter:expr) => {{
        use diesel::prelude::*;
        use $crate::articles::filter::View;
        use $crate::articles::status::Status;
        use $crate::schema::{
            article_authors, article_categories, article_tags, articles, author_articles, blog_members,
            category_articles, tag_articles,
        };
        let filter: &$crate::articles::filter::Filter = $filter;
        let mut query = articles::table.into_boxed();
        match filter.view {
            View::Public => {
                query = query.filter(articles::live.is_not_null());
                if let Some(id) = filter.category {
                    let there = category_articles::table.filter(category_articles::category_id.eq(id));
                    query = query.filter(articles::id.eq_any(there.select(category_articles::article_id)));
                }
                if let Some(id) = filter.tag {
                    let there = tag_articles::table.filter(tag_articles::tag_id.eq(id));
                    query = query.filter(articles::id.eq_any(there.select(tag_articles::article_id)));
                }
                if let Some(id) = filter.author {
                    let there = author_articles::table.filter(author_articles::user_id.eq(id));
                    query = query.filter(articles::id.eq_any(there.select(author_articles::article_id)));
                }
            }
            View::Desk { caller, status, mine } => {
                let own = article_authors::table.filter(article_authors::user_id.eq(caller.user_id));
                let own = own.select(article_authors::article_id);
                if mine {
                    query = query.filter(articles::id.eq_any(own));
                } else if !caller.publishes {
                    let edited = blog_members::table.filter(blog_members::user_id.eq(caller.user_id));
                    let edited =
                        edited.filter(blog_members::role.ne("author")).select(blog_members::blog_id.nullable());
                    let theirs = articles::blog_id.eq_any(edited).assume_not_null();
                    query = query.filter(articles::id.eq_any(own).or(articles::blog_id.is_not_null().and(theirs)));
                }
                match status {
                    None => {}
                    Some(Status::Published) => query = query.filter(articles::live.is_not_null()),
                    Some(status) => {
                        let beside = articles::draft_status.is_not_null();
                        let beside = beside.and(articles::draft_status.assume_not_null().eq(status.name()));
                        query = query.filter(articles::status.eq(status.name()).or(beside));
                    }
                }
                if let Some(id) = filter.category {
                    let there = article_categories::table.filter(article_categories::category_id.eq(id));
                    query = query.filter(articles::id.eq_any(there.select(article_categories::article_id)));
                }
                if let Some(id) = filter.tag {
                    let there = article_tags::table.filter(article_tags::tag_id.eq(id));
                    query = query.filter(articles::id.eq_any(there.select(article_tags::article_id)));
                }
                if let Some(id) = filter.author {
                    let there = article_authors::table.filter(article_authors::user_id.eq(id));
                    query = query.filter(articles::id.eq_any(there.select(article_authors::article_id)));
                }
            }
        }
        if let Some(words) = &filter.words {
            let select = "SELECT rowid FROM article_search";
            query = query.filter(poligon_core::db::text_search::matches(articles::id, select, words.clone()));
        }
        if filter.nothing {
            query = query.filter(articles::id.lt(0));
        }
        if let Some(id) = filter.blog {
            query = query.filter(articles::blog_id.eq(id));
        }
        if let Some(language) = filter.language {
            query = query.filter(articles::language.eq(language.name()));
        }
        if let Some(from) = filter.from {
            query = query.filter(articles::published_at.ge(from));
        }
        if let Some(before) = filter.before {
            query = query.filter(articles::published_at.lt(before));
        }
        query
    }};
}
pub(super) use filtered;
