//! Health: whether the process lives, whether it can serve, and how it is in detail.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::Responder;
use poligon_common::answer::Answer;
use poligon_common::{Ctx, Problem};
use poligon_core::db::{Db, DbError, Load};
use poligon_core::health::Check;
use poligon_core::jobs::DeadJob;
use poligon_core::{Timestamp, events, jobs};
use serde::Serialize;
use utoipa::ToSchema;

use super::NOT_READY;

/// Dead jobs that are shown, newest first.
const MOST_DEAD: i64 = 20;

/// The process answers, or it can serve. Named apart in the document: a domain has a `Status` of its own there.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthStatus)]
pub(crate) struct Status {
    /// Always `ok`; anything else is a problem.
    status: &'static str,
}

/// Whether the process lives. Depends on nothing: when this fails, restart it.
#[utoipa::path(get, path = "/health/live", responses((status = 200, description = "It lives", body = Status)))]
pub(crate) async fn health_live() -> impl Responder {
    Answer::ok(Status { status: "ok" })
}

/// Whether requests may be sent here: database, migrations, cache and storage answer, and the process is not about to
/// stop. Answers within three seconds.
#[utoipa::path(get, path = "/health/ready", responses((status = 200, description = "It can serve", body = Status)))]
pub(crate) async fn health_ready(ctx: Ctx) -> Result<impl Responder, Problem> {
    if ctx.health.is_draining() {
        return Err(not_ready(&["draining"]));
    }
    let checks = Box::pin(ctx.check_health()).await; // a large future
    let failed: Vec<&Check> = checks.iter().filter(|check| check.error.is_some()).collect();
    for check in &failed {
        tracing::warn!(dependency = check.name, error = check.error, "not ready");
    }
    let failing: Vec<&str> = failed.into_iter().map(|check| check.name).collect();
    if failing.is_empty() { Ok(Answer::ok(Status { status: "ok" })) } else { Err(not_ready(&failing)) }
}

fn not_ready(failing: &[&str]) -> Problem {
    Problem::new(&NOT_READY)
        .detail(format!("not ready: {}", failing.join(", ")))
        .with("failing", failing)
        .retry_after(Duration::from_secs(2))
}

/// How the service is, in detail.
#[derive(Serialize, ToSchema)]
pub(crate) struct HealthDetails {
    /// `ok`, `degraded` (a dependency fails) or `draining` (about to stop).
    status: &'static str,
    /// The version of the gateway.
    version: &'static str,
    /// Names this copy of the gateway.
    instance: String,
    /// How long it has been running.
    uptime_seconds: u64,
    /// Each dependency.
    checks: Vec<CheckDetails>,
    /// Database connections, by pool.
    pools: BTreeMap<&'static str, PoolDetails>,
    /// Password hashes.
    hashing: QueueDetails,
    /// Events on their way; `null` when the database does not answer.
    outbox: Option<OutboxDetails>,
    /// Jobs that were given up, newest first; `null` when the database does not answer.
    dead_jobs: Option<Vec<DeadJobDetails>>,
}

/// One dependency.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckDetails {
    /// `database`, `migrations`, `cache` or `storage`.
    name: &'static str,
    /// `ok` or `failing`.
    status: &'static str,
    /// How long the check took, in milliseconds.
    ms: f64,
    /// What is wrong.
    error: Option<String>,
}

impl From<Check> for CheckDetails {
    fn from(check: Check) -> Self {
        let status = if check.error.is_none() { "ok" } else { "failing" };
        Self { name: check.name, status, ms: check.took.as_secs_f64() * 1000.0, error: check.error }
    }
}

/// A pool of connections.
#[derive(Serialize, ToSchema)]
pub(crate) struct PoolDetails {
    /// Connections that it may hold.
    size: usize,
    /// Connections in use.
    in_use: usize,
    /// Callers that wait for one.
    waiting: usize,
}

impl From<Load> for PoolDetails {
    fn from(load: Load) -> Self {
        Self { size: load.size, in_use: load.in_use, waiting: load.waiting }
    }
}

/// A queue and those who work on it.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueueDetails {
    /// How many wait.
    waiting: usize,
    /// How many are being worked on.
    running: usize,
}

/// Events that wait.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutboxDetails {
    /// How many.
    waiting: i64,
    /// Since when the oldest waits, in seconds.
    oldest_seconds: f64,
}

/// A job that was given up.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeadJobDetails {
    /// Its number.
    id: i64,
    /// Its kind.
    name: String,
    /// How often it was tried.
    attempts: i64,
    /// What the last try said.
    last_error: Option<String>,
    /// When it was given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    dead_at: Option<Timestamp>,
}

impl From<DeadJob> for DeadJobDetails {
    fn from(job: DeadJob) -> Self {
        let DeadJob { id, name, attempts, last_error, dead_at } = job;
        Self { id, name, attempts, last_error, dead_at }
    }
}

/// How the service is, in detail: version, dependencies, pools, queues. The status is 200 whatever it says, as long as
/// the caller can be recognised: without database or cache nobody can, and `/health/ready` and the log say why.
#[utoipa::path(get, path = "/health", responses((status = 200, description = "The details", body = HealthDetails)))]
pub(crate) async fn health_details(ctx: Ctx) -> impl Responder {
    let now = ctx.clock.now();
    let (checks, backlog) = tokio::join!(Box::pin(ctx.check_health()), ctx.db.read_primary(move |db| backlog(db, now)));
    let failing = checks.iter().any(|check| check.error.is_some());
    let (outbox, dead_jobs) = backlog.ok().unzip(); // why it cannot be read stands in the checks
    let (waiting, running) = ctx.hasher.load();
    Answer::ok(HealthDetails {
        status: match (ctx.health.is_draining(), failing) {
            (true, _) => "draining",
            (false, true) => "degraded",
            (false, false) => "ok",
        },
        version: env!("CARGO_PKG_VERSION"),
        instance: ctx.instance.clone(),
        uptime_seconds: ctx.health.uptime().as_secs(),
        checks: checks.into_iter().map(Into::into).collect(),
        pools: ctx.db.loads().into_iter().map(|(name, load)| (name, load.into())).collect(),
        hashing: QueueDetails { waiting, running },
        outbox,
        dead_jobs,
    })
}

fn backlog(db: &mut Db, now: Timestamp) -> Result<(OutboxDetails, Vec<DeadJobDetails>), DbError> {
    let (waiting, oldest_seconds) = events::lag(db, now)?;
    let dead = jobs::list_dead(db, MOST_DEAD)?;
    Ok((OutboxDetails { waiting, oldest_seconds }, dead.into_iter().map(Into::into).collect()))
}
