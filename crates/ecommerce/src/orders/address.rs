//! Addresses: as clients write them, as orders keep them, and what cannot be an address of its country.

use poligon_common::FieldError;
use poligon_common::input::Line;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::shipping::Country;

/// Where something goes, or who pays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Address)]
pub(crate) struct AddressRequest {
    /// The person's name.
    #[schema(value_type = String, min_length = 1, max_length = 100, examples("Ann Archer"))]
    name: Line<1, 100>,
    /// Street and number.
    #[schema(value_type = String, min_length = 1, max_length = 200, examples("1 Main Street"))]
    line1: Line<1, 200>,
    /// More of it.
    line2: Option<Line<1, 200>>,
    /// City or town.
    #[schema(value_type = String, min_length = 1, max_length = 100, examples("Springfield"))]
    city: Line<1, 100>,
    /// State, province or region; for the United States and Canada two letters.
    region: Option<Line<1, 100>>,
    /// Postal code, in the form of the country.
    postal_code: Option<Line<1, 20>>,
    /// The country (ISO 3166-1 alpha-2).
    pub(super) country: Country,
    /// Telephone.
    phone: Option<Line<3, 32>>,
}

/// Where something goes, or who pays, as it was when the order was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderAddress)]
pub(crate) struct Address {
    /// The person's name.
    name: String,
    /// Street and number.
    line1: String,
    /// More of it.
    line2: Option<String>,
    /// City or town.
    city: String,
    /// State, province or region.
    region: Option<String>,
    /// Postal code.
    postal_code: Option<String>,
    /// The country (ISO 3166-1 alpha-2).
    pub(crate) country: String,
    /// Telephone.
    phone: Option<String>,
}

impl From<AddressRequest> for Address {
    fn from(given: AddressRequest) -> Self {
        Self {
            name: given.name.0,
            line1: given.line1.0,
            line2: given.line2.map(|line| line.0),
            city: given.city.0,
            region: given.region.map(|region| region.0),
            postal_code: given.postal_code.map(|code| code.0),
            country: given.country.0,
            phone: given.phone.map(|phone| phone.0),
        }
    }
}

/// Postal codes: `9` stands for a digit, `A` for a letter, everything else for itself. Countries that are not listed
/// have none, or any.
const POSTAL_CODES: [(&str, &[&str]); 12] = [
    ("US", &["99999", "99999-9999"]),
    ("CA", &["A9A 9A9", "A9A9A9"]),
    ("DE", &["99999"]),
    ("FR", &["99999"]),
    ("IT", &["99999"]),
    ("ES", &["99999"]),
    ("FI", &["99999"]),
    ("PL", &["99-999"]),
    ("NL", &["9999 AA", "9999AA"]),
    ("JP", &["999-9999"]),
    ("RU", &["999999"]),
    ("IN", &["999999"]),
];

/// What of an address cannot be one of its country; pointers begin with `at`.
pub(super) fn check(address: &AddressRequest, at: &str) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    let country = address.country.0.as_str();
    if let Some((_, forms)) = POSTAL_CODES.iter().find(|(code, _)| *code == country) {
        let given = address.postal_code.as_ref().map_or("", |code| code.0.as_str());
        if !forms.iter().any(|form| has_form(given, form)) {
            let message = format!("must have the form {} in {country}", forms.join(" or "));
            wrong.push(FieldError::new(format!("{at}/postal_code"), "postal_code", message));
        }
    }
    let region = address.region.as_ref().map_or("", |region| region.0.as_str());
    if matches!(country, "US" | "CA") && !has_form(region, "AA") {
        let message = format!("must be the two letters of a state or province in {country}");
        wrong.push(FieldError::new(format!("{at}/region"), "region", message));
    }
    wrong
}

fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(given, wanted)| match wanted {
            b'9' => given.is_ascii_digit(),
            b'A' => given.is_ascii_alphabetic(),
            other => given == other,
        })
}
