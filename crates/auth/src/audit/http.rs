//! The security log over HTTP.

use actix_web::Responder;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, Problem, Query};
use poligon_core::db::{DbError, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use super::model::{AuditEntry, AuditFilter, count_entries, list_entries};
use crate::input::{FilterId, FilterText};

/// Which entries are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditParams {
    /// What was done, exactly (`login`, `access_denied`, …).
    #[param(value_type = Option<String>, max_length = 64)]
    action: Option<FilterText<64>>,
    /// How it ended.
    #[param(inline)]
    outcome: Option<OutcomeParam>,
    /// Who did it.
    #[param(value_type = Option<i64>, minimum = 1)]
    actor_id: Option<FilterId>,
    /// To whom.
    #[param(value_type = Option<i64>, minimum = 1)]
    subject_id: Option<FilterId>,
    /// Not before this instant (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this instant (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// How something ended.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutcomeParam {
    /// It was done.
    Success,
    /// Wrong credentials or tokens.
    Failure,
    /// It was refused.
    Denied,
}

impl OutcomeParam {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Denied => "denied",
        }
    }
}

/// The security log, newest first.
#[utoipa::path(get, path = "/audit", params(PageParams, AuditParams),
    responses((status = 200, description = "One page", body = Listing<AuditEntry>)))]
pub(crate) async fn list_audit(
    ctx: Ctx,
    page: Page,
    Query(params): Query<AuditParams>,
) -> Result<impl Responder, Problem> {
    let filter = AuditFilter {
        action: params.action.map(|action| action.0),
        outcome: params.outcome.map(|outcome| outcome.as_str().to_owned()),
        actor_id: params.actor_id.map(|id| id.0),
        subject_id: params.subject_id.map(|id| id.0),
        from: params.from,
        to: params.to,
    };
    let (after, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(count_entries(db, &filter)?) } else { None };
        Ok::<_, DbError>((list_entries(db, &filter, after, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |entry| entry.id))
}
