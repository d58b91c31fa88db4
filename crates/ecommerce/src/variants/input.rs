//! What a variant is made of, as clients write it.

use std::collections::BTreeMap;

use poligon_common::Refused;
use poligon_common::input::{Prose, Whole, not_null, present};
use poligon_common::money::Price;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::named::{Change, Named, named_values};

/// Most pieces of a variant.
pub(crate) const MOST_PIECES: i64 = 1_000_000_000;

/// A stock keeping unit: 1 to 64 letters, digits, dots, hyphens and underscores.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[A-Za-z0-9._-]{1,64}$", examples("KETTLE-BLUE"))]
pub(crate) struct Sku(pub(crate) String);

impl TryFrom<String> for Sku {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let fits = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        if fits && (1..=64).contains(&text.len()) {
            return Ok(Self(text));
        }
        Err(Refused::new("sku", "must be 1 to 64 letters, digits, dots, hyphens and underscores"))
    }
}

/// Most options of a variant.
const MOST_OPTIONS: usize = 5;

/// At most five options, as `{"size": "M"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "BTreeMap<String, String>")]
#[schema(value_type = BTreeMap<String, String>)]
pub(crate) struct Options(pub(crate) Named);

impl TryFrom<BTreeMap<String, String>> for Options {
    type Error = Refused;

    fn try_from(given: BTreeMap<String, String>) -> Result<Self, Refused> {
        no_colon(given.keys())?;
        Ok(Self(named_values::<MOST_OPTIONS, 100>(given, "options")?))
    }
}

/// A colon stands between name and value where options are filtered by.
fn no_colon<'a>(mut names: impl Iterator<Item = &'a String>) -> Result<(), Refused> {
    if names.any(|name| name.contains(':')) {
        return Err(Refused::new("option", "must not have a colon in a name"));
    }
    Ok(())
}

/// Options as a patch changes them: a value sets one, `null` takes it away, the others stay.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(try_from = "BTreeMap<String, Option<String>>")]
#[schema(value_type = BTreeMap<String, Option<String>>)]
pub(crate) struct OptionsPatch(Change);

impl OptionsPatch {
    /// What `before` becomes by it.
    pub(super) fn apply(&self, before: Named) -> Result<Named, Refused> {
        self.0.apply(before, MOST_OPTIONS, "options")
    }
}

impl TryFrom<BTreeMap<String, Option<String>>> for OptionsPatch {
    type Error = Refused;

    fn try_from(given: BTreeMap<String, Option<String>>) -> Result<Self, Refused> {
        no_colon(given.keys())?;
        Change::of_patch::<MOST_OPTIONS, 100>(given, "options").map(Self)
    }
}

/// A new variant.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VariantRequest {
    /// Its number in the store, unique.
    pub(crate) sku: Sku,
    /// In what it differs from the others.
    #[serde(default)]
    pub(crate) options: Options,
    /// What it costs.
    pub(crate) price: Price,
    /// What it used to cost: above the price.
    pub(crate) compare_at_price: Option<Price>,
    /// Its weight, in grams.
    #[serde(default = "nothing")]
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000, default = 0)]
    pub(crate) weight_g: Whole<0, 1_000_000>,
    /// Whether its pieces are counted; otherwise it is always in stock.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(crate) track_stock: bool,
    /// Most pieces that one order may have; any number when it is left out.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 999)]
    pub(crate) max_per_order: Option<Whole<1, 999>>,
    /// Pieces on hand at the beginning.
    #[serde(default = "none")]
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000_000, default = 0)]
    pub(crate) stock: Whole<0, MOST_PIECES>,
}

fn yes() -> bool {
    true
}

fn nothing() -> Whole<0, 1_000_000> {
    Whole(0)
}

fn none() -> Whole<0, MOST_PIECES> {
    Whole(0)
}

/// What shall change of a variant (RFC 7396).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VariantPatch {
    /// Its number in the store.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) sku: Option<Sku>,
    /// In what it differs from the others: what is named is set, or taken away by `null`; the others stay.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) options: Option<OptionsPatch>,
    /// What it costs.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) price: Option<Price>,
    /// What it used to cost; `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Price>)]
    pub(super) compare_at_price: Option<Option<Price>>,
    /// Its weight, in grams.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000, nullable = false)]
    pub(super) weight_g: Option<Whole<0, 1_000_000>>,
    /// Whether its pieces are counted.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) track_stock: Option<bool>,
    /// Most pieces that one order may have; `null` takes the limit away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 999)]
    pub(super) max_per_order: Option<Option<Whole<1, 999>>>,
}

/// Why a stock was changed by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StockReason {
    /// Came from a supplier.
    Received,
    /// Came back from a customer.
    Returned,
    /// Cannot be sold any more.
    Damaged,
    /// Is not where it should be.
    Lost,
    /// Was counted anew.
    Correction,
}

impl StockReason {
    /// As it is stored.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Returned => "returned",
            Self::Damaged => "damaged",
            Self::Lost => "lost",
            Self::Correction => "correction",
        }
    }
}

/// Pieces that came or went.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockRequest {
    /// Pieces more, or fewer when it is negative; not 0.
    #[schema(value_type = i64, minimum = -1_000_000_000, maximum = 1_000_000_000)]
    pub(super) delta: Delta,
    /// Why.
    pub(super) reason: StockReason,
    /// More about it.
    #[serde(default)]
    #[schema(value_type = String, max_length = 500)]
    pub(super) note: Prose<500>,
}

/// A number of pieces that is not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Delta(pub(super) i64);

impl TryFrom<i64> for Delta {
    type Error = Refused;

    fn try_from(delta: i64) -> Result<Self, Refused> {
        if delta != 0 && (-MOST_PIECES..=MOST_PIECES).contains(&delta) {
            return Ok(Self(delta));
        }
        Err(Refused::new("range", format!("must be -{MOST_PIECES} to {MOST_PIECES}, and not 0")))
    }
}
