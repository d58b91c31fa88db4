//! The whole tree, near at hand: every product shows where it stands, and every list of a category asks what is below.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::prelude::*;
use poligon_common::{Ctx, Problem, near};
use poligon_core::db::Db;

use super::model::CategoryLink;
use crate::error::Error;
use crate::events::CATEGORIES;
use crate::schema::categories;

/// The tree of categories.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    by_id: BTreeMap<i64, Node>,
    by_slug: BTreeMap<String, i64>,
}

#[derive(Debug, Clone, Queryable)]
struct Node {
    id: i64,
    slug: String,
    title: String,
    path: String,
}

impl Tree {
    fn read(db: &mut Db) -> Result<Self, Error> {
        let columns = (categories::id, categories::slug, categories::title, categories::path);
        let nodes: Vec<Node> = categories::table.select(columns).load(db)?;
        let by_slug = nodes.iter().map(|node| (node.slug.clone(), node.id)).collect();
        Ok(Self { by_id: nodes.into_iter().map(|node| (node.id, node)).collect(), by_slug })
    }

    /// The categories from the top down to this one; `None` for one that the tree does not have (yet).
    pub(crate) fn breadcrumbs(&self, id: i64) -> Option<Vec<CategoryLink>> {
        let path = &self.by_id.get(&id)?.path;
        let nodes = path.split('/').filter_map(|id| self.by_id.get(&id.parse().ok()?));
        Some(
            nodes
                .map(|node| CategoryLink { id: node.id, slug: node.slug.clone(), title: node.title.clone() })
                .collect(),
        )
    }

    /// The ids of a category and of everything below it, in order; `None` for one that the tree does not have (yet).
    pub(crate) fn below(&self, id_or_slug: &str) -> Option<Vec<i64>> {
        let id = id_or_slug.parse().ok().or_else(|| self.by_slug.get(id_or_slug).copied())?;
        let path = &self.by_id.get(&id)?.path;
        Some(self.by_id.values().filter(|node| node.path.starts_with(path)).map(|node| node.id).collect())
    }
}

/// The tree as it is, or was a moment ago when it was changed by another copy of the gateway.
pub(crate) async fn tree(ctx: &Ctx) -> Result<Arc<Tree>, Problem> {
    near::value(ctx, &[CATEGORIES], "categories", async || Ok(ctx.db.read_primary(Tree::read).await?)).await
}
