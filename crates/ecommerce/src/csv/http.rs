//! The catalogue as CSV over HTTP.

use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse};
use futures_util::{StreamExt as _, stream};
use poligon_common::answer::Answer;
use poligon_common::extract::{BodyHash, Pace, Spool, Spooled, refuse_encoded};
use poligon_common::idempotency::{Begun, Idempotency};
use poligon_common::problem::kinds;
use poligon_common::{Ctx, CurrentUser, FieldError, Problem, Query};
use poligon_core::db::Db;
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use utoipa::IntoParams;

use super::export::{head, piece};
use super::import::{ImportFailure, Mode, import};
use super::plan::Terms;
use super::rows::Report;
use super::store::Store;
use crate::error::Error;

/// Most bytes of a file.
const MOST_BYTES: u64 = 200 * 1024 * 1024;
/// Longest that a file of the most rows takes, on a slow machine.
const LONGEST: Duration = Duration::from_mins(10);
/// One import at a time in each process: each has a thread, and half of them would wait for the other half.
static TURN: Semaphore = Semaphore::const_new(1);

/// The whole catalogue: a row for each variant that is not archived, in order of products. Products that change while
/// it is sent may be there as they were before or after. Text that a spreadsheet would take for a formula has `'` put
/// before it, which the import takes away again.
#[utoipa::path(get, path = "/catalogue/export",
    responses((status = 200, description = "The catalogue", content((String = "text/csv")))))]
pub(crate) async fn export_catalogue(ctx: Ctx) -> Result<HttpResponse, Problem> {
    // The first piece before the status is said: a database that fails is told as such.
    let first = ctx.db.read(|db| piece(db, 0)).await?;
    let rest = stream::try_unfold((ctx, first), |(ctx, found)| async move {
        let Some((rows, last)) = found else { return Ok::<_, Error>(None) };
        let next = ctx.db.read(move |db| piece(db, last)).await?;
        Ok(Some((Bytes::from(rows), (ctx, next))))
    });
    let whole = stream::once(async { Ok(Bytes::from(head())) }).chain(rest);
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, "text/csv; charset=utf-8; header=present"));
    response.insert_header((CONTENT_DISPOSITION, "attachment; filename=\"catalogue.csv\""));
    Ok(response.streaming(whole))
}

/// What happens when rows are bad.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportParams {
    /// `all_or_nothing` changes nothing when a row is bad; `skip_bad` leaves bad rows out.
    #[param(inline, default = "all_or_nothing")]
    #[serde(default)]
    mode: Option<Mode>,
}

/// A body of CSV in a file, at most 200 MiB.
pub(crate) struct CsvBody(Spooled);

impl FromRequest for CsvBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let declared = req.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
            let essence = declared.split(';').next().unwrap_or_default().trim();
            if !essence.eq_ignore_ascii_case("text/csv") {
                return Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE).detail("send the body as text/csv"));
            }
            refuse_encoded(&req)?;
            let ctx = Ctx::of(&req)?;
            let file = spool(&ctx, payload).await?;
            // What is done with the file is part of what was asked for.
            let asked = format!("{}\n{}", file.hash, req.query_string());
            req.extensions_mut().insert(BodyHash(ctx.keys.body_fingerprints(asked.as_bytes())));
            Ok(Self(file))
        })
    }
}

async fn spool(ctx: &Ctx, mut payload: Payload) -> Result<Spooled, Problem> {
    let mut pace = Pace::new(Duration::from_millis(ctx.config.server.body_timeout_ms));
    let mut spool = Spool::new(&ctx.config.data_dir.0).await?;
    while let Some(piece) = pace.wait(payload.next()).await? {
        let piece = piece.map_err(|_| Problem::new(&kinds::BAD_REQUEST).detail("the body could not be read"))?;
        pace.came(piece.len());
        spool.add(&piece).await?;
        if spool.length() > MOST_BYTES {
            return Err(Problem::new(&kinds::PAYLOAD_TOO_LARGE).detail(format!("the file is over {MOST_BYTES} bytes")));
        }
    }
    spool.finish().await
}

/// Makes and changes products and variants by a file; columns and rules are those of the export. It takes its time:
/// 100,000 rows some ten seconds to a minute. With `skip_bad`, what was written before a failure stays. Sending a file
/// again sets everything that it names to what it says, the stock too, whatever was sold in between: leave that column
/// out where this is not meant, or send an `Idempotency-Key`, with which a file that was taken is not taken again.
#[utoipa::path(post, path = "/catalogue/import", params(ImportParams),
    request_body(content = String, content_type = "text/csv",
        description = "UTF-8, with the names of the columns in the first line, at most 200 MiB and 1,000,000 rows"),
    responses((status = 200, description = "What became of the rows", body = Report)))]
pub(crate) async fn import_catalogue(
    ctx: Ctx,
    user: CurrentUser,
    Query(params): Query<ImportParams>,
    key: Idempotency,
    CsvBody(mut body): CsvBody,
) -> Result<HttpResponse, Problem> {
    let claim = match key.lasting(LONGEST).begin(&ctx).await? {
        Begun::Done(answer) => return Ok(answer),
        Begun::Fresh(claim) => claim,
    };
    let turn = TURN.try_acquire().map_err(|_| {
        let wait = Problem::new(&kinds::OVERLOADED).detail("another file is being imported");
        wait.retry_after(Duration::from_secs(10))
    })?;
    let terms = Terms { actor: Some(user.user_id), may_change_stock: user.may("stock:write"), now: ctx.clock.now() };
    let mode = params.mode.unwrap_or_default();
    let mut store = Store::Shared(ctx.0.clone(), Handle::current());
    let span = tracing::Span::current();
    let work = tokio::task::spawn_blocking(move || {
        let _held = turn; // also when the client leaves
        let finish = |db: &mut Db, report: &Report| {
            if claim.note(db, Answer::ok(report.clone()))? { Ok(()) } else { Err(ImportFailure::Taken) }
        };
        let outcome = span.in_scope(|| import(&mut store, &mut body.file, mode, terms, (&finish, &|_, _| {})));
        (outcome, claim)
    });
    let (outcome, claim) = work.await.map_err(|e| Problem::internal(&e))?;
    claim.end().await?;
    Ok(Answer::ok(outcome?).into_response())
}

/// How a failure is told.
pub(super) fn problem_of(failure: ImportFailure) -> Problem {
    match failure {
        ImportFailure::Bad(report) => {
            let pointer = |row: u64, column: &str| match column {
                "" => format!("/{row}"),
                column => format!("/{row}/{column}"),
            };
            let errors = report.errors.into_iter();
            let errors: Vec<FieldError> =
                errors.map(|e| FieldError::new(pointer(e.row, &e.column), &e.code, e.message)).collect();
            let detail = format!("{} errors in {} rows; nothing was changed", report.errors_total, report.rows);
            Problem::invalid(errors).detail(detail).with("errors_total", report.errors_total)
        }
        ImportFailure::Stopped(_) => Problem::unavailable("the service, which is about to stop,"),
        ImportFailure::Taken => Problem::new(&kinds::IDEMPOTENCY_IN_FLIGHT).retry_after(Duration::from_secs(1)),
        ImportFailure::File(error) => Problem::internal(&error),
        ImportFailure::Other(error) => error.into(),
    }
}
