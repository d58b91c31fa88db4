//! Zones and methods as they are shown.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::money::Money;
use poligon_core::db::{Db, Json, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::schema::{shipping_bands, shipping_methods, shipping_zones};

/// Where the shop ships to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ShippingZoneResponse)]
pub(crate) struct ZoneResponse {
    /// Its id.
    pub(super) id: i64,
    /// Its name, for the staff.
    name: String,
    /// Its countries, as ISO 3166-1 alpha-2; `*` is the rest of the world.
    countries: Vec<String>,
    /// Sales tax, in basis points of goods after discount plus shipping.
    tax_bp: i64,
    /// How the shop ships there, in order of position; what is not active is for the staff only.
    methods: Vec<MethodResponse>,
    /// Counts the edits of the zone itself.
    pub(super) version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// How the shop ships to a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ShippingMethodResponse)]
pub(crate) struct MethodResponse {
    /// Its id.
    pub(super) id: i64,
    /// Its zone.
    zone_id: i64,
    /// Its code within its zone.
    code: String,
    /// Its name.
    name: String,
    /// What there is to know of it.
    description: String,
    /// Whether it is offered.
    active: bool,
    /// The days that it takes, at least.
    min_days: i64,
    /// The days that it takes, at most.
    max_days: i64,
    /// The value of the goods from which on it costs nothing; `null` for never.
    free_from: Option<Money>,
    /// Its place among the methods of its zone, lowest first.
    position: i64,
    /// What it costs: the first that holds weight and value gives the price.
    bands: Vec<BandResponse>,
    /// Counts its edits.
    pub(super) version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// What a method costs within bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ShippingBandResponse)]
pub(crate) struct BandResponse {
    /// The heaviest parcel, in grams; `null` for any weight.
    max_weight_g: Option<i64>,
    /// The largest value of the goods; `null` for any value.
    max_subtotal: Option<Money>,
    /// What it costs.
    price: Money,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = shipping_zones)]
struct ZoneRow {
    id: i64,
    name: String,
    countries: Json<Vec<String>>,
    tax_bp: i64,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = shipping_methods)]
pub(super) struct MethodRow {
    id: i64,
    pub(super) zone_id: i64,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) active: bool,
    pub(super) min_days: i64,
    pub(super) max_days: i64,
    pub(super) free_from: Option<i64>,
    pub(super) position: i64,
    pub(super) version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

type Bands = BTreeMap<i64, Vec<BandResponse>>;
type Methods = BTreeMap<i64, Vec<MethodResponse>>;

impl MethodRow {
    fn shown(self, bands: &mut Bands) -> MethodResponse {
        MethodResponse {
            id: self.id,
            zone_id: self.zone_id,
            code: self.code,
            name: self.name,
            description: self.description,
            active: self.active,
            min_days: self.min_days,
            max_days: self.max_days,
            free_from: self.free_from.map(Money::of),
            position: self.position,
            bands: bands.remove(&self.id).unwrap_or_default(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl ZoneRow {
    fn shown(self, methods: &mut Methods) -> ZoneResponse {
        ZoneResponse {
            id: self.id,
            name: self.name,
            countries: self.countries.0,
            tax_bp: self.tax_bp,
            methods: methods.remove(&self.id).unwrap_or_default(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The bands of these methods, by method.
fn bands_of(db: &mut Db, method_ids: &[i64]) -> Result<Bands, Error> {
    let columns =
        (shipping_bands::method_id, shipping_bands::max_weight_g, shipping_bands::max_subtotal, shipping_bands::price);
    let rows: Vec<(i64, Option<i64>, Option<i64>, i64)> = shipping_bands::table
        .filter(shipping_bands::method_id.eq_any(method_ids))
        .order((shipping_bands::method_id, shipping_bands::position))
        .select(columns)
        .load(db)?;
    let mut bands = Bands::new();
    for (method_id, max_weight_g, max_subtotal, price) in rows {
        let max_subtotal = max_subtotal.map(Money::of);
        bands.entry(method_id).or_default().push(BandResponse { max_weight_g, max_subtotal, price: Money::of(price) });
    }
    Ok(bands)
}

/// The methods of these zones, by zone; those that are not active for the staff only.
fn methods_of(db: &mut Db, zone_ids: &[i64], staff: bool) -> Result<Methods, Error> {
    let rows: Vec<MethodRow> = shipping_methods::table
        .filter(shipping_methods::zone_id.eq_any(zone_ids))
        .filter(shipping_methods::archived_at.is_null())
        .order((shipping_methods::zone_id, shipping_methods::position, shipping_methods::id))
        .select(MethodRow::as_select())
        .load(db)?;
    let rows: Vec<MethodRow> = rows.into_iter().filter(|row| staff || row.active).collect();
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut bands = bands_of(db, &ids)?;
    let mut methods = Methods::new();
    for row in rows {
        methods.entry(row.zone_id).or_default().push(row.shown(&mut bands));
    }
    Ok(methods)
}

/// Zones in order of id, behind `after`, with methods and bands: three queries, whatever the page.
pub(super) fn list_zones(db: &mut Db, after: i64, most: i64, staff: bool) -> Result<Vec<ZoneResponse>, Error> {
    let rows: Vec<ZoneRow> = shipping_zones::table
        .filter(shipping_zones::archived_at.is_null())
        .filter(shipping_zones::id.gt(after))
        .order(shipping_zones::id)
        .limit(most)
        .select(ZoneRow::as_select())
        .load(db)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut methods = methods_of(db, &ids, staff)?;
    Ok(rows.into_iter().map(|row| row.shown(&mut methods)).collect())
}

/// How many zones there are.
pub(super) fn count_zones(db: &mut Db) -> Result<i64, Error> {
    Ok(shipping_zones::table.filter(shipping_zones::archived_at.is_null()).count().get_result(db)?)
}

/// One zone with its methods.
pub(super) fn find_zone(db: &mut Db, id: i64, staff: bool) -> Result<ZoneResponse, Error> {
    let row = shipping_zones::table.find(id).filter(shipping_zones::archived_at.is_null());
    let row: ZoneRow = row.select(ZoneRow::as_select()).first(db).optional()?.ok_or(Error::NotFound)?;
    Ok(row.shown(&mut methods_of(db, &[id], staff)?))
}

/// The row of a method that is not archived.
pub(super) fn find_method_row(db: &mut Db, id: i64) -> Result<MethodRow, Error> {
    let row = shipping_methods::table.find(id).filter(shipping_methods::archived_at.is_null());
    row.select(MethodRow::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// One method; one that is not active for the staff only.
pub(super) fn find_method(db: &mut Db, id: i64, staff: bool) -> Result<MethodResponse, Error> {
    let row = find_method_row(db, id)?;
    if !staff && !row.active {
        return Err(Error::NotFound);
    }
    Ok(row.shown(&mut bands_of(db, &[id])?))
}
