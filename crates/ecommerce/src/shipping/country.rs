//! Countries, by ISO 3166-1.

use poligon_common::Refused;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Every alpha-2 code that is assigned officially (2026).
const ASSIGNED: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE \
    BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD \
    CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM \
    DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF \
    GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU \
    ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME \
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI \
    SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK \
    TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
    VN VU WF WS YE YT ZA ZM ZW";

/// How a zone says "everywhere else".
pub(crate) const REST: &str = "*";

fn assigned() -> impl Iterator<Item = &'static str> {
    ASSIGNED.split_ascii_whitespace()
}

/// A country: an alpha-2 code that is assigned, in capital letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Country(pub(crate) String);

impl TryFrom<String> for Country {
    type Error = Refused;

    fn try_from(code: String) -> Result<Self, Refused> {
        if assigned().any(|known| known == code) {
            return Ok(Self(code));
        }
        Err(Refused::new("country", "must be a country: two capital letters of ISO 3166-1"))
    }
}

/// A text that is one of these.
fn one_of<'a>(codes: impl Iterator<Item = &'a str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes.map(Value::from))).into()
}

impl PartialSchema for Country {
    fn schema() -> RefOr<Schema> {
        one_of(assigned())
    }
}

impl ToSchema for Country {}

/// A country of a zone, or `*` for the rest of the world.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ZoneCountry(pub(super) String);

impl TryFrom<String> for ZoneCountry {
    type Error = Refused;

    fn try_from(code: String) -> Result<Self, Refused> {
        if code == REST { Ok(Self(code)) } else { Country::try_from(code).map(|country| Self(country.0)) }
    }
}

impl PartialSchema for ZoneCountry {
    fn schema() -> RefOr<Schema> {
        one_of(std::iter::once(REST).chain(assigned()))
    }
}

impl ToSchema for ZoneCountry {}
