//! Cards as clients write them. A number or a security code is never shown, logged or stored: the types that hold them
//! print nothing of them, and refusals name the field without its value.

use std::fmt;

use poligon_common::Refused;
use poligon_common::input::{Line, Whole};
use poligon_core::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A card.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CardRequest)]
pub(crate) struct Card {
    pub(super) number: Number,
    /// The month in which it expires.
    pub(super) exp_month: Whole<1, 12>,
    /// The year in which it expires.
    pub(super) exp_year: Whole<2000, 2099>,
    #[allow(dead_code)] // for providers that ask for it: the sandbox goes by the number alone
    cvc: Cvc,
    /// The name on it.
    #[schema(value_type = String, min_length = 1, max_length = 100, examples("Grace Hopper"))]
    #[allow(dead_code)] // see `cvc`
    holder: Line<1, 100>,
}

/// The number of a card: 12 to 19 digits with a right check digit (ISO/IEC 7812); spaces may stand between them.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(as = CardNumber, value_type = String, pattern = "^ *([0-9] *){12,19}$", max_length = 40,
    examples("4242 4242 4242 4242"))]
pub(super) struct Number(String);

/// The security code of a card: three or four digits.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(as = CardSecurityCode, value_type = String, pattern = "^[0-9]{3,4}$", examples("123"))]
struct Cvc(());

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("last4", &self.number.last4()).finish_non_exhaustive()
    }
}

impl Card {
    /// Whether its last day is over; it is good until the end of its month, wherever that is last.
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        use chrono::Datelike as _;
        let day = (now - chrono::Duration::hours(12)).utc();
        (self.exp_year.0, self.exp_month.0) < (i64::from(day.year()), i64::from(day.month()))
    }
}

impl TryFrom<String> for Number {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        let is_number = (12..=19).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if !is_number || text.len() > 40 {
            return Err(Refused::new("card_number", "must be 12 to 19 digits"));
        }
        if !has_right_check_digit(&digits) {
            return Err(Refused::new("check_digit", "must be a card number: its last digit does not fit the others"));
        }
        Ok(Self(digits))
    }
}

/// Luhn's rule (ISO/IEC 7812-1, annex B).
fn has_right_check_digit(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([1_u32, 2].into_iter().cycle())
        .map(|(digit, weight)| {
            let value = u32::from(digit - b'0') * weight;
            value / 10 + value % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

impl Number {
    /// All digits: for the provider and nobody else.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// What may be shown of it.
    pub(super) fn last4(&self) -> &str {
        self.0.get(self.0.len() - 4..).unwrap_or_default()
    }

    /// Whose card it is, by its first digits.
    pub(super) fn brand(&self) -> Brand {
        let first = |digits: usize| self.0.get(..digits).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
        match (first(1), first(2), first(3), first(4)) {
            (_, _, _, 2200..=2204) => Brand::Mir,
            (_, 51..=55, _, _) | (_, _, _, 2221..=2720) => Brand::Mastercard,
            (_, 34 | 37, _, _) => Brand::Amex,
            (4, ..) => Brand::Visa,
            (_, 36 | 38, _, _) | (_, _, 300..=305, _) => Brand::Diners,
            (_, _, _, 3528..=3589) => Brand::Jcb,
            (_, 65, _, _) | (_, _, 644..=649, _) | (_, _, _, 6011) => Brand::Discover,
            (_, 62, _, _) => Brand::Unionpay,
            _ => Brand::Other,
        }
    }
}

impl TryFrom<String> for Cvc {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        // Nobody here needs it, so it is not even kept in memory.
        if (3..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self(()));
        }
        Err(Refused::new("cvc", "must be 3 or 4 digits"))
    }
}

/// Whose card it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CardBrand)]
pub(crate) enum Brand {
    /// American Express
    Amex,
    /// Diners Club
    Diners,
    /// Discover
    Discover,
    /// JCB
    Jcb,
    /// Mastercard
    Mastercard,
    /// Mir
    Mir,
    /// `UnionPay`
    Unionpay,
    /// Visa
    Visa,
    /// Another
    Other,
}

impl Brand {
    const ALL: [Self; 9] = [
        Self::Amex,
        Self::Diners,
        Self::Discover,
        Self::Jcb,
        Self::Mastercard,
        Self::Mir,
        Self::Unionpay,
        Self::Visa,
        Self::Other,
    ];

    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Amex => "amex",
            Self::Diners => "diners",
            Self::Discover => "discover",
            Self::Jcb => "jcb",
            Self::Mastercard => "mastercard",
            Self::Mir => "mir",
            Self::Unionpay => "unionpay",
            Self::Visa => "visa",
            Self::Other => "other",
        }
    }

    /// The brand that is stored as `name`.
    pub(crate) fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|brand| brand.name() == name).unwrap_or(Self::Other)
    }
}
