//! Runs due jobs, a bounded number at a time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::watch;

use super::store::{After, Claimed, claim, schedule, settle};
use super::{Job, JobError};
use crate::ctx::Ctx;
use crate::db::{DbError, Timestamp};

/// Jobs that one copy runs at once.
const AT_ONCE: i64 = 8;
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// The runner of one copy of the gateway.
pub struct Runner {
    ctx: Ctx,
    jobs: BTreeMap<&'static str, Job>,
}

impl Runner {
    /// A runner of these kinds of jobs.
    pub fn new(ctx: Ctx, jobs: Vec<Job>) -> Self {
        Self { ctx, jobs: jobs.into_iter().map(|job| (job.name, job)).collect() }
    }

    /// Works until `stop` turns true; runs that have begun are finished first.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut scheduled = false;
        while !*stop.borrow() {
            let round = async {
                if !scheduled {
                    self.schedule_periodic().await?;
                }
                self.round().await
            };
            let ran = match round.await {
                Ok(ran) => {
                    scheduled = true;
                    ran
                }
                Err(error) => {
                    tracing::warn!(%error, "jobs could not be looked up");
                    0
                }
            };
            if ran == 0 {
                tokio::select! {
                    _ = stop.changed() => {}
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
    }

    /// Makes sure that every periodic job has its row.
    pub async fn schedule_periodic(&self) -> Result<(), DbError> {
        let names: Vec<_> = self.jobs.values().filter(|job| job.every.is_some()).map(|job| job.name).collect();
        let now = self.ctx.clock.now();
        self.ctx.db.write(move |db| names.iter().try_for_each(|name| schedule(db, name, now))).await
    }

    /// Runs what is due now; answers how many jobs that were. Public for tests, which need no pause.
    pub async fn round(&self) -> Result<usize, DbError> {
        let (now, started) = (self.ctx.clock.now(), Instant::now());
        let longest = self.jobs.values().map(|job| job.timeout).max().unwrap_or_default();
        let until = now + chrono::Duration::from_std(longest * 2).unwrap_or(chrono::Duration::minutes(10));
        let names: Vec<_> = self.jobs.keys().copied().collect();
        let holder = self.ctx.instance.clone();
        let any_due = self.ctx.db.read_primary({
            let names = names.clone();
            move |db| super::store::any_due(db, &names, now)
        });
        if !any_due.await? {
            return Ok(0);
        }
        let claimed = self.ctx.db.write(move |db| claim(db, &names, &holder, AT_ONCE, now, until)).await?;
        let ran = claimed.len();
        for settled in join_all(claimed.into_iter().map(|job| self.run_one(job, now, started))).await {
            settled?;
        }
        Ok(ran)
    }

    /// Runs one job that was claimed at `began`. The pause until its next run counts from there and from how long it took, and
    /// not from what the clock says behind it: a clock that is set forward meanwhile makes it due.
    async fn run_one(&self, claimed: Claimed, began: Timestamp, started: Instant) -> Result<(), DbError> {
        let Some(job) = self.jobs.get(claimed.name.as_str()) else { return Ok(()) };
        let work = tokio::spawn((job.run)(self.ctx.clone(), claimed.payload.0.clone()));
        let outcome = match tokio::time::timeout(job.timeout, work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panicked)) => Err(JobError("it panicked".into())),
            Err(_elapsed) => Err(JobError("it took too long".into())),
        };
        self.ctx.metrics.job(job.name, outcome.is_ok());
        if let Err(error) = &outcome {
            tracing::warn!(job = job.name, %error, "a job failed");
        }
        let ended = began + chrono::Duration::seconds(started.elapsed().as_secs().try_into().unwrap_or(0));
        let (now, holder) = (self.ctx.clock.now(), self.ctx.instance.clone());
        let after = after(job, claimed.attempts + 1, outcome.err(), ended.min(now));
        self.ctx.db.write(move |db| settle(db, claimed.id, &holder, &after, now)).await
    }
}

fn after(job: &Job, attempts: i64, error: Option<JobError>, ended: Timestamp) -> After {
    let error = error.map(|e| e.to_string());
    let later = |by: Duration| ended + chrono::Duration::from_std(by).unwrap_or(chrono::Duration::days(1));
    match (job.every, error) {
        (Some(every), error) => After::Again { at: later(every), attempts: 0, error },
        (None, None) => After::Gone,
        (None, Some(error)) if attempts >= i64::from(job.tries) => After::Dead { attempts, error },
        (None, error) => {
            let doublings = u32::try_from(attempts).unwrap_or(u32::MAX).min(10);
            After::Again { at: later(Duration::from_secs(1 << doublings)), attempts, error }
        }
    }
}
