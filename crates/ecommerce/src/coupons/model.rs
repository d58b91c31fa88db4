//! Coupons in the database.

use diesel::prelude::*;
use poligon_common::FieldError;
use poligon_common::money::Money;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::on_each;
use serde::Serialize;
use utoipa::ToSchema;

use super::input::{CouponKind, CouponPatch, CouponRequest};
use crate::categories;
use crate::error::Error;
use crate::pricing::Reduction;
use crate::schema::coupons;

/// A coupon, for the staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CouponResponse {
    /// Its id.
    pub(super) id: i64,
    /// What customers type.
    code: String,
    /// For the staff.
    description: String,
    /// What it takes off.
    kind: CouponKind,
    /// For `percent`.
    percent: Option<i64>,
    /// For `fixed`.
    amount: Option<Money>,
    /// Least that the goods must cost that it is for.
    minimum_spend: Money,
    /// The category that it is for, with everything below it; `null` for everything.
    category_id: Option<i64>,
    /// From when on.
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
    /// Until when.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    /// How often in all.
    max_redemptions: Option<i64>,
    /// How often by one customer.
    max_per_customer: Option<i64>,
    /// How often it was used in orders that were not called off.
    redeemed: i64,
    /// When it was taken out of use.
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
    /// Counts the edits.
    pub(super) version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last edited.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A coupon as rules look at it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = coupons)]
