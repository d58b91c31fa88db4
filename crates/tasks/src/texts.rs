//! Texts of this domain: Markdown ([`poligon_common::markdown`]) with headings, in which people of the project are named.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::markdown::{Dialect, Draft, Mentions, Written};
use poligon_core::db::Db;
use poligon_core::schema::users;

use crate::error::Error;
use crate::projects::{self, Access};

const DIALECT: Dialect = Dialect { mentions: Mentions::Strong, hashtags: None, headings: true };

/// Makes HTML of a text, but for who it names. So the work is done before a transaction begins.
pub(crate) fn draft(source: &str) -> Draft {
    DIALECT.draft(source)
}

/// A text as HTML in which nobody is named.
pub(crate) fn html(source: &str) -> String {
    DIALECT.draft(source).html(&BTreeMap::new())
}

/// The text, with those of its names that belong to people of the project.
pub(crate) fn written(db: &mut Db, access: &Access, draft: &Draft) -> Result<Written, Error> {
    let keys = draft.keys();
    if keys.is_empty() {
        return Ok(draft.written(&BTreeMap::new()));
    }
    let found = users::table.filter(users::username_key.eq_any(keys)).filter(users::deleted_at.is_null());
    let mut people: BTreeMap<String, i64> =
        found.select((users::username_key, users::id)).load::<(String, i64)>(db)?.into_iter().collect();
    let ids: Vec<i64> = people.values().copied().collect();
    let members = projects::hold(db, &access.project, &ids)?;
    people.retain(|_, id| members.contains(id));
    Ok(draft.written(&people))
}
