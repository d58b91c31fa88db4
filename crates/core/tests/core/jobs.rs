//! Jobs: once, at their time, by one copy; again after a failure; dead after the last try.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::Duration as Span;
use poligon_core::Ctx;
use poligon_core::jobs::{Job, JobError, Runner, enqueue, list_dead, revive};
use poligon_testkit::{Backend, TestApp, TestCtx};
use serde_json::{Value, json};

poligon_testkit::tests! {
    a_job_runs_once_at_its_time_with_its_payload,
    periodic_work_comes_back,
    a_clock_that_is_set_forward_during_a_run_makes_the_next_one_due,
    a_failed_job_waits_longer_each_time_then_is_dead_until_revived,
    a_panic_is_a_failure,
    two_runners_run_each_job_once,
    a_job_of_a_copy_that_died_is_taken_over,
    a_job_that_takes_long_stays_claimed,
    a_slow_job_keeps_no_other_waiting_and_is_not_begun_twice,
    a_run_that_takes_too_long_is_a_failure,
    who_has_lost_a_job_does_not_settle_it,
}

async fn start(backend: Backend) -> TestCtx {
    TestApp::builder(backend).settable_clock().without_server().await
}

async fn ask(ctx: &TestCtx, payload: Value, delay: Span) {
    let now = ctx.clock.now();
    ctx.db.write(move |db| enqueue(db, "toy.work", payload.clone(), now + delay, now)).await.unwrap();
}

/// A job that counts its runs and answers what `outcome` says.
fn counting(tries: u32, outcome: fn() -> Result<(), JobError>) -> (Job, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let job = Job::on_demand("toy.work", tries, move |_: Ctx, _: Value| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move { outcome() }
    });
    (job, runs)
}

async fn a_job_runs_once_at_its_time_with_its_payload(backend: Backend) {
    let ctx = start(backend).await;
    let (seen, mut received) = tokio::sync::mpsc::unbounded_channel();
    let job = Job::on_demand("toy.work", 3, move |_: Ctx, payload: Value| {
        let seen = seen.clone();
        async move { seen.send(payload).map_err(|e| JobError(e.to_string())) }
    });
    let runner = Runner::new(ctx.clone(), vec![job]);
    ask(&ctx, json!({"a": 1}), Span::seconds(60)).await;
    assert_eq!(runner.round().await.unwrap(), 0, "not before its time");
    ctx.clock.advance(Span::seconds(60));
    assert_eq!(runner.round().await.unwrap(), 1);
    assert_eq!(runner.round().await.unwrap(), 0, "and then it is gone");
    assert_eq!((received.recv().await, received.try_recv().is_err()), (Some(json!({"a": 1})), true));
}

async fn periodic_work_comes_back(backend: Backend) {
    let ctx = start(backend).await;
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let job = Job::periodic("toy.tick", Duration::from_mins(5), move |_| {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        async move { if run == 1 { Err(JobError("once".into())) } else { Ok(()) } }
    });
    let runner = Runner::new(ctx.clone(), vec![job]);
    for _ in 0..2 {
        runner.schedule_periodic().await.unwrap(); // by every copy, at every start
    }
    for expected in 1..=4 {
        runner.round().await.unwrap();
        runner.round().await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), expected, "once a period, a failure included");
        ctx.clock.advance(Span::minutes(5));
    }
}

async fn a_clock_that_is_set_forward_during_a_run_makes_the_next_one_due(backend: Backend) {
    let ctx = start(backend).await;
    let (begun, mut beginnings) = tokio::sync::mpsc::unbounded_channel();
    let go_on = Arc::new(tokio::sync::Notify::new());
    let waited_for = Arc::clone(&go_on);
    let job = Job::periodic("toy.tick", Duration::from_mins(5), move |_| {
        let (begun, go_on) = (begun.clone(), Arc::clone(&waited_for));
        async move {
            begun.send(()).map_err(|error| JobError(error.to_string()))?;
            go_on.notified().await;
            Ok(())
        }
    });
    let runner = Runner::new(ctx.clone(), vec![job]);
    runner.schedule_periodic().await.unwrap();
    for set_forward in [Span::hours(1), Span::zero()] {
        let round = async { runner.round().await.unwrap() };
        let meanwhile = async {
            beginnings.recv().await.expect("a run");
            ctx.clock.advance(set_forward);
            go_on.notify_one();
        };
        assert_eq!(tokio::join!(round, meanwhile).0, 1);
    }
    assert_eq!(runner.round().await.unwrap(), 0, "an hour makes it due once");
}

