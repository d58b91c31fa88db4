//! The outbox: at least once, in order for each object.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use poligon_core::Ctx;
use poligon_core::db::DbError;
use poligon_core::events::{DeliveryError, Dispatcher, Event, Subscriber, lag, publish};
use poligon_testkit::{Backend, TestApp, TestCtx};
use serde_json::{Value, json};

poligon_testkit::tests! {
    events_arrive_once_and_in_order,
    an_event_of_a_rolled_back_change_is_never_told,
    a_failure_holds_up_its_own_object_only,
    a_delivery_is_dead_after_its_last_try,
    an_event_cut_off_in_its_delivery_is_delivered_again,
    two_dispatchers_deliver_each_event_once,
    of_many_at_once_the_one_that_fails_is_known,
    a_round_that_takes_long_keeps_its_lease,
}

/// What was delivered: object and number.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(String, i64)>>>);

impl Log {
    fn note(&self, event: &Event) {
        self.0.lock().unwrap().push((event.object.clone(), event.payload.0["n"].as_i64().unwrap()));
    }

    fn of(&self, object: &str) -> Vec<i64> {
        self.0.lock().unwrap().iter().filter(|(o, _)| o == object).map(|(_, n)| *n).collect()
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// A subscriber that writes down what it gets, unless `refuses` says so.
    fn subscriber(&self, refuses: impl Fn(&Event) -> bool + Clone + Send + Sync + 'static) -> Subscriber {
        let log = self.clone();
        Subscriber::new("test", &["toy."], move |_: Ctx, event: Event| {
            let (log, refuses) = (log.clone(), refuses.clone());
            async move {
                if refuses(&event) {
                    return Err(DeliveryError("not now".into()));
                }
                log.note(&event);
                Ok(())
            }
        })
    }
}

/// Five events, of which a subscriber that takes three at once refuses one: the others arrive, but for the later one of the
/// same object, which waits for it. What was delivered with it arrives again.
async fn of_many_at_once_the_one_that_fails_is_known(backend: Backend) {
    let ctx = start(backend).await;
    for (object, n) in [("toy:1", 0), ("toy:2", 1), ("toy:1", 2), ("toy:2", 3), ("toy:3", 4)] {
        tell(&ctx, object, n).await;
    }
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let (log, seen, broken) = (Log::default(), Arc::clone(&sizes), Arc::new(AtomicBool::new(true)));
    let (noted, refuses) = (log.clone(), Arc::clone(&broken));
    let subscriber = Subscriber::of_many("test", &["toy."], 3, move |_: Ctx, events: Vec<Event>| {
        seen.lock().unwrap().push(events.len());
        let (noted, refuses) = (noted.clone(), refuses.load(Ordering::SeqCst));
        async move {
            for event in &events {
                if refuses && event.payload.0["n"] == 1 {
                    return Err(DeliveryError("not now".into()));
                }
                noted.note(event);
            }
            Ok(())
        }
    });
    let dispatcher = Dispatcher::new(ctx.clone(), vec![subscriber]);
    dispatcher.round().await.unwrap();
    assert_eq!((log.of("toy:1"), log.of("toy:2"), log.of("toy:3")), (vec![0, 0, 2], vec![], vec![4]));
    assert_eq!(*sizes.lock().unwrap(), [3, 1, 1, 1, 1], "three, each of them, and what is left of the rest");
    assert_eq!(waiting(&ctx).await, 2);

    broken.store(false, Ordering::SeqCst);
    ctx.clock.advance(chrono::Duration::minutes(1));
    while dispatcher.round().await.unwrap() > 0 {}
    assert_eq!((log.of("toy:1"), log.of("toy:2"), waiting(&ctx).await), (vec![0, 0, 2], vec![1, 3], 0));
}

/// Four deliveries of five seconds each: longer than a lease, and nobody else delivers meanwhile. One that takes longer than
/// the lease itself loses it, and what is left is the other's.
async fn a_round_that_takes_long_keeps_its_lease(backend: Backend) {
    let (ctx, log) = (start(backend).await, Log::default());
    let copy = ctx.another_copy();
    let other = Arc::new(Dispatcher::new((*copy).clone(), vec![log.subscriber(|_| false)]));
    for (first, seconds, is_lost) in [(0, 5, false), (10, 20, true)] {
        for n in first..first + 4 {
            tell(&ctx, "toy:1", n).await;
        }
        let (noted, beside) = (log.clone(), Arc::clone(&other));
        let taken = Arc::new(Mutex::new(0));
        let count = Arc::clone(&taken);
        let subscriber = Subscriber::new("test", &["toy."], move |ctx: Ctx, event: Event| {
            let (noted, beside, count) = (noted.clone(), Arc::clone(&beside), Arc::clone(&count));
            async move {
                ctx.clock.advance(chrono::Duration::seconds(seconds));
                let delivered = beside.round().await.unwrap();
                *count.lock().unwrap() += delivered;
                noted.note(&event);
                Ok(())
            }
        });
        let dispatcher = Dispatcher::new(ctx.clone(), vec![subscriber]);
        dispatcher.round().await.unwrap();
        assert_eq!(*taken.lock().unwrap() > 0, is_lost);
    }
    assert_eq!(log.of("toy:1")[..4], [0, 1, 2, 3]);
    assert_eq!(log.of("toy:1")[4..], [10, 11, 12, 13, 10]);
}

async fn start(backend: Backend) -> TestCtx {
    TestApp::builder(backend).settable_clock().without_server().await
}

async fn tell(ctx: &TestCtx, object: &'static str, n: i64) {
    let now = ctx.clock.now();
    let told = ctx.db.write(move |db| publish(db, "toy.done", object, &json!({"n": n}), now)).await;
    told.unwrap();
}

async fn waiting(ctx: &TestCtx) -> i64 {
    let now = ctx.clock.now();
    ctx.db.read_primary(move |db| lag(db, now)).await.unwrap().0
}

async fn events_arrive_once_and_in_order(backend: Backend) {
    let (ctx, log) = (start(backend).await, Log::default());
    for n in 0..5 {
        tell(&ctx, "toy:1", n).await;
        tell(&ctx, "toy:2", n).await;
    }
    let now = ctx.clock.now();
    let other = ctx.db.write(move |db| publish(db, "elsewhere.done", "x:1", &Value::Null, now)).await;
    other.unwrap();
    let dispatcher = Dispatcher::new(ctx.clone(), vec![log.subscriber(|_| false)]);
    while dispatcher.round().await.unwrap() > 0 {}
    assert_eq!((log.of("toy:1"), log.of("toy:2")), (vec![0, 1, 2, 3, 4], vec![0, 1, 2, 3, 4]));
    assert_eq!((log.len(), waiting(&ctx).await), (10, 0), "what nobody wants is through as well");
}

async fn an_event_of_a_rolled_back_change_is_never_told(backend: Backend) {
    let (ctx, log) = (start(backend).await, Log::default());
    let now = ctx.clock.now();
    let refused = ctx.db.write(move |db| {
        publish(db, "toy.done", "toy:1", &json!({"n": 1}), now)?;
        Err::<(), _>(DbError::Busy)
    });
    refused.await.unwrap_err();
    Dispatcher::new(ctx.clone(), vec![log.subscriber(|_| false)]).round().await.unwrap();
    assert_eq!((log.len(), waiting(&ctx).await), (0, 0));
}

async fn a_failure_holds_up_its_own_object_only(backend: Backend) {
    let (ctx, log) = (start(backend).await, Log::default());
    for n in 0..3 {
        tell(&ctx, "toy:1", n).await;
        tell(&ctx, "toy:2", n).await;
    }
    let failing = Arc::new(Mutex::new(true));
    let fails = Arc::clone(&failing);
    let subscriber = log.subscriber(move |e| e.object == "toy:1" && e.payload.0["n"] == 0 && *fails.lock().unwrap());
    let dispatcher = Dispatcher::new(ctx.clone(), vec![subscriber]);
    while dispatcher.round().await.unwrap() > 0 {}
    assert_eq!((log.of("toy:1"), log.of("toy:2")), (vec![], vec![0, 1, 2]));
    *failing.lock().unwrap() = false;
    assert_eq!(dispatcher.round().await.unwrap(), 0, "it is not tried again at once");
    ctx.clock.advance(chrono::Duration::seconds(2));
    while dispatcher.round().await.unwrap() > 0 {}
    assert_eq!((log.of("toy:1"), waiting(&ctx).await), (vec![0, 1, 2], 0), "in order, after the first went through");
    assert_eq!(log.of("toy:2"), [0, 1, 2], "and the others are not told again");
}

async fn a_delivery_is_dead_after_its_last_try(backend: Backend) {
    let (ctx, log) = (start(backend).await, Log::default());
    tell(&ctx, "toy:1", 0).await;
    tell(&ctx, "toy:1", 1).await;
    let tries = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&tries);
    let subscriber = log.subscriber(move |e| {
        let poisoned = e.payload.0["n"] == 0;
        *counted.lock().unwrap() += usize::from(poisoned);
        poisoned
    });
    let dispatcher = Dispatcher::new(ctx.clone(), vec![subscriber]);
    for _ in 0..9 {
        dispatcher.round().await.unwrap();
        assert_eq!(log.of("toy:1"), Vec::<i64>::new(), "the next one waits");
        ctx.clock.advance(chrono::Duration::hours(1));
    }
    while dispatcher.round().await.unwrap() > 0 {}
    let tried = *tries.lock().unwrap();
    assert_eq!((tried, log.of("toy:1"), waiting(&ctx).await), (10, vec![1], 0));
}

