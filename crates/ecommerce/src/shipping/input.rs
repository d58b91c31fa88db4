//! What zones and methods are made of, as clients write them.

use std::collections::BTreeSet;

use poligon_common::Refused;
use poligon_common::input::{Line, Prose, Whole, not_null, present};
use poligon_common::money::Price;
use serde::Deserialize;
use utoipa::ToSchema;

use super::country::{REST, ZoneCountry};

/// Most bands of a method.
const MOST_BANDS: usize = 20;
/// Longest delivery, in days.
const LONGEST: i64 = 365;
/// The heaviest parcel, in grams: a thousand tonnes.
pub(super) const HEAVIEST: i64 = 1_000_000_000;

/// The countries of a zone, each once, or `*` alone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "Vec<ZoneCountry>")]
#[schema(as = ZoneCountries, value_type = Vec<ZoneCountry>, min_items = 1, max_items = 249)]
pub(crate) struct Countries(pub(super) BTreeSet<ZoneCountry>);

impl TryFrom<Vec<ZoneCountry>> for Countries {
    type Error = Refused;

    fn try_from(given: Vec<ZoneCountry>) -> Result<Self, Refused> {
        if !(1..=249).contains(&given.len()) {
            return Err(Refused::new("items", "must have 1 to 249 countries"));
        }
        let countries: BTreeSet<ZoneCountry> = given.into_iter().collect();
        if countries.len() > 1 && countries.iter().any(|country| country.0 == REST) {
            return Err(Refused::new("rest", "must be countries, or * alone for the rest of the world"));
        }
        Ok(Self(countries))
    }
}

/// A zone as it shall be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShippingZoneRequest)]
pub(crate) struct ZoneRequest {
    /// Its name, for the staff.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    pub(super) name: Line<1, 100>,
    /// Its countries; each stands in one zone at most. `*` alone is the rest of the world.
    pub(super) countries: Countries,
    /// Sales tax, in basis points of goods after discount plus shipping.
    #[serde(default = "no_tax")]
    #[schema(value_type = i64, minimum = 0, maximum = 10_000, default = 0)]
    pub(super) tax_bp: Whole<0, 10_000>,
}

fn no_tax() -> Whole<0, 10_000> {
    Whole(0)
}

/// What shall change of a zone (RFC 7396).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShippingZonePatch)]
pub(crate) struct ZonePatch {
    /// Its name, for the staff.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, nullable = false)]
    pub(super) name: Option<Line<1, 100>>,
    /// Its countries, replaced as a whole.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) countries: Option<Countries>,
    /// Sales tax, in basis points of goods after discount plus shipping.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 10_000, nullable = false)]
    pub(super) tax_bp: Option<Whole<0, 10_000>>,
}

impl From<ZoneRequest> for ZonePatch {
    fn from(whole: ZoneRequest) -> Self {
        Self { name: Some(whole.name), countries: Some(whole.countries), tax_bp: Some(whole.tax_bp) }
    }
}

/// The code of a method: 1 to 32 small letters, digits, hyphens and underscores.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(as = ShippingCode, value_type = String, pattern = "^[a-z0-9_-]{1,32}$", examples("standard"))]
pub(crate) struct Code(pub(super) String);

impl TryFrom<String> for Code {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let fits = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
        if fits && (1..=32).contains(&text.len()) {
            return Ok(Self(text));
        }
        Err(Refused::new("code", "must be 1 to 32 small letters, digits, hyphens and underscores"))
    }
}

/// What a method costs within bounds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShippingBandRequest)]
pub(crate) struct BandRequest {
    /// The heaviest parcel, in grams; without it any weight.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
    pub(super) max_weight_g: Option<Whole<0, HEAVIEST>>,
    /// The largest value of the goods; without it any value.
    pub(super) max_subtotal: Option<Price>,
    /// What it costs.
    pub(super) price: Price,
}

/// 1 to 20 bands; the first that holds weight and value gives the price.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "Vec<BandRequest>")]
#[schema(as = ShippingBands, value_type = Vec<BandRequest>, min_items = 1, max_items = 20)]
pub(crate) struct Bands(pub(super) Vec<BandRequest>);

impl TryFrom<Vec<BandRequest>> for Bands {
    type Error = Refused;

    fn try_from(given: Vec<BandRequest>) -> Result<Self, Refused> {
        if (1..=MOST_BANDS).contains(&given.len()) {
            return Ok(Self(given));
        }
        Err(Refused::new("items", format!("must have 1 to {MOST_BANDS} bands")))
    }
}

/// A method as it shall be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShippingMethodRequest)]
pub(crate) struct MethodRequest {
    /// Its code, unique in its zone.
    pub(super) code: Code,
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    pub(super) name: Line<1, 100>,
    /// What there is to know of it.
    #[serde(default)]
    #[schema(value_type = String, max_length = 1000)]
    pub(super) description: Prose<1000>,
    /// Whether it is offered.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(super) active: bool,
    /// The days that it takes, at least.
    #[schema(value_type = i64, minimum = 0, maximum = 365)]
    pub(super) min_days: Whole<0, LONGEST>,
    /// The days that it takes, at most; not below `min_days`.
    #[schema(value_type = i64, minimum = 0, maximum = 365)]
    pub(super) max_days: Whole<0, LONGEST>,
    /// The value of the goods from which on it costs nothing.
    pub(super) free_from: Option<Price>,
    /// Its place among the methods of its zone, lowest first; equal ones stand in order of id.
    #[serde(default = "zero")]
    #[schema(value_type = i64, minimum = -1_000_000, maximum = 1_000_000, default = 0)]
    pub(super) position: Whole<-1_000_000, 1_000_000>,
    /// What it costs: the first band that holds weight and value gives the price.
    pub(super) bands: Bands,
}

fn yes() -> bool {
    true
}

fn zero() -> Whole<-1_000_000, 1_000_000> {
    Whole(0)
}

/// What shall change of a method (RFC 7396).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShippingMethodPatch)]
pub(crate) struct MethodPatch {
    /// Its code, unique in its zone.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) code: Option<Code>,
    /// Its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, nullable = false)]
    pub(super) name: Option<Line<1, 100>>,
    /// What there is to know of it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 1000, nullable = false)]
    pub(super) description: Option<Prose<1000>>,
    /// Whether it is offered.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) active: Option<bool>,
    /// The days that it takes, at least.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 365, nullable = false)]
    pub(super) min_days: Option<Whole<0, LONGEST>>,
    /// The days that it takes, at most; not below `min_days`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 365, nullable = false)]
    pub(super) max_days: Option<Whole<0, LONGEST>>,
    /// The value of the goods from which on it costs nothing; `null` for never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Price>)]
    pub(super) free_from: Option<Option<Price>>,
    /// Its place among the methods of its zone.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>, minimum = -1_000_000, maximum = 1_000_000, nullable = false)]
    pub(super) position: Option<Whole<-1_000_000, 1_000_000>>,
    /// What it costs, replaced as a whole.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) bands: Option<Bands>,
}

impl From<MethodRequest> for MethodPatch {
    fn from(whole: MethodRequest) -> Self {
        Self {
            code: Some(whole.code),
            name: Some(whole.name),
            description: Some(whole.description),
            active: Some(whole.active),
            min_days: Some(whole.min_days),
            max_days: Some(whole.max_days),
            free_from: Some(whole.free_from),
            position: Some(whole.position),
            bands: Some(whole.bands),
        }
    }
}
