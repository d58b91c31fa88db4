//! Money: whole minor units and a currency. No floating point anywhere near it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Refused;

/// The currency that everything is sold in (ISO 4217).
pub const CURRENCY: &str = "USD";
/// The largest price or amount, in minor units: ten billion dollars.
pub const MOST: i64 = 1_000_000_000_000;

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Money {
    /// Minor units (cents).
    #[schema(examples(129_900))]
    pub amount: i64,
    /// ISO 4217.
    #[schema(examples("USD"))]
    pub currency: &'static str,
}

impl Money {
    /// So many minor units of the shop's currency.
    pub fn of(amount: i64) -> Self {
        Self { amount, currency: CURRENCY }
    }
}

/// An amount that a client names: 0 to [`MOST`], in the shop's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "GivenMoney")]
pub struct Price(pub i64);

/// An amount of money as a client writes it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Price)]
struct GivenMoney {
    /// Minor units (cents).
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, examples(129_900))]
    amount: i64,
    /// ISO 4217; the shop sells in one currency.
    #[schema(pattern = "^USD$", examples("USD"))]
    currency: String,
}

impl TryFrom<GivenMoney> for Price {
    type Error = Refused;

    fn try_from(given: GivenMoney) -> Result<Self, Refused> {
        if given.currency != CURRENCY {
            return Err(Refused::new("currency", format!("must be in {CURRENCY}")));
        }
        if !(0..=MOST).contains(&given.amount) {
            return Err(Refused::new("range", format!("must have an amount of 0 to {MOST}")));
        }
        Ok(Self(given.amount))
    }
}

impl utoipa::PartialSchema for Price {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        GivenMoney::schema()
    }
}

impl ToSchema for Price {
    fn name() -> std::borrow::Cow<'static, str> {
        GivenMoney::name()
    }
}
