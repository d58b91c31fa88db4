//! Reports over HTTP, and the export of a board.

use std::str::FromStr;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::etag::Tagged;
use poligon_common::html::{Language, PageQuery};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::routes::preferred;
use poligon_common::{Ctx, CurrentUser, Id, Path, Path2, Problem, Query};
use poligon_core::db::{Db, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::export::{self, BoardExport, TransitionResponse};
use super::{
    BurndownReport, BurnupReport, CumulativeFlowReport, CycleTimeReport, EstimateAccuracyReport, History,
    LeadTimeReport, Options, OverdueReport, Range, Report, ReportParams, ThroughputReport, TimeInColumnReport,
    WorkloadReport, load,
};
use crate::boards;
use crate::error::Error;

/// What a chart may do: nothing but look as it does.
const CHART_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// A kind of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReportKind {
    /// How many cards stand in each column at the end of each day.
    CumulativeFlow,
    /// What remains at the end of each day.
    Burndown,
    /// What is done, of what there is, at the end of each day.
    Burnup,
    /// From the coming of a card to its completion.
    LeadTime,
    /// From the beginning of work on a card to its completion.
    CycleTime,
    /// How many cards are completed in a day or a week.
    Throughput,
    /// How long cards stay in each column.
    TimeInColumn,
    /// Who has how much to do, now.
    Workload,
    /// What is late, and what was completed late.
    Overdue,
    /// How long cards of each estimate were worked on.
    EstimateAccuracy,
}

impl FromStr for ReportKind {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_value(text.into())
    }
}

/// A report, of whichever kind was asked for: a schema alone, as each goes out as what it is. Some kinds have all members of
/// another, so that more than one may fit.
pub(crate) enum AnyReport {}

/// The schema that is any of these, each under its own name.
macro_rules! any_of {
    ($($kind:ty),+ $(,)?) => {
        impl PartialSchema for AnyReport {
            fn schema() -> RefOr<Schema> {
                let any = AnyOfBuilder::new();
                $(let any = any.item(Ref::from_schema_name(<$kind>::name()));)+
                any.into()
            }
        }

        impl ToSchema for AnyReport {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                $(schemas.push((<$kind>::name().into_owned(), <$kind>::schema()));
                <$kind>::schemas(schemas);)+
            }
        }
    };
}

any_of!(
    CumulativeFlowReport,
    BurndownReport,
    BurnupReport,
    LeadTimeReport,
    CycleTimeReport,
    ThroughputReport,
    TimeInColumnReport,
    WorkloadReport,
    OverdueReport,
    EstimateAccuracyReport,
);

/// How something is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportFormat)]
pub(crate) enum Format {
    /// As JSON.
    Json,
    /// As a table (RFC 4180).
    Csv,
    /// As a chart.
    Svg,
}

/// How a report is written down.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FormatParams {
    /// The form; without it, the first that `Accept` takes: JSON, CSV, SVG.
    #[param(inline)]
    format: Option<Format>,
}

/// The media types of reports, in the order in which they are preferred.
const MEDIA: [(&str, Format); 3] =
    [("application/json", Format::Json), ("text/csv", Format::Csv), ("image/svg+xml", Format::Svg)];

impl FormatParams {
    fn pick(self, req: &HttpRequest) -> Format {
        let accepted = || {
            let media = preferred(req, &MEDIA.map(|(media, _)| media));
            MEDIA.into_iter().find(|(known, _)| Some(*known) == media).map_or(Format::Json, |(_, format)| format)
        };
        self.format.unwrap_or_else(accepted)
    }
}

/// A report as it is sent.
struct Sent {
    body: Vec<u8>,
    media: &'static str,
    chart: bool,
}

/// One report in one form.
fn write<R: Report>(history: &History<'_>, options: Options, form: (Format, Language)) -> Result<Sent, Problem> {
    let report = R::of(history, options);
    let (body, media) = match form.0 {
        Format::Json => (serde_json::to_vec(&report).map_err(|e| Problem::internal(&e))?, "application/json"),
        Format::Csv => (report.csv().map_err(|e| Problem::internal(&e))?, "text/csv; charset=utf-8; header=present"),
        Format::Svg => (report.svg(form.1).map_err(|e| Problem::internal(&e))?.into_bytes(), "image/svg+xml"),
    };
    Ok(Sent { body, media, chart: form.0 == Format::Svg })
}

impl ReportKind {
    fn write(self, history: &History<'_>, options: Options, form: (Format, Language)) -> Result<Sent, Problem> {
        match self {
            Self::CumulativeFlow => write::<CumulativeFlowReport>(history, options, form),
            Self::Burndown => write::<BurndownReport>(history, options, form),
            Self::Burnup => write::<BurnupReport>(history, options, form),
            Self::LeadTime => write::<LeadTimeReport>(history, options, form),
            Self::CycleTime => write::<CycleTimeReport>(history, options, form),
            Self::Throughput => write::<ThroughputReport>(history, options, form),
            Self::TimeInColumn => write::<TimeInColumnReport>(history, options, form),
            Self::Workload => write::<WorkloadReport>(history, options, form),
            Self::Overdue => write::<OverdueReport>(history, options, form),
            Self::EstimateAccuracy => write::<EstimateAccuracyReport>(history, options, form),
        }
    }
}

