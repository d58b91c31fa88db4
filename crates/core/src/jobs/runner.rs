//! Runs due jobs, a bounded number at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::store::{After, Claimed, claim, renew, schedule, settle};
use super::{Job, JobError};
use crate::ctx::Ctx;
use crate::db::{DbError, Timestamp};

/// Jobs that one copy runs at once.
const AT_ONCE: usize = 8;
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a job is claimed, and how often that is renewed while it runs: so long does it wait when its copy is killed.
const LEASE: chrono::Duration = chrono::Duration::seconds(30);
const RENEWED: Duration = Duration::from_secs(10);

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

    /// Works until `stop` turns true; runs that have begun are finished first. One that takes long keeps no other waiting, as long
    /// as there is a place for it.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let (mut scheduled, mut held, mut running) = (false, BTreeSet::new(), FuturesUnordered::new());
        let mut renewals = tokio::time::interval(RENEWED);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*stop.borrow() {
            match self.look(&mut scheduled, &held).await {
                Ok((claimed, now, started)) => {
                    held.extend(claimed.iter().map(|job| job.id));
                    running.extend(claimed.into_iter().map(|job| self.run_held(job, now, started)));
                }
                Err(error) => tracing::warn!(%error, "jobs could not be looked up"),
            }
            tokio::select! {
                _ = stop.changed() => {}
                Some(id) = running.next() => {
                    held.remove(&id);
                }
                _ = renewals.tick() => self.renew(&held).await,
                () = tokio::time::sleep(PAUSE), if held.len() < AT_ONCE => {}
            }
            // One look for all that have ended.
            while let Some(Some(id)) = running.next().now_or_never() {
                held.remove(&id);
            }
        }
        loop {
            tokio::select! {
                ended = running.next() => match ended {
                    Some(id) => drop(held.remove(&id)),
                    None => return,
                },
                _ = renewals.tick() => self.renew(&held).await,
            }
        }
    }

    /// Goes on holding what runs.
    async fn renew(&self, held: &BTreeSet<i64>) {
        if held.is_empty() {
            return;
        }
        let (ids, holder) = (held.iter().copied().collect::<Vec<i64>>(), self.ctx.instance.clone());
        let until = self.ctx.clock.now() + LEASE;
        if let Err(error) = self.ctx.db.write(move |db| renew(db, &ids, &holder, until)).await {
            tracing::warn!(%error, "the jobs that run may be taken for those of a copy that is gone");
        }
    }

    /// Claims what is due, for as many as there are places beside those that are `held`.
    async fn look(
        &self,
        scheduled: &mut bool,
        held: &BTreeSet<i64>,
    ) -> Result<(Vec<Claimed>, Timestamp, Instant), DbError> {
        if !*scheduled {
            self.schedule_periodic().await?;
            *scheduled = true;
        }
        self.claim(held).await
    }

    /// Makes sure that every periodic job has its row.
    pub async fn schedule_periodic(&self) -> Result<(), DbError> {
        let names: Vec<_> = self.jobs.values().filter(|job| job.every.is_some()).map(|job| job.name).collect();
        let now = self.ctx.clock.now();
        self.ctx.db.write(move |db| names.iter().try_for_each(|name| schedule(db, name, now))).await
    }

    /// Runs what is due now, and waits for all of it; answers how many jobs that were. Public for tests, which need no pause.
    pub async fn round(&self) -> Result<usize, DbError> {
        let (claimed, now, started) = self.claim(&BTreeSet::new()).await?;
        let ran = claimed.len();
        for settled in join_all(claimed.into_iter().map(|job| self.run_one(job, now, started))).await {
            settled?;
        }
        Ok(ran)
    }

    /// Claims what is due; answers since when as well. Nothing of what is `held` is claimed
    /// again, even when the clock was set forward behind its claim.
    async fn claim(&self, held: &BTreeSet<i64>) -> Result<(Vec<Claimed>, Timestamp, Instant), DbError> {
        let (now, started) = (self.ctx.clock.now(), Instant::now());
        let most = AT_ONCE.saturating_sub(held.len());
        let names: Vec<_> = self.jobs.keys().copied().collect();
        let held: Vec<i64> = held.iter().copied().collect();
        let any_due = self.ctx.db.read_primary({
            let (names, held) = (names.clone(), held.clone());
            move |db| super::store::any_due(db, &names, &held, now)
        });
        if most == 0 || !any_due.await? {
            return Ok((Vec::new(), now, started));
        }
        let holder = self.ctx.instance.clone();
        let work = move |db: &mut _| claim(db, &names, &held, (&holder, now + LEASE), (most, now));
        Ok((self.ctx.db.write(work).await?, now, started))
    }

    /// Runs a job; answers which it was.
    async fn run_held(&self, job: Claimed, began: Timestamp, started: Instant) -> i64 {
        let id = job.id;
        if let Err(error) = self.run_one(job, began, started).await {
            tracing::warn!(%error, "what became of a job could not be noted");
        }
        id
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
