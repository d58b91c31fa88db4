//! The whole tree, near at hand: every article shows where it stands, and every list of a category asks for its id.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::prelude::*;
use poligon_common::{Ctx, Problem, near};
use poligon_core::db::Db;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::events::{CATEGORIES, LISTS};
use crate::schema::content_categories as categories;

/// A category as it is shown beside an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentCategoryLink)]
pub(crate) struct CategoryLink {
    /// Its id.
    id: i64,
    /// Its name in addresses.
    slug: String,
    /// Its name.
    title: String,
}

/// The tree of categories.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    by_id: BTreeMap<i64, Node>,
    by_slug: BTreeMap<String, i64>,
    /// Links, as they are written.
    written: BTreeMap<i64, Vec<u8>>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = categories)]
struct Node {
    id: i64,
    parent_id: Option<i64>,
    slug: String,
    title: String,
    position: i64,
    article_count: i64,
}

impl Node {
    fn link(&self) -> CategoryLink {
        CategoryLink { id: self.id, slug: self.slug.clone(), title: self.title.clone() }
    }
}

/// A category in the whole tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentCategoryNode)]
pub(crate) struct CategoryNode {
    /// Its id.
    id: i64,
    /// The category that it stands in; `null` at the top.
    parent_id: Option<i64>,
    /// From 1 at the top.
    level: usize,
    /// Its name in addresses.
    slug: String,
    /// Its name.
    title: String,
    /// Published articles that stand in it; those of categories below are not counted.
    article_count: i64,
}

/// The whole tree, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentCategoryTree)]
pub(crate) struct CategoryTree {
    /// Each is followed by those that stand in it.
    items: Vec<CategoryNode>,
}

impl Tree {
    fn read(db: &mut Db) -> Result<Self, Error> {
        let nodes: Vec<Node> = categories::table.select(Node::as_select()).load(db)?;
        let by_slug = nodes.iter().map(|node| (node.slug.clone(), node.id)).collect();
        let written = nodes.iter().filter_map(|node| Some((node.id, serde_json::to_vec(&node.link()).ok()?))).collect();
        Ok(Self { by_id: nodes.into_iter().map(|node| (node.id, node)).collect(), by_slug, written })
    }

    /// The categories with these ids, in their order; those that the tree does not have (yet) are left out.
    pub(crate) fn links(&self, ids: &[i64]) -> Vec<CategoryLink> {
        ids.iter().filter_map(|id| self.by_id.get(id)).map(Node::link).collect()
    }

    /// Writes the same into an answer.
    pub(crate) fn write_links(&self, ids: impl Iterator<Item = i64>, out: &mut Vec<u8>) {
        out.push(b'[');
        for (n, link) in ids.filter_map(|id| self.written.get(&id)).enumerate() {
            if n > 0 {
                out.push(b',');
            }
            out.extend_from_slice(link);
        }
        out.push(b']');
    }

    /// The id of the category with this id or slug; `None` for one that the tree does not have.
    pub(crate) fn id_of(&self, id_or_slug: &str) -> Option<i64> {
        match id_or_slug.parse() {
            Ok(id) => self.by_id.contains_key(&id).then_some(id),
            Err(_) => self.by_slug.get(id_or_slug).copied(),
        }
    }

    /// All of it, from top to bottom.
    pub(super) fn flat(&self) -> CategoryTree {
        let mut children: BTreeMap<Option<i64>, Vec<&Node>> = BTreeMap::new();
        for node in self.by_id.values() {
            children.entry(node.parent_id).or_default().push(node);
        }
        for nodes in children.values_mut() {
            nodes.sort_by_key(|node| (node.position, node.id));
        }
        let mut items = Vec::with_capacity(self.by_id.len());
        let below = |parent: Option<i64>, level| {
            let nodes = children.get(&parent).into_iter().flatten().rev();
            nodes.map(move |node| (*node, level)).collect::<Vec<_>>()
        };
        let mut open = below(None, 1);
        while let Some((node, level)) = open.pop() {
            items.push(CategoryNode {
                id: node.id,
                parent_id: node.parent_id,
                level,
                slug: node.slug.clone(),
                title: node.title.clone(),
                article_count: node.article_count,
            });
            open.extend(below(Some(node.id), level + 1));
        }
        CategoryTree { items }
    }
}

/// The tree as it is, or was a moment ago when it was changed by another copy of the gateway.
pub(crate) async fn tree(ctx: &Ctx) -> Result<Arc<Tree>, Problem> {
    let read = async || Ok(ctx.db.read_primary(Tree::read).await?);
    near::value(ctx, &[CATEGORIES, LISTS], "content categories", read).await
}
