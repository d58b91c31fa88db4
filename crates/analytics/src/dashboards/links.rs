//! Links by which anybody sees a dashboard, with what its owner may see, until they are revoked or over.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use poligon_core::schema::users;
use poligon_core::security::tokens::fingerprint;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{Access, Row, Viewer, row, take};
use super::shares::require_owner;
use crate::error::Error;
use crate::schema::dashboard_links;

/// Links of a dashboard at most.
pub(super) const MOST: i64 = 20;

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = dashboard_links)]
pub(crate) struct DashboardLink {
    /// Its id.
    pub(super) id: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Until when it leads to the dashboard; `null` until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// The links of a dashboard, the first first; its owner asks.
pub(super) fn list(
    db: &mut Db,
    id: i64,
    viewer: &Viewer,
    (behind, most): (i64, i64),
) -> Result<(Vec<DashboardLink>, i64), Error> {
    require_owner(db, id, viewer)?;
    let of_this = dashboard_links::table.filter(dashboard_links::dashboard_id.eq(id));
    let total = of_this.count().get_result(db)?;
    let page = of_this.filter(dashboard_links::id.gt(behind)).order(dashboard_links::id).limit(most);
    Ok((page.select(DashboardLink::as_select()).load(db)?, total))
}

/// Makes a link that carries `token`; the owner does. Those that are over go.
pub(super) fn create(
    db: &mut Db,
    id: i64,
    viewer: &Viewer,
    (token, expires_at): (&str, Option<Timestamp>),
    now: Timestamp,
) -> Result<DashboardLink, Error> {
    take(db, id, viewer, Access::Owner)?;
    if expires_at.is_some_and(|end| end <= now) {
        return Err(Error::field("/expires_at", "past", "must be in the future"));
    }
    let of_this = dashboard_links::table.filter(dashboard_links::dashboard_id.eq(id));
    diesel::delete(of_this.filter(dashboard_links::expires_at.le(now))).execute(db)?;
    let total: i64 = of_this.count().get_result(db)?;
    if total >= MOST {
        return Err(Error::TooManyLinks);
    }
    let values = (
        dashboard_links::dashboard_id.eq(id),
        dashboard_links::token_hash.eq(fingerprint(token)),
        dashboard_links::created_at.eq(now),
        dashboard_links::expires_at.eq(expires_at),
    );
    let id: i64 = on_each!(db, c => diesel::insert_into(dashboard_links::table)
        .values(values).returning(dashboard_links::id).get_result(c))?;
    Ok(dashboard_links::table.find(id).select(DashboardLink::as_select()).first(db)?)
}

/// Revokes a link; the owner does.
pub(super) fn remove(db: &mut Db, id: i64, viewer: &Viewer, link_id: i64) -> Result<(), Error> {
    take(db, id, viewer, Access::Owner)?;
    let of_this = dashboard_links::table.filter(dashboard_links::dashboard_id.eq(id));
    let removed = diesel::delete(of_this.filter(dashboard_links::id.eq(link_id))).execute(db)?;
    if removed == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// The dashboard that a token leads to, while its owner may log in.
pub(super) fn follow(db: &mut Db, token: &str, now: Timestamp) -> Result<Row, Error> {
    let live = dashboard_links::expires_at.is_null().or(dashboard_links::expires_at.gt(now));
    let link = dashboard_links::table.filter(dashboard_links::token_hash.eq(fingerprint(token))).filter(live);
    let id: Option<i64> = link.select(dashboard_links::dashboard_id).first(db).optional()?;
    let found = row(db, id.ok_or(Error::NotFound)?)?;
    let owner =
        users::table.find(found.owner_id).filter(users::locked_at.is_null()).filter(users::deleted_at.is_null());
    if diesel::select(diesel::dsl::exists(owner)).get_result(db)? { Ok(found) } else { Err(Error::NotFound) }
}
