//! Reading the security log.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use poligon_core::schema::audit_log;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One entry of the security log.
#[derive(Debug, Clone, Queryable, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// Its number.
    pub(crate) id: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What was done or tried.
    action: String,
    /// How it ended: `success`, `failure` or `denied`.
    outcome: String,
    /// Who did it, if known.
    actor_id: Option<i64>,
    /// To whom.
    subject_id: Option<i64>,
    /// From which address.
    address: String,
    /// With which client.
    user_agent: String,
    /// In which request.
    request_id: String,
    /// The particulars.
    #[schema(value_type = Object)]
    details: Json<Value>,
}

/// Which entries are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditFilter {
    pub(crate) action: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) actor_id: Option<i64>,
    pub(crate) subject_id: Option<i64>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

type Filtered<'a> = audit_log::BoxedQuery<'a, poligon_core::db::MultiBackend>;

fn filtered<'a>(filter: &AuditFilter) -> Filtered<'a> {
    let mut query = audit_log::table.into_boxed();
    if let Some(action) = &filter.action {
        query = query.filter(audit_log::action.eq(action.clone()));
    }
    if let Some(outcome) = &filter.outcome {
        query = query.filter(audit_log::outcome.eq(outcome.clone()));
    }
    if let Some(actor) = filter.actor_id {
        query = query.filter(audit_log::actor_id.eq(actor));
    }
    if let Some(subject) = filter.subject_id {
        query = query.filter(audit_log::subject_id.eq(subject));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_log::at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit_log::at.lt(to));
    }
    query
}

/// Entries, newest first, below the id `after`.
pub(crate) fn list_entries(
    db: &mut Db,
    filter: &AuditFilter,
    after: Option<i64>,
    most: i64,
) -> Result<Vec<AuditEntry>, DbError> {
    let query = filtered(filter).filter(audit_log::id.lt(after.unwrap_or(i64::MAX)));
    Ok(query.order(audit_log::id.desc()).limit(most).load(db)?)
}

/// How many entries there are.
pub(crate) fn count_entries(db: &mut Db, filter: &AuditFilter) -> Result<i64, DbError> {
    Ok(filtered(filter).count().get_result(db)?)
}
