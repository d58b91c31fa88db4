//! Making, changing and removing zones and methods.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use poligon_core::on_each;

use super::input::{Bands, Code, Countries, MethodPatch, MethodRequest, ZonePatch, ZoneRequest};
use super::view::find_method_row;
use crate::error::Error;
use crate::events::shipping_changed;
use crate::schema::{shipping_bands, shipping_methods, shipping_zone_countries, shipping_zones};

/// Most methods of a zone, so that a page of zones is bounded.
const MOST_METHODS: i64 = 20;

fn names(countries: &Countries) -> Vec<String> {
    countries.0.iter().map(|country| country.0.clone()).collect()
}

/// Makes a zone; answers its id.
pub(super) fn create_zone(db: &mut Db, new: &ZoneRequest, now: Timestamp) -> Result<i64, Error> {
    let values = (
        shipping_zones::name.eq(&new.name.0),
        shipping_zones::countries.eq(Json(names(&new.countries))),
        shipping_zones::tax_bp.eq(new.tax_bp.0),
        shipping_zones::version.eq(1),
        shipping_zones::created_at.eq(now),
        shipping_zones::updated_at.eq(now),
    );
    let id: i64 = on_each!(db, c =>
        diesel::insert_into(shipping_zones::table).values(values).returning(shipping_zones::id).get_result(c))?;
    claim(db, id, names(&new.countries))?;
    shipping_changed(db, now)?;
    Ok(id)
}

/// Gives a zone, which has none, its countries, unless another zone has one of them. Whoever claims the same country at
/// the same time waits here for the outcome.
fn claim(db: &mut Db, id: i64, countries: Vec<String>) -> Result<(), Error> {
    use shipping_zone_countries::dsl;
    let rows: Vec<_> = countries.iter().map(|country| (dsl::country.eq(country), dsl::zone_id.eq(id))).collect();
    let claimed = on_each!(db, c =>
        diesel::insert_into(dsl::shipping_zone_countries).values(rows).on_conflict_do_nothing().execute(c))?;
    if claimed == countries.len() {
        return Ok(());
    }
    let of_others = dsl::shipping_zone_countries.filter(dsl::country.eq_any(countries)).filter(dsl::zone_id.ne(id));
    Err(Error::CountryTaken(of_others.order(dsl::country).select(dsl::country).load(db)?))
}

/// Takes a zone for this transaction, in the version that `check` accepts.
fn take_zone(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool, now: Timestamp) -> Result<(), Error> {
    let row = shipping_zones::table.find(id).filter(shipping_zones::archived_at.is_null());
    let bump = (shipping_zones::version.eq(shipping_zones::version + 1), shipping_zones::updated_at.eq(now));
    if diesel::update(row).set(bump).execute(db)? == 0 {
        return Err(Error::NotFound);
    }
    let version: i64 = shipping_zones::table.find(id).select(shipping_zones::version).get_result(db)?;
    if check(version - 1) { Ok(()) } else { Err(Error::Stale) }
}

/// Changes a zone.
pub(super) fn update_zone(
    db: &mut Db,
    id: i64,
    patch: &ZonePatch,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    take_zone(db, id, check, now)?;
    let row = || shipping_zones::table.find(id);
    if let Some(name) = &patch.name {
        diesel::update(row()).set(shipping_zones::name.eq(&name.0)).execute(db)?;
    }
    if let Some(tax_bp) = patch.tax_bp {
        diesel::update(row()).set(shipping_zones::tax_bp.eq(tax_bp.0)).execute(db)?;
    }
    if let Some(countries) = &patch.countries {
        diesel::update(row()).set(shipping_zones::countries.eq(Json(names(countries)))).execute(db)?;
        release(db, id)?;
        claim(db, id, names(countries))?;
    }
    shipping_changed(db, now)?;
    Ok(())
}

/// Frees the countries of a zone.
fn release(db: &mut Db, id: i64) -> Result<(), Error> {
    let of_zone = shipping_zone_countries::table.filter(shipping_zone_countries::zone_id.eq(id));
    diesel::delete(of_zone).execute(db)?;
    Ok(())
}

/// Archives a zone with its methods: orders refer to them for good.
pub(super) fn delete_zone(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool, now: Timestamp) -> Result<(), Error> {
    take_zone(db, id, check, now)?;
    diesel::update(shipping_zones::table.find(id)).set(shipping_zones::archived_at.eq(now)).execute(db)?;
    let methods = shipping_methods::table
        .filter(shipping_methods::zone_id.eq(id))
        .filter(shipping_methods::archived_at.is_null());
    diesel::update(methods).set(shipping_methods::archived_at.eq(now)).execute(db)?;
    release(db, id)?;
    shipping_changed(db, now)?;
    Ok(())
}

fn check_days(min_days: i64, max_days: i64) -> Result<(), Error> {
    if max_days >= min_days {
        return Ok(());
    }
    Err(Error::field("/max_days", "below_min_days", "must not be below min_days"))
}

fn code_taken(error: DbError, code: &str) -> Error {
    let taken = error.is_unique_violation("shipping_methods", "code");
    if taken { Error::ShippingCodeTaken(code.to_owned()) } else { error.into() }
}

