//! A branch of the tree, its orders, and where its pages end.

use poligon_common::Problem;
use poligon_common::page::Page;
use serde::{Deserialize, Serialize};

use super::input::Sort;
use super::view::Row;

/// The direct replies of a comment, or of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Branch {
    #[serde(rename = "p")]
    pub(super) post_id: i64,
    #[serde(rename = "c")]
    pub(super) parent_id: Option<i64>,
}

/// Where a page of a branch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    #[serde(flatten)]
    branch: Branch,
    #[serde(rename = "s")]
    sort: Sort,
    /// The reactions of the last comment; as many as there were then.
    #[serde(rename = "k")]
    pub(super) score: i64,
    #[serde(rename = "i")]
    pub(super) id: i64,
}

impl Cursor {
    /// The cursor of a page of this branch, in this order.
    pub(super) fn of(page: &Page, branch: Branch, sort: Sort) -> Result<Option<Self>, Problem> {
        let cursor = page.after::<Self>()?;
        if cursor.is_none_or(|cursor| cursor.branch == branch && cursor.sort == sort) {
            return Ok(cursor);
        }
        Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list, or of another order"))
    }

    /// Behind this comment.
    pub(super) fn behind(row: &Row, sort: Sort) -> Self {
        let branch = Branch { post_id: row.post_id, parent_id: row.parent_id };
        Self { branch, sort, score: row.score, id: row.id }
    }
}
