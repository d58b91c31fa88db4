//! Column types that mean the same on both databases: instants and JSON documents.

use std::io::Write as _;

use chrono::{DateTime, Datelike as _, Duration, SecondsFormat, SubsecRound as _, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{HasSqlType, SqlType, Text};
use diesel::sqlite::Sqlite;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

use super::connection::{MultiBackend, MultiRawValue};
use super::instant_text;

/// SQL type of an instant: `timestamptz` on PostgreSQL, RFC 3339 text on SQLite.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Text"))]
pub struct Instant;

/// SQL type of a JSON document: `jsonb` on PostgreSQL, text on SQLite.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 3802, array_oid = 3807))]
#[diesel(sqlite_type(name = "Text"))]
pub struct Jsonb;

impl HasSqlType<Instant> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<Instant>(lookup)
    }
}

impl HasSqlType<Jsonb> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<Jsonb>(lookup)
    }
}

/// An instant in UTC with millisecond precision: the precision at which it is stored and shown, so that a value
/// read back equals the value written on either database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow, Deserialize)]
#[diesel(sql_type = Instant)]
#[serde(try_from = "Given")]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The instant as a `chrono` value.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down (the unit of JWT claims).
    pub fn seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// The instant so many milliseconds after 1970-01-01T00:00:00Z; `None` outside of the years 0000 to 9999.
    pub fn from_millis(millis: i64) -> Option<Self> {
        DateTime::from_timestamp_millis(millis).and_then(|value| Self::checked(value).ok())
    }

    /// How long after `earlier` this instant is; negative when it is before.
    pub fn since(self, earlier: Self) -> Duration {
        self.0 - earlier.0
    }
}

/// The years of RFC 3339 and of the text that SQLite stores: four digits.
const YEARS: std::ops::RangeInclusive<i32> = 0..=9999;

/// A text that is no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadInstant {
    /// Not of the form of RFC 3339.
    #[error(transparent)]
    Form(#[from] chrono::ParseError),
    /// Of another year than 0000 to 9999, which can neither be written nor stored.
    #[error("the year must have four digits (RFC 3339)")]
    Year,
}

/// An instant as it is read, before its year is looked at.
#[derive(Deserialize)]
struct Given(DateTime<Utc>);

impl TryFrom<Given> for Timestamp {
    type Error = BadInstant;
    fn try_from(given: Given) -> Result<Self, BadInstant> {
        Self::checked(given.0)
    }
}

impl Timestamp {
    /// The instant, when it can be written and stored. A leap second is the first of the next minute, as PostgreSQL has it.
    fn checked(value: DateTime<Utc>) -> Result<Self, BadInstant> {
        let value = DateTime::from_timestamp_millis(value.timestamp_millis()).ok_or(BadInstant::Year)?;
        if YEARS.contains(&value.year()) { Ok(Self(value)) } else { Err(BadInstant::Year) }
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(value: DateTime<Utc>) -> Self {
        Self(value.trunc_subsecs(3))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, rhs: Duration) -> Self {
        Self::from(self.0 + rhs)
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, rhs: Duration) -> Self {
        Self::from(self.0 - rhs)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match instant_text::written(self.0) {
            Some(text) => f.write_str(text.as_str()),
            None => f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true)),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match instant_text::written(self.0) {
            Some(text) => serializer.serialize_str(text.as_str()),
            None => serializer.collect_str(self),
        }
    }
}

impl std::str::FromStr for Timestamp {
    type Err = BadInstant;
    fn from_str(text: &str) -> Result<Self, BadInstant> {
        match instant_text::read(text) {
            Some(value) => Self::checked(value),
            None => Self::checked(DateTime::parse_from_rfc3339(text)?.with_timezone(&Utc)),
        }
    }
}

/// PostgreSQL counts microseconds from 2000-01-01T00:00:00Z; this is that moment in Unix microseconds.
const PG_EPOCH_MICROS: i64 = 946_684_800_000_000;

impl ToSql<Instant, Pg> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&(self.0.timestamp_micros() - PG_EPOCH_MICROS).to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Instant, Pg> for Timestamp {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = i64::from_be_bytes(value.as_bytes().try_into()?);
        let unix = micros.checked_add(PG_EPOCH_MICROS).ok_or("timestamptz out of range")?;
        Ok(Self::from(DateTime::from_timestamp_micros(unix).ok_or("timestamptz out of range")?))
    }
}

impl ToSql<Instant, Sqlite> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.to_string());
        Ok(IsNull::No)
    }
}

impl FromSql<Instant, Sqlite> for Timestamp {
    fn from_sql(value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(<String as FromSql<Text, Sqlite>>::from_sql(value)?.parse()?)
    }
}

impl ToSql<Instant, MultiBackend> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Instant, self));
        Ok(IsNull::No)
    }
}

impl FromSql<Instant, MultiBackend> for Timestamp {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, Instant>()
    }
}

/// Any serde value stored as a JSON document.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow, Serialize, Deserialize)]
#[diesel(sql_type = Jsonb)]
#[serde(transparent)]
pub struct Json<T: std::fmt::Debug + Send + Sync + 'static>(pub T);

/// The first byte of PostgreSQL's binary `jsonb`: its format version.
const JSONB_VERSION: u8 = 1;

impl<T: Serialize + std::fmt::Debug + Send + Sync> ToSql<Jsonb, Pg> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[JSONB_VERSION])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned + std::fmt::Debug + Send + Sync> FromSql<Jsonb, Pg> for Json<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes().split_first() {
            Some((&JSONB_VERSION, json)) => Ok(Self(serde_json::from_slice(json)?)),
            _ => Err("unknown jsonb format".into()),
        }
    }
}

/// What a query has made into JSON: see [`super::nested`].
impl<T: DeserializeOwned + std::fmt::Debug + Send + Sync> FromSql<Text, Pg> for Json<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(value.as_bytes())?))
    }
}

impl<T: Serialize + std::fmt::Debug + Send + Sync> ToSql<Jsonb, Sqlite> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned + std::fmt::Debug + Send + Sync> FromSql<Jsonb, Sqlite> for Json<T> {
    fn from_sql(value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        Ok(Self(serde_json::from_str(&text)?))
    }
}

impl<T: Serialize + DeserializeOwned + std::fmt::Debug + Send + Sync> ToSql<Jsonb, MultiBackend> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Jsonb, self));
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned + std::fmt::Debug + Send + Sync> FromSql<Jsonb, MultiBackend> for Json<T> {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, Jsonb>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_second_is_the_first_of_the_next_minute() {
        let read = |text: &str| text.parse::<Timestamp>().map(|value| value.to_string());
        assert_eq!(read("2016-12-31T23:59:60Z").unwrap(), "2017-01-01T00:00:00.000Z");
        assert_eq!(read("2016-12-31T23:59:60.25Z").unwrap(), "2017-01-01T00:00:00.250Z");
        assert_eq!(read("1969-12-31T23:59:59.9999Z").unwrap(), "1969-12-31T23:59:59.999Z");
        assert_eq!(read("9999-12-31T23:59:60Z"), Err(BadInstant::Year));
    }
}