async fn a_failed_job_waits_longer_each_time_then_is_dead_until_revived(backend: Backend) {
    let ctx = start(backend).await;
    let (job, runs) = counting(3, || Err(JobError("out of paper".into())));
    let runner = Runner::new(ctx.clone(), vec![job]);
    ask(&ctx, Value::Null, Span::zero()).await;
    for (run, pause) in [(1, 2), (2, 4)] {
        assert_eq!(runner.round().await.unwrap(), 1);
        ctx.clock.advance(Span::seconds(pause - 1)); // the clock goes on by itself, too
        assert_eq!(runner.round().await.unwrap(), 0, "{pause} seconds after failure {run}");
        ctx.clock.advance(Span::seconds(1));
    }
    assert_eq!(runner.round().await.unwrap(), 1);
    ctx.clock.advance(Span::days(1));
    assert_eq!((runner.round().await.unwrap(), runs.load(Ordering::SeqCst)), (0, 3), "the last try was the last");
    let dead = ctx.db.read_primary(|db| list_dead(db, 10)).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].attempts, dead[0].last_error.as_deref()), (3, Some("out of paper")));
    let (id, now) = (dead[0].id, ctx.clock.now());
    assert!(ctx.db.write(move |db| revive(db, id, now)).await.unwrap());
    assert!(!ctx.db.write(move |db| revive(db, id, now)).await.unwrap(), "it is not dead any more");
    assert_eq!((runner.round().await.unwrap(), runs.load(Ordering::SeqCst)), (1, 4));
}

async fn a_panic_is_a_failure(backend: Backend) {
    let ctx = start(backend).await;
    let (job, _) = counting(1, || panic!("in a job"));
    ask(&ctx, Value::Null, Span::zero()).await;
    assert_eq!(Runner::new(ctx.clone(), vec![job]).round().await.unwrap(), 1);
    let dead = ctx.db.read_primary(|db| list_dead(db, 10)).await.unwrap();
    assert_eq!(dead[0].last_error.as_deref(), Some("it panicked"));
}

async fn two_runners_run_each_job_once(backend: Backend) {
    let ctx = start(backend).await;
    let (job, runs) = counting(3, || Ok(()));
    for _ in 0..60 {
        ask(&ctx, Value::Null, Span::zero()).await;
    }
    let copies = [ctx.another_copy(), ctx.another_copy()];
    let racing: Vec<_> = (0..4)
        .map(|n| {
            // Each runner is a copy of the gateway of its own name; two share a copy's pool.
            let runner = Runner::new((*copies[n % 2]).clone(), vec![job.clone()]);
            tokio::spawn(async move { while runner.round().await.unwrap() > 0 {} })
        })
        .collect();
    for task in racing {
        task.await.unwrap();
    }
    let last = Runner::new(ctx.clone(), vec![job]);
    while last.round().await.unwrap() > 0 {}
    assert_eq!(runs.load(Ordering::SeqCst), 60);
}

async fn a_job_of_a_copy_that_died_is_taken_over(backend: Backend) {
    let ctx = start(backend).await;
    let (begun, mut beginnings) = tokio::sync::mpsc::unbounded_channel();
    let endless = Job::on_demand("toy.work", 3, move |_: Ctx, _: Value| {
        begun.send(()).unwrap();
        std::future::pending::<Result<(), JobError>>()
    });
    ask(&ctx, Value::Null, Span::zero()).await;
    let dying = Runner::new(ctx.another_copy().clone(), vec![endless]);
    let dying = tokio::spawn(async move { dying.round().await });
    beginnings.recv().await.unwrap();
    dying.abort();
    let (job, runs) = counting(3, || Ok(()));
    let next = Runner::new(ctx.clone(), vec![job]);
    assert_eq!(next.round().await.unwrap(), 0, "it may still be at work");
    ctx.clock.advance(Span::minutes(3));
    assert_eq!((next.round().await.unwrap(), runs.load(Ordering::SeqCst)), (1, 1));
}

/// As long as its copy lives, and no longer.
async fn a_job_that_takes_long_stays_claimed(backend: Backend) {
    let ctx = start(backend).await;
    let (begun, mut beginnings) = tokio::sync::mpsc::unbounded_channel();
    let endless = Job::on_demand("toy.work", 3, move |_: Ctx, _: Value| {
        begun.send(()).unwrap();
        std::future::pending::<Result<(), JobError>>()
    });
    ask(&ctx, Value::Null, Span::zero()).await;
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let copy = ctx.another_copy();
    let dying = tokio::spawn(Runner::new(copy.clone(), vec![endless]).run(stopped));
    beginnings.recv().await.unwrap();
    let (job, runs) = counting(3, || Ok(()));
    let next = Runner::new(ctx.clone(), vec![job]);
    for _ in 0..2 {
        ctx.clock.advance(Span::seconds(25));
        // It is renewed every ten seconds, whatever the clock says.
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert_eq!(next.round().await.unwrap(), 0, "it is at work");
    }
    dying.abort();
    drop(dying.await);
    ctx.clock.advance(Span::seconds(31));
    assert_eq!((next.round().await.unwrap(), runs.load(Ordering::SeqCst)), (1, 1));
}

