//! Taking figures and facts away, over HTTP.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use poligon_common::calendar::{beginning, today};
use poligon_common::problem::kinds;
use poligon_common::{Ctx, CurrentUser, Problem, Query};
use poligon_core::db::{Db, DbError};
use tokio::sync::{Semaphore, mpsc};

use super::facts::{self, COLUMNS, Reader, Which};
use super::input::{ExportParams, Format, What};
use super::sheet::Rows;
use super::sheets::{self, Sheet};
use super::text::{self, Step};
use super::xlsx;
use crate::dashboards::{self, DashboardData, Filters};
use crate::error::Error;
use crate::facts::Kind;
use crate::metrics::{self, Column, MetricAnswer, MetricQuery};
use crate::permissions::ANALYTICS_FACTS;

/// Workbooks that are made at the same time by this process: each has a thread and temporary files.
static DESKS: Semaphore = Semaphore::const_new(2);
/// Bytes that are read of a file at once.
const PIECE: usize = 64 * 1024;
/// Pieces from one look to the next whether whoever reads them still may.
const LOOKED_AT: usize = 16;

fn answer(format: Format, name: &str) -> HttpResponseBuilder {
    let (media_type, ending) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        Format::Json => ("application/json", "json"),
        Format::Xlsx => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, media_type));
    response.insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{ending}\"")));
    response.insert_header((CACHE_CONTROL, "no-store"));
    response
}

/// Where workbooks are made: where other large things are put aside, which may be the only place that can be written to.
fn folder(ctx: &Ctx) -> PathBuf {
    ctx.config.data_dir.0.clone()
}

fn desk() -> Result<tokio::sync::SemaphorePermit<'static>, Problem> {
    DESKS.try_acquire().map_err(|_| {
        let wait = Problem::new(&kinds::OVERLOADED).detail("other workbooks are being made");
        wait.retry_after(std::time::Duration::from_secs(5))
    })
}

/// A file, piece by piece.
fn pieces(file: File) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    stream::try_unfold(file, |mut file| async move {
        let read = move || {
            let mut piece = vec![0; PIECE];
            let length = file.read(&mut piece)?;
            piece.truncate(length);
            Ok::<_, std::io::Error>((piece, file))
        };
        let (piece, file) = tokio::task::spawn_blocking(read).await.map_err(std::io::Error::other)??;
        Ok(if piece.is_empty() { None } else { Some((Bytes::from(piece), file)) })
    })
}

async fn workbook(
    desk: tokio::sync::SemaphorePermit<'static>,
    make: impl FnOnce() -> Result<File, xlsx::Failure> + Send + 'static,
) -> Result<File, std::io::Error> {
    let work = move || {
        let _held = desk; // also when the client leaves
        make()
    };
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?.map_err(std::io::Error::other)
}

/// The folder for workbooks, with a file in it.
async fn place(ctx: &Ctx) -> Result<(PathBuf, File), Problem> {
    let folder = folder(ctx);
    let make = move || xlsx::file(&folder).map(|file| (folder, file));
    let made = tokio::task::spawn_blocking(make).await.map_err(|error| Problem::internal(&error))?;
    made.map_err(|error| Problem::internal(&error))
}

/// A workbook of rows that come page by page.
async fn workbook_of(
    desk: tokio::sync::SemaphorePermit<'static>,
    (folder, file): (PathBuf, File),
    title: String,
    pages: impl Stream<Item = Result<Rows, Error>>,
) -> Result<File, std::io::Error> {
    let (sender, mut waiting) = mpsc::channel::<Option<Rows>>(4);
    let make = move || xlsx::of_rows(&title, COLUMNS, (&folder, file), || waiting.blocking_recv());
    let feed = async move {
        let mut pages = std::pin::pin!(pages);
        while let Some(rows) = pages.next().await {
            if sender.send(Some(rows?)).await.is_err() {
                return Ok(()); // the writer says why
            }
        }
        drop(sender.send(None).await);
        Ok::<_, Error>(())
    };
    let (file, fed) = tokio::join!(workbook(desk, make), feed);
    fed.map_err(std::io::Error::other)?;
    file
}

/// Figures that are taken away.
enum Taken {
    Metric(String, MetricAnswer),
    /// Of one widget, or of all.
    Dashboard(Box<DashboardData>, Option<String>),
}

impl Taken {
    fn name(&self) -> String {
        match self {
            Self::Metric(name, _) => name.clone(),
            Self::Dashboard(..) => "dashboard".to_owned(),
        }
    }

    fn sheets(&self) -> Vec<Sheet<'_>> {
        match self {
            Self::Metric(name, answer) => vec![Sheet::of_metric(name.clone(), answer)],
            Self::Dashboard(shown, only) => Sheet::of_dashboard(shown, only.as_deref()),
        }
    }
}

