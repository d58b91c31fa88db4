//! Reviews as they are shown, and who sees them: everybody those that are approved, of products for sale; their authors
//! and moderators every one.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::CurrentUser;
use poligon_core::db::{Db, Timestamp};
use poligon_core::users::{UserSummary, find_users};
use serde::Serialize;
use utoipa::ToSchema;

use super::status::Status;
use crate::error::Error;
use crate::permissions::REVIEWS_MODERATE;
use crate::schema::{products, review_votes, reviews};

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Viewer {
    /// `None` when nobody is logged in.
    pub(super) user_id: Option<i64>,
    pub(super) moderator: bool,
}

impl Viewer {
    pub(super) fn of(user: Option<&CurrentUser>) -> Self {
        let moderator = user.is_some_and(|user| user.may(REVIEWS_MODERATE));
        Self { user_id: user.map(|user| user.user_id), moderator }
    }

    fn is(self, user_id: i64) -> bool {
        self.user_id == Some(user_id)
    }
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ReviewResponse {
    /// Its id.
    pub(super) id: i64,
    /// What it is about.
    product: ReviewedProduct,
    /// Who wrote it.
    author: ReviewAuthor,
    /// Stars, 1 to 5.
    rating: i64,
    /// What it says in one line.
    title: String,
    /// The rest, in Markdown.
    body: String,
    /// Its state.
    status: Status,
    /// The states that this caller may bring it to.
    next_statuses: Vec<Status>,
    /// Whether the author has received the product.
    verified: bool,
    /// Votes for it.
    helpful_count: i64,
    /// Votes against it.
    unhelpful_count: i64,
    /// Whether this caller has found it helpful; `null` without a vote of theirs.
    my_vote: Option<bool>,
    /// What a moderator told the author, for both of them.
    moderation_note: Option<String>,
    /// When a moderator decided on it, for moderators and the author.
    #[schema(value_type = Option<String>, format = DateTime)]
    moderated_at: Option<Timestamp>,
    /// Counts the changes.
    pub(super) version: i64,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed, by its author or a moderator.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// What a review is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ReviewedProduct {
    /// Its id.
    id: i64,
    /// Its name in addresses.
    slug: String,
    /// Its name.
    title: String,
}

/// Who wrote a review. Who has left is shown without a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ReviewAuthor {
    /// The person's id.
    id: i64,
    /// The unique name.
    username: String,
    /// The name for people.
    display_name: String,
    /// Where the picture is.
    avatar_url: Option<String>,
}

impl From<UserSummary> for ReviewAuthor {
    fn from(user: UserSummary) -> Self {
        let UserSummary { id, username, display_name, avatar_url } = user;
        Self { id, username, display_name, avatar_url }
    }
}

/// A row, with the product's slug, title and state.
pub(super) type Joined = (Row, (String, String, String));

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = reviews)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) product_id: i64,
    pub(super) user_id: i64,
    pub(super) rating: i64,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) status: String,
    verified: bool,
    helpful_count: i64,
    unhelpful_count: i64,
    pub(super) score: i64,
    moderation_note: String,
    moderated_at: Option<Timestamp>,
    pub(super) version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    pub(super) fn status(&self) -> Status {
        Status::of(&self.status)
    }

    /// The rating as far as it counts.
    pub(super) fn counted(&self) -> Option<i64> {
        (self.status() == Status::Approved).then_some(self.rating)
    }
}

/// The row of a review that `viewer` may know of.
pub(super) fn find_visible(db: &mut Db, id: i64, viewer: Viewer) -> Result<Joined, Error> {
    let row = reviews::table.inner_join(products::table).filter(reviews::id.eq(id));
    let columns = (Row::as_select(), (products::slug, products::title, products::status));
    let row: Joined = row.select(columns).get_result(db).optional()?.ok_or(Error::NotFound)?;
    let is_public = row.0.status() == Status::Approved && row.1.2 == "active";
    if is_public || viewer.moderator || viewer.is(row.0.user_id) { Ok(row) } else { Err(Error::NotFound) }
}

/// One review, as `viewer` sees it.
pub(super) fn find(db: &mut Db, id: i64, viewer: Viewer) -> Result<ReviewResponse, Error> {
    let row = find_visible(db, id, viewer)?;
    let shown = show(db, vec![row], viewer)?;
    shown.into_iter().next().ok_or(Error::NotFound)
}

/// Reviews as `viewer` sees them: two more queries at most, however many they are.
pub(super) fn show(db: &mut Db, rows: Vec<Joined>, viewer: Viewer) -> Result<Vec<ReviewResponse>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut author_ids: Vec<i64> = rows.iter().map(|(row, _)| row.user_id).collect();
    author_ids.sort_unstable();
    author_ids.dedup();
    let authors: BTreeMap<i64, UserSummary> =
        find_users(db, &author_ids)?.into_iter().map(|user| (user.id, user)).collect();
    let votes = votes_of(db, &rows, viewer)?;
    let shown = rows.into_iter().filter_map(|(row, product)| {
        let author = authors.get(&row.user_id)?.clone(); // a review has an author (foreign key)
        let vote = votes.get(&row.id).copied();
        Some(shown(row, product, author.into(), vote, viewer))
    });
    Ok(shown.collect())
}

/// The viewer's own votes on these reviews.
fn votes_of(db: &mut Db, rows: &[Joined], viewer: Viewer) -> Result<BTreeMap<i64, bool>, Error> {
    let Some(user_id) = viewer.user_id else { return Ok(BTreeMap::new()) };
    let ids: Vec<i64> = rows.iter().map(|(row, _)| row.id).collect();
    let votes = review_votes::table
        .filter(review_votes::review_id.eq_any(ids))
        .filter(review_votes::user_id.eq(user_id))
        .select((review_votes::review_id, review_votes::helpful));
    let votes: Vec<(i64, bool)> = votes.load(db)?;
    Ok(votes.into_iter().collect())
}

fn shown(
    row: Row,
    (slug, title, _): (String, String, String),
    author: ReviewAuthor,
    my_vote: Option<bool>,
    viewer: Viewer,
) -> ReviewResponse {
    let status = row.status();
    let inner = viewer.moderator || viewer.is(row.user_id);
    ReviewResponse {
        id: row.id,
        product: ReviewedProduct { id: row.product_id, slug, title },
        author,
        rating: row.rating,
        title: row.title,
        body: row.body,
        status,
        next_statuses: if viewer.moderator { status.next().to_vec() } else { Vec::new() },
        verified: row.verified,
        helpful_count: row.helpful_count,
        unhelpful_count: row.unhelpful_count,
        my_vote,
        moderation_note: Some(row.moderation_note).filter(|note| inner && !note.is_empty()),
        moderated_at: row.moderated_at.filter(|_| inner),
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