async fn a_slow_job_keeps_no_other_waiting_and_is_not_begun_twice(backend: Backend) {
    let ctx = start(backend).await;
    let (begun, mut beginnings) = tokio::sync::mpsc::unbounded_channel();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let waited_for = Arc::clone(&gate);
    let slow = Job::on_demand("toy.slow", 3, move |_: Ctx, payload: Value| {
        let (begun, gate) = (begun.clone(), Arc::clone(&waited_for));
        async move {
            begun.send(payload).map_err(|error| JobError(error.to_string()))?;
            gate.acquire().await.map(drop).map_err(|error| JobError(error.to_string()))
        }
    });
    let (quick, runs) = counting(3, || Ok(()));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(Runner::new(ctx.clone(), vec![slow, quick]).run(stopped));
    let slowly = async |n: i64| {
        let now = ctx.clock.now();
        ctx.db.write(move |db| enqueue(db, "toy.slow", json!(n), now, now)).await.unwrap();
    };
    slowly(0).await;
    assert_eq!(beginnings.recv().await, Some(json!(0)));
    let ran = async |wanted: usize| {
        let all = async {
            while runs.load(Ordering::SeqCst) < wanted {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), all).await.is_ok()
    };
    for _ in 0..20 {
        ask(&ctx, Value::Null, Span::zero()).await;
    }
    assert!(ran(20).await, "others wait for the slow one");
    // Longer than it is claimed for: this copy has it in hand, and does not begin it again.
    ctx.clock.advance(Span::hours(1));
    ask(&ctx, Value::Null, Span::zero()).await;
    assert!(ran(21).await);
    assert!(beginnings.try_recv().is_err(), "it is begun twice");
    // No more than there are places.
    for n in 1..20 {
        slowly(n).await;
    }
    let mut seen = Vec::new();
    while seen.len() < 7 {
        seen.extend(beginnings.recv().await.and_then(|n| n.as_i64()));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(beginnings.try_recv().is_err(), "more than eight at once");
    gate.add_permits(1_000);
    while seen.len() < 19 {
        seen.extend(beginnings.recv().await.and_then(|n| n.as_i64()));
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..20).collect::<Vec<i64>>());
    stop.send(true).unwrap();
    running.await.unwrap();
}

async fn a_run_that_takes_too_long_is_a_failure(backend: Backend) {
    let ctx = start(backend).await;
    let mut endless = Job::on_demand("toy.work", 1, |_: Ctx, _: Value| std::future::pending::<Result<(), JobError>>());
    endless.timeout = Duration::from_millis(100);
    ask(&ctx, Value::Null, Span::zero()).await;
    assert_eq!(Runner::new(ctx.clone(), vec![endless]).round().await.unwrap(), 1);
    let dead = ctx.db.read_primary(|db| list_dead(db, 10)).await.unwrap();
    assert_eq!(dead[0].last_error.as_deref(), Some("it took too long"));
}

/// A copy that was away for longer than its claim holds: the job is another's meanwhile, and stays so.
async fn who_has_lost_a_job_does_not_settle_it(backend: Backend) {
    let ctx = start(backend).await;
    let (begun, mut beginnings) = tokio::sync::mpsc::unbounded_channel();
    let gates = [Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new())];
    let running = |gate: &Arc<tokio::sync::Notify>, outcome: fn() -> Result<(), JobError>| {
        let (begun, gate, copy) = (begun.clone(), Arc::clone(gate), ctx.another_copy());
        tokio::spawn(async move {
            let job = Job::on_demand("toy.work", 3, move |_: Ctx, _: Value| {
                let (begun, gate) = (begun.clone(), Arc::clone(&gate));
                async move {
                    begun.send(()).map_err(|e| JobError(e.to_string()))?;
                    gate.notified().await;
                    outcome()
                }
            });
            Runner::new((*copy).clone(), vec![job]).round().await.unwrap()
        })
    };
    ask(&ctx, Value::Null, Span::zero()).await;
    let first = running(&gates[0], || Ok(()));
    beginnings.recv().await.unwrap();
    ctx.clock.advance(Span::minutes(3));
    let second = running(&gates[1], || Err(JobError("not done".into())));
    beginnings.recv().await.unwrap();
    gates[0].notify_one();
    assert_eq!(first.await.unwrap(), 1);
    let left = async || {
        let counted = ctx.db.read_primary(|db| {
            use diesel::prelude::*;
            use poligon_core::schema::jobs;
            Ok::<i64, poligon_core::db::DbError>(jobs::table.count().get_result(db)?)
        });
        counted.await.unwrap()
    };
    assert_eq!(left().await, 1, "the other one is at it");
    gates[1].notify_one();
    assert_eq!((second.await.unwrap(), left().await), (1, 1), "and has it to do again");
}