/// A copy of the gateway that dies while it delivers has noted nothing: the next holder of the lease delivers again.
async fn an_event_cut_off_in_its_delivery_is_delivered_again(backend: Backend) {
    let (ctx, log) = (start(backend).await, Log::default());
    tell(&ctx, "toy:1", 7).await;
    let noted = log.clone();
    let slow = Subscriber::new("test", &["toy."], move |_: Ctx, event: Event| {
        let noted = noted.clone();
        async move {
            noted.note(&event);
            tokio::time::sleep(Duration::from_mins(1)).await;
            Ok(())
        }
    });
    let dying = Dispatcher::new(ctx.another_copy().clone(), vec![slow]);
    let dying = tokio::spawn(async move { dying.round().await });
    while log.len() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    dying.abort();
    let next = Dispatcher::new(ctx.another_copy().clone(), vec![log.subscriber(|_| false)]);
    assert_eq!(next.round().await.unwrap(), 0, "the dead copy still holds the lease");
    ctx.clock.advance(chrono::Duration::seconds(16));
    while next.round().await.unwrap() > 0 {}
    assert_eq!((log.of("toy:1"), waiting(&ctx).await), (vec![7, 7], 0));
}

async fn two_dispatchers_deliver_each_event_once(backend: Backend) {
    let (ctx, log) = (start(backend).await, Log::default());
    let copies = [ctx.another_copy(), ctx.another_copy()];
    let racing: Vec<_> = copies
        .iter()
        .map(|copy| {
            let dispatcher = Dispatcher::new((*copy).clone(), vec![log.subscriber(|_| false)]);
            tokio::spawn(async move {
                for _ in 0..200 {
                    dispatcher.round().await.unwrap();
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            })
        })
        .collect();
    for n in 0..100 {
        tell(&ctx, "toy:1", n).await;
    }
    for task in racing {
        task.await.unwrap();
    }
    let last = Dispatcher::new((*copies[0]).clone(), vec![log.subscriber(|_| false)]);
    let other = Dispatcher::new((*copies[1]).clone(), vec![log.subscriber(|_| false)]);
    while last.round().await.unwrap() + other.round().await.unwrap() > 0 {}
    assert_eq!((log.of("toy:1"), waiting(&ctx).await), ((0..100).collect(), 0));
}