pub(crate) struct Coupon {
    pub(crate) id: i64,
    pub(crate) code: String,
    description: String,
    kind: String,
    value: i64,
    pub(crate) minimum_spend: i64,
    pub(crate) category_id: Option<i64>,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
    pub(crate) max_redemptions: Option<i64>,
    pub(crate) max_per_customer: Option<i64>,
    pub(crate) redeemed: i64,
    pub(crate) archived_at: Option<Timestamp>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Coupon {
    /// What it takes off.
    pub(crate) fn reduction(&self) -> Reduction {
        match CouponKind::of(&self.kind) {
            CouponKind::Percent => Reduction::Percent(self.value),
            CouponKind::Fixed => Reduction::Fixed(self.value),
            CouponKind::FreeShipping => Reduction::FreeShipping,
        }
    }

    /// What it takes off, in a word.
    pub(crate) fn kind(&self) -> CouponKind {
        CouponKind::of(&self.kind)
    }
}

impl From<Coupon> for CouponResponse {
    fn from(row: Coupon) -> Self {
        let kind = row.kind();
        Self {
            id: row.id,
            code: row.code,
            description: row.description,
            kind,
            percent: (kind == CouponKind::Percent).then_some(row.value),
            amount: (kind == CouponKind::Fixed).then(|| Money::of(row.value)),
            minimum_spend: Money::of(row.minimum_spend),
            category_id: row.category_id,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            max_redemptions: row.max_redemptions,
            max_per_customer: row.max_per_customer,
            redeemed: row.redeemed,
            archived_at: row.archived_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The coupon with this id.
pub(crate) fn find_row(db: &mut Db, id: i64) -> Result<Coupon, Error> {
    let row = coupons::table.find(id).select(Coupon::as_select()).get_result(db).optional()?;
    row.ok_or(Error::NotFound)
}

/// The coupon with this code.
pub(crate) fn find_by_code(db: &mut Db, code: &str) -> Result<Option<Coupon>, Error> {
    Ok(coupons::table.filter(coupons::code.eq(code)).select(Coupon::as_select()).get_result(db).optional()?)
}

/// The coupon with this id, as the staff sees it.
pub(super) fn find(db: &mut Db, id: i64) -> Result<CouponResponse, Error> {
    find_row(db, id).map(Into::into)
}

/// Coupons below the id `behind`, the newest first.
pub(super) fn list(db: &mut Db, behind: Option<i64>, most: i64) -> Result<Vec<CouponResponse>, Error> {
    let below = coupons::table.filter(coupons::id.lt(behind.unwrap_or(i64::MAX))).order(coupons::id.desc());
    let rows: Vec<Coupon> = below.limit(most).select(Coupon::as_select()).load(db)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many coupons there are.
pub(super) fn count(db: &mut Db) -> Result<i64, Error> {
    Ok(coupons::table.count().get_result(db)?)
}

/// What a coupon takes off, or every field that contradicts its kind.
fn value_of(new: &CouponRequest) -> Result<i64, Vec<FieldError>> {
    let mut wrong = Vec::new();
    let mut refuse = |given: bool, wanted: bool, name: &str| match (given, wanted) {
        (false, true) => wrong.push(FieldError::new(name, "required", "is required for this kind of coupon")),
        (true, false) => wrong.push(FieldError::new(name, "not_allowed", "is not for this kind of coupon")),
        _ => {}
    };
    refuse(new.percent.is_some(), new.kind == CouponKind::Percent, "/percent");
    refuse(new.amount.is_some(), new.kind == CouponKind::Fixed, "/amount");
    if new.kind == CouponKind::Fixed && new.amount.is_some_and(|amount| amount.0 == 0) {
        wrong.push(FieldError::new("/amount", "range", "must be above 0"));
    }
    if wrong.is_empty() {
        return Ok(new.percent.map(|percent| percent.0).or(new.amount.map(|amount| amount.0)).unwrap_or(0));
    }
    Err(wrong)
}

fn check_period(starts_at: Option<Timestamp>, ends_at: Option<Timestamp>) -> Option<FieldError> {
    let upside_down = starts_at.zip(ends_at).is_some_and(|(start, end)| end <= start);
    upside_down.then(|| FieldError::new("/ends_at", "before_start", "must be after starts_at"))
}

/// Makes a coupon.
pub(super) fn create(db: &mut Db, new: &CouponRequest, now: Timestamp) -> Result<CouponResponse, Error> {
    let mut wrong = Vec::new();
    let value = value_of(new).unwrap_or_else(|fields| {
        wrong.extend(fields);
        0
    });
    wrong.extend(check_period(new.starts_at, new.ends_at));
    if let Some(id) = new.category_id
        && !categories::exists(db, id)?
    {
        wrong.push(FieldError::new("/category_id", "unknown_category", "is not the id of a category"));
    }
    if !wrong.is_empty() {
        return Err(Error::Fields(wrong));
    }
    let values = (
        coupons::code.eq(&new.code.0),
        coupons::description.eq(&new.description.0),
        coupons::kind.eq(new.kind.name()),
        coupons::value.eq(value),
        coupons::minimum_spend.eq(new.minimum_spend.map_or(0, |spend| spend.0)),
        coupons::category_id.eq(new.category_id),
        (coupons::starts_at.eq(new.starts_at), coupons::ends_at.eq(new.ends_at)),
        coupons::max_redemptions.eq(new.max_redemptions.map(|most| most.0)),
        coupons::max_per_customer.eq(new.max_per_customer.map(|most| most.0)),
        coupons::redeemed.eq(0),
        coupons::version.eq(1),
        (coupons::created_at.eq(now), coupons::updated_at.eq(now)),
    );
    let id: Result<i64, _> =
        on_each!(db, c => diesel::insert_into(coupons::table).values(values).returning(coupons::id).get_result(c));
    find(db, id.map_err(|error| taken(error, &new.code.0))?)
}

fn taken(error: diesel::result::Error, code: &str) -> Error {
    let error = DbError::from(error);
    if error.is_unique_violation("coupons", "code") { Error::CouponCodeTaken(code.to_owned()) } else { error.into() }
}

/// Takes the row for this transaction, in the version that `check` accepts.
fn take(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool, now: Timestamp) -> Result<Coupon, Error> {
    let bump = (coupons::version.eq(coupons::version + 1), coupons::updated_at.eq(now));
    if diesel::update(coupons::table.find(id)).set(bump).execute(db)? == 0 {
        return Err(Error::NotFound);
    }
    let row = find_row(db, id)?;
    match (row.archived_at, check(row.version - 1)) {
        (Some(_), _) => Err(Error::NotFound),
        (None, false) => Err(Error::Stale),
        (None, true) => Ok(row),
    }
}

/// Changes a coupon.
pub(super) fn update(
    db: &mut Db,
    id: i64,
    patch: &CouponPatch,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<CouponResponse, Error> {
    let before = take(db, id, check, now)?;
    let starts_at = patch.starts_at.unwrap_or(before.starts_at);
    let ends_at = patch.ends_at.unwrap_or(before.ends_at);
    let most = patch.max_redemptions.map_or(before.max_redemptions, |given| given.map(|most| most.0));
    let mut wrong: Vec<FieldError> = check_period(starts_at, ends_at).into_iter().collect();
    if most.is_some_and(|most| most < before.redeemed) {
        let message = format!("must be at least {}: so often it was used", before.redeemed);
        wrong.push(FieldError::new("/max_redemptions", "range", message));
    }
    if !wrong.is_empty() {
        return Err(Error::Fields(wrong));
    }
    let code = patch.code.as_ref().map_or(&before.code, |code| &code.0);
    let values = (
        coupons::code.eq(code),
        coupons::description.eq(patch.description.as_ref().map_or(&before.description, |text| &text.0)),
        coupons::minimum_spend.eq(patch.minimum_spend.map_or(before.minimum_spend, |spend| spend.0)),
        (coupons::starts_at.eq(starts_at), coupons::ends_at.eq(ends_at)),
        coupons::max_redemptions.eq(most),
        coupons::max_per_customer
            .eq(patch.max_per_customer.map_or(before.max_per_customer, |given| given.map(|most| most.0))),
    );
    diesel::update(coupons::table.find(id)).set(values).execute(db).map_err(|error| taken(error, code))?;
    find(db, id)
}

/// Takes a coupon out of use.
pub(super) fn archive(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool, now: Timestamp) -> Result<(), Error> {
    take(db, id, check, now)?;
    diesel::update(coupons::table.find(id)).set(coupons::archived_at.eq(now)).execute(db)?;
    Ok(())
}
