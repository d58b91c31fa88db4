//! What clients send about cards.

use poligon_common::FieldError;
use poligon_common::input::{FilterId, Ids, Line, Prose, Whole, not_null, present};
use poligon_core::db::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::place::Spot;
use super::priority::Priority;
use crate::error::Error;

/// What is to be done, in a line.
pub(super) type Title = Line<1, 255>;
/// What is to be done, in Markdown.
pub(super) type Description = Prose<20_000>;
/// How much work a card is, in the unit of the team: points, hours.
pub(super) type Estimate = Whole<0, 1000>;

/// Labels of a card.
pub(super) type LabelIds = Ids<0, 20>;
/// People who work on a card.
pub(super) type PersonIds = Ids<0, 20>;

/// A new card.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskCardRequest)]
pub(crate) struct CardRequest {
    /// The board that it belongs to.
    pub(super) board_id: FilterId,
    /// The column that it comes into; the first one without it.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) column_id: Option<FilterId>,
    /// The card of that column below it; it comes to the bottom without this and `after_id`.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) before_id: Option<FilterId>,
    /// The card of that column above it.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) after_id: Option<FilterId>,
    /// Who works on it: people who are in the project.
    #[serde(default)]
    #[schema(value_type = Vec<i64>, max_items = 20)]
    pub(super) assignee_ids: PersonIds,
    /// What is to be done.
    #[schema(value_type = String, min_length = 1, max_length = 255, examples("Checkout accepts a coupon twice"))]
    pub(super) title: Title,
    /// The same at length, in Markdown.
    #[serde(default)]
    #[schema(value_type = String, max_length = 20_000)]
    pub(super) description: Description,
    /// How urgent it is.
    #[serde(default)]
    pub(super) priority: Priority,
    /// Its labels, which are of the same board.
    #[serde(default)]
    #[schema(value_type = Vec<i64>, max_items = 20)]
    pub(super) label_ids: LabelIds,
    /// When work on it is to begin.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) start_at: Option<Timestamp>,
    /// When it is to be done; not before it is begun.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) due_at: Option<Timestamp>,
    /// How much work it is, in the unit of the team: points, hours.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1000)]
    pub(super) estimate: Option<Estimate>,
}

impl CardRequest {
    /// A new card of a board.
    pub(super) fn of(board_id: FilterId, new: NewCard) -> Self {
        Self {
            board_id,
            column_id: new.column_id,
            before_id: new.before_id,
            after_id: new.after_id,
            assignee_ids: new.assignee_ids,
            title: new.title,
            description: new.description,
            priority: new.priority,
            label_ids: new.label_ids,
            start_at: new.start_at,
            due_at: new.due_at,
            estimate: new.estimate,
        }
    }
    /// What it says.
    pub(super) fn content(&self) -> CardContent {
        CardContent {
            title: self.title.clone(),
            description: self.description.clone(),
            priority: self.priority,
            label_ids: self.label_ids.clone(),
            start_at: self.start_at,
            due_at: self.due_at,
            estimate: self.estimate,
        }
    }
}

/// A new card of a board that is named elsewhere.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskNewCard)]
pub(crate) struct NewCard {
    /// The column that it comes into; the first one without it.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) column_id: Option<FilterId>,
    /// The card of that column below it; it comes to the bottom without this and `after_id`.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) before_id: Option<FilterId>,
    /// The card of that column above it.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) after_id: Option<FilterId>,
    /// Who works on it: people who are in the project.
    #[serde(default)]
    #[schema(value_type = Vec<i64>, max_items = 20)]
    pub(super) assignee_ids: PersonIds,
    /// What is to be done.
    #[schema(value_type = String, min_length = 1, max_length = 255, examples("Checkout accepts a coupon twice"))]
    pub(super) title: Title,
    /// The same at length, in Markdown.
    #[serde(default)]
    #[schema(value_type = String, max_length = 20_000)]
    pub(super) description: Description,
    /// How urgent it is.
    #[serde(default)]
    pub(super) priority: Priority,
    /// Its labels, which are of the same board.
    #[serde(default)]
    #[schema(value_type = Vec<i64>, max_items = 20)]
    pub(super) label_ids: LabelIds,
    /// When work on it is to begin.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) start_at: Option<Timestamp>,
    /// When it is to be done; not before it is begun.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) due_at: Option<Timestamp>,
    /// How much work it is, in the unit of the team: points, hours.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1000)]
    pub(super) estimate: Option<Estimate>,
}

/// What a card says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskCardContent)]
pub(crate) struct CardContent {
    /// What is to be done.
    #[schema(value_type = String, min_length = 1, max_length = 255, examples("Checkout accepts a coupon twice"))]
    pub(super) title: Title,
    /// The same at length, in Markdown.
    #[serde(default)]
    #[schema(value_type = String, max_length = 20_000)]
    pub(super) description: Description,
    /// How urgent it is.
    #[serde(default)]
    pub(super) priority: Priority,
    /// Its labels, which are of the same board.
    #[serde(default)]
    #[schema(value_type = Vec<i64>, max_items = 20)]
    pub(super) label_ids: LabelIds,
    /// When work on it is to begin.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) start_at: Option<Timestamp>,
    /// When it is to be done; not before it is begun.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) due_at: Option<Timestamp>,
    /// How much work it is, in the unit of the team: points, hours.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1000)]
    pub(super) estimate: Option<Estimate>,
}

/// What shall change of a card (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskCardPatch)]
pub(crate) struct CardPatch {
    /// What is to be done.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255, nullable = false)]
    pub(super) title: Option<Title>,
    /// The same at length, in Markdown.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 20_000, nullable = false)]
    pub(super) description: Option<Description>,
    /// How urgent it is.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<Priority>, nullable = false)]
    pub(super) priority: Option<Priority>,
    /// Its labels, which are of the same board.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 20, nullable = false)]
    pub(super) label_ids: Option<LabelIds>,
    /// When work on it is to begin.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) start_at: Option<Option<Timestamp>>,
    /// When it is to be done; not before it is begun.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) due_at: Option<Option<Timestamp>>,
    /// How much work it is, in the unit of the team: points, hours.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1000)]
    pub(super) estimate: Option<Option<Estimate>>,
}

/// Where a card shall go.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskMoveRequest)]
#[allow(clippy::struct_field_names)] // the names of the contract
pub(crate) struct MoveRequest {
    /// The column, of the same board.
    pub(super) column_id: FilterId,
    /// The card of that column below it; it comes to the bottom without this and `after_id`.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) before_id: Option<FilterId>,
    /// The card of that column above it.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) after_id: Option<FilterId>,
}

/// The place that is meant by the card below or the card above.
pub(super) fn spot(before_id: Option<FilterId>, after_id: Option<FilterId>) -> Result<Spot, Error> {
    match (before_id, after_id) {
        (None, None) => Ok(Spot::Bottom),
        (Some(id), None) => Ok(Spot::Before(id.0)),
        (None, Some(id)) => Ok(Spot::After(id.0)),
        (Some(_), Some(_)) => Err(Error::Fields(vec![FieldError::new(
            "/after_id",
            "unexpected",
            "stands instead of before_id, not beside it",
        )])),
    }
}

/// Who shall work on a card.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskAssignRequest)]
pub(crate) struct AssignRequest {
    /// All who do from now on: people who are in the project.
    #[schema(value_type = Vec<i64>, max_items = 20)]
    pub(super) user_ids: PersonIds,
}
