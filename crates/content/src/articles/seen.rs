//! Which of some articles somebody sees.

use diesel::prelude::*;
use poligon_core::db::{Db, any_of};

use crate::blogs::BlogRole;
use crate::caller::Caller;
use crate::error::Error;
use crate::schema::{article_authors, articles, blog_members};

/// Those of these articles that somebody sees, with the titles that they see, in order of id: what is published, and what they
/// work on.
pub(crate) fn seen_by(db: &mut Db, ids: &[i64], caller: &Caller) -> Result<Vec<(i64, String)>, Error> {
    let columns = (articles::id, articles::title, articles::live, articles::blog_id);
    let rows = articles::table.filter(any_of(db, articles::id, ids)).order(articles::id).select(columns);
    let rows: Vec<(i64, String, Option<i64>, Option<i64>)> = rows.load(db)?;
    let own = article_authors::table.filter(article_authors::user_id.eq(caller.user_id));
    let own = own.filter(any_of(db, article_authors::article_id, ids)).select(article_authors::article_id);
    let own: Vec<i64> = own.load(db)?;
    let edited = blog_members::table.filter(blog_members::user_id.eq(caller.user_id));
    let edited = edited.select((blog_members::blog_id, blog_members::role));
    let edited: Vec<(i64, String)> = edited.load(db)?;
    let edits = |blog_id: i64| {
        let role = edited.iter().find(|(id, _)| *id == blog_id).map(|(_, role)| BlogRole::of(role));
        role >= Some(BlogRole::Editor)
    };
    let seen = rows.into_iter().filter(|(id, _, live, blog_id)| {
        live.is_some() || caller.publishes || own.contains(id) || blog_id.is_some_and(edits)
    });
    Ok(seen.map(|(id, title, ..)| (id, title)).collect())
}
