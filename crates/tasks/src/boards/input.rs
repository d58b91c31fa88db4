//! What clients send about boards.

use poligon_common::Refused;
use poligon_common::input::{FilterId, Line, Prose, Whole, not_null, present};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::kind::ColumnType;
use super::templates::Template;

/// A new board.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoardRequest {
    /// The project that it belongs to.
    pub(super) project_id: FilterId,
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 100, examples("Checkout"))]
    pub(super) name: Line<1, 100>,
    /// What it is for.
    #[serde(default)]
    #[schema(value_type = String, max_length = 2000)]
    pub(super) description: Prose<2000>,
    /// Which columns and labels it begins with; `kanban` without it.
    #[serde(default)]
    pub(super) template: Template,
}

/// What shall change of a board (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoardPatch {
    /// Its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, nullable = false)]
    pub(super) name: Option<Line<1, 100>>,
    /// What it is for.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 2000, nullable = false)]
    pub(super) description: Option<Prose<2000>>,
}

/// Which boards are asked for.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BoardParams {
    /// Of one project only.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) project_id: Option<FilterId>,
}

/// Most cards that stand in a column at the same time.
pub(crate) type WipLimit = Whole<1, 1000>;
/// A place among the columns, from 1.
pub(super) type Place = Whole<1, 30>;

/// A new column.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnRequest {
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 50, examples("In progress"))]
    pub(super) name: Line<1, 50>,
    /// What a card in it is.
    #[serde(rename = "type")]
    pub(super) kind: ColumnType,
    /// Most cards that stand in it at the same time; no limit without it.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    pub(super) wip_limit: Option<WipLimit>,
    /// Its place, from 1 at the left; the last one without it, and when there are not so many.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 30)]
    pub(super) position: Option<Place>,
}

/// What shall change of a column (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnPatch {
    /// Its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50, nullable = false)]
    pub(super) name: Option<Line<1, 50>>,
    /// What a card in it is: reports see its cards so from the beginning on.
    #[serde(default, rename = "type", deserialize_with = "not_null")]
    #[schema(value_type = Option<ColumnType>, nullable = false)]
    pub(super) kind: Option<ColumnType>,
    /// Most cards that stand in it at the same time; `null` for no limit. Cards that stand there stay.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    pub(super) wip_limit: Option<Option<WipLimit>>,
    /// Its place, from 1 at the left; the last one when there are not so many.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 30, nullable = false)]
    pub(super) position: Option<Place>,
}

/// A colour: `#` and six hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^#[0-9a-fA-F]{6}$", examples("#0072b2"))]
pub(crate) struct Color(pub(super) String);

impl TryFrom<String> for Color {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        match digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())) {
            Some(_) => Ok(Self(text.to_ascii_lowercase())),
            None => Err(Refused::new("color", "must be # and six hexadecimal digits")),
        }
    }
}

/// A new label.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelRequest {
    /// Its name, unlike any other of the board.
    #[schema(value_type = String, min_length = 1, max_length = 50, examples("Bug"))]
    pub(super) name: Line<1, 50>,
    /// Its colour.
    pub(super) color: Color,
}

/// What shall change of a label (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelPatch {
    /// Its name, unlike any other of the board.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50, nullable = false)]
    pub(super) name: Option<Line<1, 50>>,
    /// Its colour.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<Color>, nullable = false)]
    pub(super) color: Option<Color>,
}
