//! What an article says, as its authors give it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_core::db::{Db, any_of};
use poligon_core::schema::{role_permissions, user_roles, users};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::access::Rights;
use super::row::RevisionRow;
use crate::caller::Caller;
use crate::categories;
use crate::error::Error;
use crate::media::require_cover;
use crate::permissions::ARTICLES_WRITE;
use crate::schema::blog_members;
use crate::tags::TagName;

/// The language of an article (ISO 639-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ArticleLanguage)]
pub(crate) enum Language {
    /// English
    #[default]
    En,
    /// Russian
    Ru,
}

impl Language {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
        }
    }

    /// The language that is stored as `name`. The database holds no other (`CHECK`).
    pub(crate) fn of(name: &str) -> Self {
        if name == "ru" { Self::Ru } else { Self::En }
    }
}

/// What an article says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) title: String,
    pub(super) language: Language,
    pub(super) body: String,
    pub(super) excerpt: Option<String>,
    pub(super) meta_title: Option<String>,
    pub(super) meta_description: Option<String>,
    pub(super) canonical_url: Option<String>,
    pub(super) cover_id: Option<i64>,
    pub(super) author_ids: Vec<i64>,
    pub(super) category_ids: Vec<i64>,
    pub(super) tags: Vec<TagName>,
}

impl From<&RevisionRow> for Content {
    fn from(row: &RevisionRow) -> Self {
        Self {
            title: row.title.clone(),
            language: Language::of(&row.language),
            body: row.body.clone(),
            excerpt: row.excerpt.clone(),
            meta_title: row.meta_title.clone(),
            meta_description: row.meta_description.clone(),
            canonical_url: row.canonical_url.clone(),
            cover_id: row.cover_id,
            author_ids: row.author_ids.0.clone(),
            category_ids: row.category_ids.0.clone(),
            tags: row.tags.0.iter().cloned().map(TagName).collect(),
        }
    }
}

impl Content {
    /// As whoever has to bring two versions together sees it.
    pub(super) fn value(&self) -> Value {
        json!({
            "title": self.title,
            "language": self.language,
            "body": self.body,
            "excerpt": self.excerpt,
            "meta_title": self.meta_title,
            "meta_description": self.meta_description,
            "canonical_url": self.canonical_url,
            "cover_id": self.cover_id,
            "author_ids": self.author_ids,
            "category_ids": self.category_ids,
            "tags": self.tags.iter().map(|tag| &tag.0).collect::<Vec<_>>(),
        })
    }

    /// Refuses a cover that is none, unless it was the cover `before`.
    pub(super) fn require_cover(&self, db: &mut Db, before: Option<i64>, caller: &Caller) -> Result<(), Error> {
        match self.cover_id {
            Some(id) if before != Some(id) => require_cover(db, id, caller),
            _ => Ok(()),
        }
    }

    /// Refuses authors who may not write there, and categories that are not there. `before` are the authors that it has.
    pub(super) fn require_known(
        &self,
        db: &mut Db,
        blog_id: Option<i64>,
        before: &[i64],
        caller: &Caller,
        rights: Rights,
    ) -> Result<(), Error> {
        if !rights.review && !self.author_ids.contains(&caller.user_id) {
            return Err(Error::field("/author_ids", "own", "must hold yourself"));
        }
        let new: Vec<i64> = self.author_ids.iter().copied().filter(|id| !before.contains(id)).collect();
        let new: Vec<i64> = new.into_iter().filter(|id| *id != caller.user_id).collect();
        let writers = writers(db, blog_id, &new)?;
        if !new.iter().all(|id| writers.contains(id)) {
            return Err(Error::field("/author_ids", "unknown_author", "must be people who may write there"));
        }
        if categories::existing(db, &self.category_ids)?.len() < self.category_ids.len() {
            return Err(Error::field("/category_ids", "unknown_category", "must be ids of categories"));
        }
        Ok(())
    }
}

/// Those of these people who may write in a blog, or without one.
fn writers(db: &mut Db, blog_id: Option<i64>, ids: &[i64]) -> Result<BTreeSet<i64>, Error> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let known: Vec<i64> = if let Some(blog_id) = blog_id {
        let there = blog_members::table.filter(blog_members::blog_id.eq(blog_id));
        there.filter(any_of(db, blog_members::user_id, ids)).select(blog_members::user_id).load(db)?
    } else {
        let of_role = role_permissions::table.on(role_permissions::role.eq(user_roles::role));
        let having = user_roles::table.inner_join(of_role);
        let having = having.filter(role_permissions::permission.eq(ARTICLES_WRITE));
        having.filter(any_of(db, user_roles::user_id, ids)).select(user_roles::user_id).load(db)?
    };
    let there = users::table.filter(any_of(db, users::id, &known)).filter(users::deleted_at.is_null());
    Ok(there.select(users::id).load(db)?.into_iter().collect())
}
