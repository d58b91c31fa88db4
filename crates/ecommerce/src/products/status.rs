//! The states of a product, and the moves between them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;

/// The state of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProductStatus)]
pub(crate) enum Status {
    /// Being prepared; only the staff sees it.
    Draft,
    /// For sale.
    Active,
    /// No longer sold; what was bought of it stays known.
    Archived,
}

impl Status {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Archived => "archived",
        }
    }

    /// The state that is stored as `name`. The database holds no other (`CHECK`).
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "active" => Self::Active,
            "archived" => Self::Archived,
            _ => Self::Draft,
        }
    }

    /// Where a product can go from here.
    pub(crate) fn next(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Active, Self::Archived],
            Self::Active => &[Self::Draft, Self::Archived],
            Self::Archived => &[Self::Draft],
        }
    }

    /// Goes to `to`, if there is a way.
    pub(crate) fn change(self, to: Self) -> Result<Self, Error> {
        if self.next().contains(&to) { Ok(to) } else { Err(Error::InvalidTransition(self.name(), to.name())) }
    }
}