/// What is asked for, of which board, by whom.
#[derive(Debug, Clone)]
struct Asked {
    board_id: i64,
    user_id: i64,
    kind: ReportKind,
    range: Range,
    options: Options,
    form: (Format, Language),
}

impl Asked {
    /// Everything, off the async workers: a board may have very many transitions.
    fn answer(&self, db: &mut Db) -> Result<Result<Sent, Problem>, Error> {
        let (_, access) = boards::access(db, self.board_id, self.user_id)?;
        let flow = load::flow(db, self.board_id, &access.project.key)?;
        let history = History::new(&flow, &self.range);
        Ok(self.kind.write(&history, self.options, self.form))
    }
}

/// A report of what the cards of a board have been through, computed from where they stood and when; see the kinds. Days are
/// those of a time zone, the first and the last included, of 23 or 25 hours where clocks change. Durations are whole seconds,
/// percentiles those of `PERCENTILE.INC` (Hyndman and Fan, type 7).
#[utoipa::path(get, path = "/boards/{id}/reports/{kind}",
    params(("id" = i64, Path, minimum = 1), ("kind" = inline(ReportKind), Path), ReportParams, FormatParams, PageQuery),
    responses((status = 200, description = "The report", content(
        (AnyReport = "application/json"), (String = "text/csv"), (String = "image/svg+xml")))))]
pub(crate) async fn get_report(
    ctx: Ctx,
    req: HttpRequest,
    user: CurrentUser,
    Path2(Id(board_id), kind): Path2<Id, ReportKind>,
    language: Language,
    Query(form): Query<FormatParams>,
    Query(params): Query<ReportParams>,
) -> Result<impl Responder, Problem> {
    let range = params.range(ctx.clock.now()).map_err(Problem::invalid)?;
    let form = (form.pick(&req), language);
    let asked = Asked { board_id, user_id: user.user_id, kind, range, options: params.options(), form };
    let sent = ctx.db.read_whole(move |db| asked.answer(db)).await??;
    let tagged = Tagged::bytes(Bytes::from(sent.body), HeaderValue::from_static(sent.media), "private, no-cache");
    let policy = sent.chart.then_some((CONTENT_SECURITY_POLICY, CHART_POLICY));
    Ok(tagged.customize().insert_header(policy.unwrap_or((CONTENT_DISPOSITION, HeaderValue::from_static("inline")))))
}

/// Where a page of transitions ended.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Cursor {
    transitions_of: i64,
    id: i64,
}

/// Where the cards of a board have stood, and when, the oldest first: what reports are computed from.
#[utoipa::path(get, path = "/boards/{id}/transitions", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<TransitionResponse>)))]
pub(crate) async fn list_transitions(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (user_id, most, count) = (user.user_id, page.fetch(), page.include_total);
    let cursor = page.after::<Cursor>()?;
    if cursor.is_some_and(|cursor| cursor.transitions_of != id) {
        return Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list"));
    }
    let behind = cursor.map_or(0, |cursor| cursor.id);
    let work = move |db: &mut _| export::transitions(db, (id, user_id), behind, most, count);
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |passed| Cursor { transitions_of: id, id: passed.id }))
}

/// How a board is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BoardExportFormat)]
pub(crate) enum ExportFormat {
    /// Everything: columns, labels, cards with all that belongs to them, transitions.
    #[default]
    Json,
    /// A row for each card.
    Csv,
}

/// How a board is exported.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportParams {
    /// The form; JSON without it.
    #[param(inline)]
    format: Option<ExportFormat>,
}

/// A whole board to take away: as JSON with everything on it, those in the archive included; or as CSV, a row for each card.
/// Text that a spreadsheet would take for a formula has `'` put before it there.
#[utoipa::path(get, path = "/boards/{id}/export", params(("id" = i64, Path, minimum = 1), ExportParams),
    responses((status = 200, description = "The board", content((BoardExport = "application/json"), (String = "text/csv")))))]
pub(crate) async fn export_board(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Query(params): Query<ExportParams>,
) -> Result<impl Responder, Problem> {
    let (user_id, now): (i64, Timestamp) = (user.user_id, ctx.clock.now());
    let whole = ctx.db.read_whole(move |db| export::whole(db, (id, user_id), now)).await?;
    let named = |ending: &str| format!("attachment; filename=\"board-{id}.{ending}\"");
    let mut response = HttpResponse::Ok();
    response.insert_header(("cache-control", "no-store"));
    if params.format == Some(ExportFormat::Csv) {
        let rows = export::csv(&whole).map_err(|e| Problem::internal(&e))?;
        response.insert_header((CONTENT_DISPOSITION, named("csv")));
        return Ok(response.content_type("text/csv; charset=utf-8; header=present").body(rows));
    }
    response.insert_header((CONTENT_DISPOSITION, named("json")));
    Ok(response.json(whole))
}