/// A part of a table as bytes; whether it is the first.
type Write = fn(&Sheet<'_>, &Rows, bool) -> Vec<u8>;

/// Tables, step by step: the rows of a step are made when it is sent.
fn written(taken: Taken, steps: Vec<Step>, write: Write) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    stream::iter(steps).map(move |step| {
        Ok(match step {
            Step::Text(text) => text.into(),
            Step::Rows { sheet, part, is_first } => taken
                .sheets()
                .get(sheet)
                .map(|sheet| write(sheet, &sheet.part(part), is_first))
                .unwrap_or_default()
                .into(),
        })
    })
}

async fn send(ctx: &Ctx, format: Format, taken: Taken) -> Result<HttpResponse, Problem> {
    let mut answer = answer(format, &taken.name());
    Ok(match format {
        Format::Csv => {
            let steps = text::csv_steps(&taken.sheets());
            answer.streaming(written(taken, steps, |_, rows, _| text::csv_rows(rows)))
        }
        Format::Json => {
            let steps = text::json_steps(&taken.sheets());
            answer.streaming(written(taken, steps, |sheet, rows, first| text::json_rows(sheet.columns(), rows, first)))
        }
        Format::Xlsx => {
            let folder = folder(ctx);
            let file = workbook(desk()?, move || xlsx::of_sheets(&taken.sheets(), &folder)).await;
            answer.streaming(pieces(file.map_err(|error| Problem::internal(&error))?))
        }
    })
}

/// A page of facts, as long as whoever reads them may.
async fn page(
    ctx: &Ctx,
    (reader, which): (Reader, Which),
    behind: Option<facts::Place>,
) -> Result<Option<(Rows, facts::Place)>, Error> {
    let now = ctx.clock.now();
    let work = move |db: &mut Db| {
        reader.require(db, now)?;
        facts::page(db, &which, behind)
    };
    ctx.db.read_primary(work).await
}

/// What the pages of facts are, one after the other, behind the first.
fn pages(
    ctx: Ctx,
    what: (Reader, Which),
    first: Option<(Rows, facts::Place)>,
) -> impl Stream<Item = Result<Rows, Error>> {
    stream::try_unfold((ctx, what, first), |(ctx, what, found)| async move {
        let Some((rows, last)) = found else { return Ok::<_, Error>(None) };
        let next = page(&ctx, what.clone(), Some(last)).await?;
        Ok(Some((rows, (ctx, what, next))))
    })
}

/// Pieces of a body, as long as whoever reads them may: that is looked at every megabyte.
fn while_allowed(
    ctx: Ctx,
    reader: Reader,
    pieces: impl Stream<Item = Result<Bytes, std::io::Error>>,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    pieces.enumerate().then(move |(place, piece)| {
        let ctx = ctx.clone();
        async move {
            if place % LOOKED_AT == 0 {
                let now = ctx.clock.now();
                let look = ctx.db.read_primary(move |db| reader.require(db, now));
                look.await.map_err(std::io::Error::other)?;
            }
            piece
        }
    })
}

async fn send_facts(ctx: Ctx, format: Format, what: (Reader, Which)) -> Result<HttpResponse, Problem> {
    let (reader, name) = (what.0, format!("facts-{}", what.1.kind.name()));
    // The first page before the status is said: a database that fails is told as such.
    let first = page(&ctx, what.clone(), None).await?;
    let pages = pages(ctx.clone(), what, first);
    match format {
        Format::Csv => {
            let head = stream::once(async { Ok(Bytes::from(text::csv_head(COLUMNS))) });
            let rows = pages.map(|rows| rows.map(|rows| Bytes::from(text::csv_rows(&rows))));
            Ok(answer(format, &name).streaming(head.chain(rows)))
        }
        Format::Json => {
            let around = |bytes: &'static [u8]| stream::once(async move { Ok::<_, Error>(Bytes::from_static(bytes)) });
            let rows = pages
                .enumerate()
                .map(|(place, rows)| rows.map(|rows| Bytes::from(text::json_rows(COLUMNS, &rows, place == 0))));
            Ok(answer(format, &name).streaming(around(b"{\"items\":[").chain(rows).chain(around(b"]}"))))
        }
        Format::Xlsx => {
            // The head at once; what comes behind it waits for the workbook.
            let file = workbook_of(desk()?, place(&ctx).await?, name.clone(), pages);
            let body = stream::once(file).map_ok(pieces).try_flatten();
            Ok(answer(format, &name).streaming(while_allowed(ctx, reader, body)))
        }
    }
}

fn required(pointer: &str, what: &str) -> Problem {
    Error::field(pointer, "required", format!("is required where `what` is `{what}`")).into()
}

