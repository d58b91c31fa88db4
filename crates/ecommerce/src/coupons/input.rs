//! Coupons as clients write them.

use poligon_common::Refused;
use poligon_common::input::{Remark, Whole, not_null, present};
use poligon_common::money::Price;
use poligon_core::db::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The code of a coupon: 3 to 32 letters, digits and hyphens; small letters count as capital ones.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[A-Za-z0-9-]{3,32}$", examples("SPRING-10"))]
pub(crate) struct CouponCode(pub(crate) String);

impl TryFrom<String> for CouponCode {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let fits = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits && (3..=32).contains(&text.len()) {
            return Ok(Self(text.to_ascii_uppercase()));
        }
        Err(Refused::new("coupon_code", "must be 3 to 32 letters, digits and hyphens"))
    }
}

/// What a coupon takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CouponKind {
    /// A part of the goods that it is for.
    Percent,
    /// An amount, at most what the goods cost that it is for.
    Fixed,
    /// The shipping.
    FreeShipping,
}

impl CouponKind {
    /// As it is stored.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::Fixed => "fixed",
            Self::FreeShipping => "free_shipping",
        }
    }

    /// The kind that is stored as `name`; the database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        match name {
            "percent" => Self::Percent,
            "fixed" => Self::Fixed,
            _ => Self::FreeShipping,
        }
    }
}

/// A new coupon.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CouponRequest {
    /// What customers type.
    pub(super) code: CouponCode,
    /// For the staff.
    #[serde(default)]
    pub(super) description: Remark,
    /// What it takes off.
    pub(super) kind: CouponKind,
    /// For `percent`: 1 to 100.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 100)]
    pub(super) percent: Option<Whole<1, 100>>,
    /// For `fixed`.
    pub(super) amount: Option<Price>,
    /// Least that the goods must cost that it is for.
    pub(super) minimum_spend: Option<Price>,
    /// The category that it is for, with everything below it; everything when it is left out.
    #[schema(minimum = 1)]
    pub(super) category_id: Option<i64>,
    /// From when on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) starts_at: Option<Timestamp>,
    /// Until when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) ends_at: Option<Timestamp>,
    /// How often in all; any number when it is left out.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
    pub(super) max_redemptions: Option<Whole<0, 1_000_000_000>>,
    /// How often by one customer; any number when it is left out.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1_000_000)]
    pub(super) max_per_customer: Option<Whole<1, 1_000_000>>,
}

/// What shall change of a coupon (RFC 7396). What it takes off stays as it is.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CouponPatch {
    /// What customers type.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) code: Option<CouponCode>,
    /// For the staff.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) description: Option<Remark>,
    /// Least that the goods must cost that it is for.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) minimum_spend: Option<Price>,
    /// From when on; `null` for always.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) starts_at: Option<Option<Timestamp>>,
    /// Until when; `null` for ever.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) ends_at: Option<Option<Timestamp>>,
    /// How often in all, not below what was used; `null` for any number.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
    pub(super) max_redemptions: Option<Option<Whole<0, 1_000_000_000>>>,
    /// How often by one customer; `null` for any number.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1_000_000)]
    pub(super) max_per_customer: Option<Option<Whole<1, 1_000_000>>>,
}