/// Makes a method of a zone; answers its id.
pub(super) fn create_method(db: &mut Db, zone_id: i64, new: &MethodRequest, now: Timestamp) -> Result<i64, Error> {
    check_days(new.min_days.0, new.max_days.0)?;
    lock_zone(db, zone_id)?;
    let of_zone = shipping_methods::table
        .filter(shipping_methods::zone_id.eq(zone_id))
        .filter(shipping_methods::archived_at.is_null());
    if of_zone.count().get_result::<i64>(db)? >= MOST_METHODS {
        return Err(Error::TooManyMethods(MOST_METHODS));
    }
    let Code(code) = &new.code;
    let values = (
        shipping_methods::zone_id.eq(zone_id),
        shipping_methods::code.eq(code),
        shipping_methods::name.eq(&new.name.0),
        shipping_methods::description.eq(&new.description.0),
        shipping_methods::active.eq(new.active),
        (shipping_methods::min_days.eq(new.min_days.0), shipping_methods::max_days.eq(new.max_days.0)),
        shipping_methods::free_from.eq(new.free_from.map(|price| price.0)),
        shipping_methods::position.eq(new.position.0),
        shipping_methods::version.eq(1),
        shipping_methods::created_at.eq(now),
        shipping_methods::updated_at.eq(now),
    );
    let inserted: Result<i64, _> = on_each!(db, c =>
        diesel::insert_into(shipping_methods::table).values(values).returning(shipping_methods::id).get_result(c));
    let id = inserted.map_err(|error| code_taken(error.into(), code))?;
    write_bands(db, id, &new.bands)?;
    shipping_changed(db, now)?;
    Ok(id)
}

/// Takes a zone for this transaction without counting an edit of it: its methods take turns.
fn lock_zone(db: &mut Db, id: i64) -> Result<(), Error> {
    let row = shipping_zones::table.find(id).filter(shipping_zones::archived_at.is_null());
    let same = shipping_zones::version.eq(shipping_zones::version);
    if diesel::update(row).set(same).execute(db)? == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Writes the bands of a method, which has none.
fn write_bands(db: &mut Db, id: i64, bands: &Bands) -> Result<(), Error> {
    let rows: Vec<_> = (1_i64..)
        .zip(&bands.0)
        .map(|(position, band)| {
            (
                shipping_bands::method_id.eq(id),
                shipping_bands::position.eq(position),
                shipping_bands::max_weight_g.eq(band.max_weight_g.map(|weight| weight.0)),
                shipping_bands::max_subtotal.eq(band.max_subtotal.map(|subtotal| subtotal.0)),
                shipping_bands::price.eq(band.price.0),
            )
        })
        .collect();
    on_each!(db, c => diesel::insert_into(shipping_bands::table).values(rows).execute(c))?;
    Ok(())
}

/// Takes a method for this transaction, in the version that `check` accepts.
fn take_method(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool, now: Timestamp) -> Result<(), Error> {
    let row = shipping_methods::table.find(id).filter(shipping_methods::archived_at.is_null());
    let bump = (shipping_methods::version.eq(shipping_methods::version + 1), shipping_methods::updated_at.eq(now));
    if diesel::update(row).set(bump).execute(db)? == 0 {
        return Err(Error::NotFound);
    }
    let version: i64 = shipping_methods::table.find(id).select(shipping_methods::version).get_result(db)?;
    if check(version - 1) { Ok(()) } else { Err(Error::Stale) }
}

/// Changes a method.
pub(super) fn update_method(
    db: &mut Db,
    id: i64,
    patch: &MethodPatch,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    take_method(db, id, check, now)?;
    let before = find_method_row(db, id)?;
    let min_days = patch.min_days.map_or(before.min_days, |days| days.0);
    let max_days = patch.max_days.map_or(before.max_days, |days| days.0);
    check_days(min_days, max_days)?;
    let code = patch.code.as_ref().map_or(&before.code, |code| &code.0);
    let values = (
        shipping_methods::code.eq(code),
        shipping_methods::name.eq(patch.name.as_ref().map_or(&before.name, |name| &name.0)),
        shipping_methods::description.eq(patch.description.as_ref().map_or(&before.description, |text| &text.0)),
        shipping_methods::active.eq(patch.active.unwrap_or(before.active)),
        (shipping_methods::min_days.eq(min_days), shipping_methods::max_days.eq(max_days)),
        shipping_methods::free_from.eq(patch.free_from.map_or(before.free_from, |given| given.map(|price| price.0))),
        shipping_methods::position.eq(patch.position.map_or(before.position, |position| position.0)),
    );
    let updated = diesel::update(shipping_methods::table.find(id)).set(values).execute(db);
    updated.map_err(|error| code_taken(error.into(), code))?;
    if let Some(bands) = &patch.bands {
        diesel::delete(shipping_bands::table.filter(shipping_bands::method_id.eq(id))).execute(db)?;
        write_bands(db, id, bands)?;
    }
    shipping_changed(db, now)?;
    Ok(())
}

/// Archives a method: orders refer to it for good.
pub(super) fn delete_method(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool, now: Timestamp) -> Result<(), Error> {
    take_method(db, id, check, now)?;
    diesel::update(shipping_methods::table.find(id)).set(shipping_methods::archived_at.eq(now)).execute(db)?;
    shipping_changed(db, now)?;
    Ok(())
}