/// Filters by the dimensions of a kind of facts.
fn of_kind(kind: Kind, filters: &Filters) -> Result<Vec<(Column, Vec<String>)>, Error> {
    let (filters, wrong) = metrics::filters_by(filters, "these facts", |name| metrics::column_of(kind, name));
    if wrong.is_empty() { Ok(filters) } else { Err(Error::Fields(wrong)) }
}

fn which(ctx: &Ctx, user: &CurrentUser, params: &ExportParams) -> Result<(Reader, Which), Problem> {
    let name = params.kind.as_deref().ok_or_else(|| required("/kind", "facts"))?;
    let known = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    let all: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let message = || format!("is no kind of facts; they are {}", all.join(", "));
    let kind = known.ok_or_else(|| Error::field("/kind", "unknown_kind", message()))?;
    let needed = [ANALYTICS_FACTS, metrics::permission_of(kind)];
    metrics::require(user, needed.into_iter())?;
    let zone = sheets::zone(params.tz);
    let from = params.from.map_or(0, |day| beginning(day.0, zone).max(0));
    let last = params.to.map_or_else(|| today(ctx.clock.now(), zone), |day| day.0);
    let to = last.succ_opt().map_or(i64::MAX, |next| beginning(next, zone));
    if to <= from {
        return Err(Error::field("/to", "order", "must not be before `from`").into());
    }
    let reader = Reader { user_id: user.user_id, session_id: user.session_id, needed };
    let filters = params.filters.as_ref().map(|filters| of_kind(kind, &filters.0)).transpose()?.unwrap_or_default();
    Ok((reader, Which { kind, from, to, filters }))
}

async fn of_metric(ctx: &Ctx, user: &CurrentUser, params: &ExportParams) -> Result<Taken, Problem> {
    let name = params.metric.clone().ok_or_else(|| required("/metric", "metric"))?;
    let query = MetricQuery {
        metric: name.clone(),
        from: params.from,
        to: params.to,
        interval: params.interval.unwrap_or_default(),
        tz: params.tz,
        group_by: params.group_by.clone(),
        groups: params.groups,
        filters: params.filters.as_ref().map(|filters| filters.0.clone()).unwrap_or_default(),
        compare: params.compare,
        segment_id: params.segment_id,
    };
    metrics::require(user, query.permissions()?)?;
    let question = query.question(ctx.clock.now())?;
    let answer = ctx.db.read_whole(move |db: &mut Db| metrics::answer(db, &question)).await?;
    Ok(Taken::Metric(name, answer))
}

async fn of_dashboard(ctx: &Ctx, user: &CurrentUser, params: &ExportParams) -> Result<Taken, Problem> {
    if params.format == Format::Csv && params.widget_id.is_none() {
        return Err(required("/widget_id", "dashboard` and `format` is `csv"));
    }
    let asked = dashboards::DataParams {
        from: params.from,
        to: params.to,
        tz: params.tz,
        filters: params.filters.clone(),
        max_age: None,
        lang: params.lang,
    };
    let shown = dashboards::shown(ctx, user, params.dashboard_id.map(|id| id.0), &asked).await?;
    if shown.is_incomplete(params.widget_id.as_deref()) {
        return Err(Error::from(DbError::Timeout).into());
    }
    if params.widget_id.is_some() && Sheet::of_dashboard(&shown, params.widget_id.as_deref()).is_empty() {
        return Err(Problem::not_found().detail("`widget_id` leads to no widget with figures that the caller may see"));
    }
    Ok(Taken::Dashboard(Box::new(shown), params.widget_id.clone()))
}

/// Takes away what a dashboard or one of its widgets shows, the figures of a metric, or facts one by one, with the same numbers as
/// everywhere else. CSV and JSON come as they are read, however much there is; a workbook comes when it is whole,
/// with a sheet for every million rows. Two workbooks are made at the same time; whoever asks for a third is told to
/// come again. Figures of a metric are a row for each bucket of each group, and one for the whole time, whose `bucket` is `total`, in the
/// unit of the metric. Facts are cut off when the session ends, or with it the permission.
#[utoipa::path(get, path = "/export", params(ExportParams),
    responses((status = 200, description = "The file", content(
        (String = "text/csv"),
        (Object = "application/json"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub(crate) async fn export(
    ctx: Ctx,
    user: CurrentUser,
    Query(params): Query<ExportParams>,
) -> Result<HttpResponse, Problem> {
    params.check()?;
    match params.what {
        What::Facts => {
            let which = which(&ctx, &user, &params)?;
            send_facts(ctx, params.format, which).await
        }
        What::Metric => send(&ctx, params.format, of_metric(&ctx, &user, &params).await?).await,
        What::Dashboard => send(&ctx, params.format, of_dashboard(&ctx, &user, &params).await?).await,
    }
}
