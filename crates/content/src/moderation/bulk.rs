//! Many decisions in one request, each in a transaction of its own.

use poligon_common::problem::ProblemBody;
use poligon_common::{Ctx, FieldError, Problem};
use poligon_core::db::Db;
use serde::Serialize;
use utoipa::ToSchema;

use super::decide::decide;
use super::input::DecisionRequest;
use super::view::{CaseResponse, find_many};
use crate::error::Error;
use crate::events::{forget_article, forget_taxonomy};

/// Where they are sent, as problems name it.
const PATH: &str = "/api/content/moderation/decisions";

/// What has become of one decision.
#[derive(Debug, Clone)]
pub(super) struct Made {
    case_id: i64,
    refused: Option<Problem>,
}

/// What has become of a decision.
#[derive(Serialize, ToSchema)]
#[schema(as = ContentDecisionResult)]
pub(crate) struct DecisionResult {
    /// Its place among the decisions, from 0.
    index: usize,
    /// The case that was named.
    case_id: i64,
    /// The case as it is behind all of them; `null` when there is none.
    case: Option<CaseResponse>,
    /// Why it was not decided, as the answer to a request of its own would say; `null` when it was.
    problem: Option<ProblemBody>,
}

/// What has become of all.
#[derive(Serialize, ToSchema)]
#[schema(as = ContentDecisionResults)]
pub(crate) struct DecisionsResponse {
    /// How many were made.
    done: usize,
    /// How many were not.
    failed: usize,
    /// Each, in their order.
    results: Vec<DecisionResult>,
}

/// Makes decisions one after the other, in their order.
pub(super) async fn decide_all(ctx: &Ctx, asked: Vec<DecisionRequest>, moderator: i64) -> Vec<Made> {
    let mut all = Vec::with_capacity(asked.len());
    for one in asked {
        let (case_id, now) = (one.case_id.0, ctx.clock.now());
        let decided: Result<Option<i64>, Error> = ctx.db.write(move |db| decide(db, &one, moderator, now)).await;
        let refused = match decided {
            Ok(article_id) => {
                match article_id {
                    Some(id) => forget_article(ctx, id),
                    None => forget_taxonomy(ctx), // a file may be shown in many places
                }
                None
            }
            Err(error) => Some(error.into()),
        };
        all.push(Made { case_id, refused });
    }
    all
}

/// Tells what has become of them.
pub(super) fn tell(db: &mut Db, made: &[Made], moderator: i64, request_id: &str) -> Result<DecisionsResponse, Error> {
    let cases = find_many(db, &made.iter().map(|one| one.case_id).collect::<Vec<_>>(), moderator)?;
    let result = |(index, one): (usize, &Made)| DecisionResult {
        index,
        case_id: one.case_id,
        case: cases.iter().find(|case| case.id == one.case_id).cloned(),
        problem: one.refused.as_ref().map(|problem| body(problem, index, request_id)),
    };
    let results: Vec<DecisionResult> = made.iter().enumerate().map(result).collect();
    let failed = made.iter().filter(|one| one.refused.is_some()).count();
    Ok(DecisionsResponse { done: made.len() - failed, failed, results })
}

fn body(problem: &Problem, index: usize, request_id: &str) -> ProblemBody {
    let kind = problem.kind();
    let inner = |field: &FieldError| {
        let pointer = format!("/decisions/{index}{}", field.pointer);
        FieldError { pointer, ..field.clone() }
    };
    ProblemBody {
        r#type: format!("/problems/{}", kind.code),
        title: kind.title.to_owned(),
        status: kind.status,
        code: kind.code.to_owned(),
        detail: problem.message().to_owned(),
        instance: PATH.to_owned(),
        request_id: request_id.to_owned(),
        errors: problem.fields().iter().map(inner).collect(),
    }
}
