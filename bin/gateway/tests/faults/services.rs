//! Row 6 of the promises: a database or Redis that is dead, hung or slow. Requests that need it are answered 503, as a
//! problem, within three seconds; five seconds after it is back everything works, without a restart.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use poligon_testkit::{Backend, Client, Reply};
use serde_json::json;

use crate::process::{Gateway, ended};
use crate::proxy::{Mode, Proxy};
use crate::world::{PASSWORD, World, count, registration, run_within, sign_in, until};

/// Longest time of a refusal.
const REFUSAL: Duration = Duration::from_secs(3);
/// Longest time until everything works again.
const RECOVERY: Duration = Duration::from_secs(5);
/// Longest time until a connection counts as lost on which nothing arrives.
const FOUND_OUT: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_mins(2);
/// Requests of each kind at once: more than there are connections.
const AT_ONCE: usize = 12;

/// Kinds of requests.
const KINDS: [&str; 6] = ["me", "login", "register", "message", "home feed", "/health/ready"];

/// A gateway with a person who is logged in.
struct Scene {
    _gateway: Gateway,
    /// Made once: to make one takes longer than many an answer.
    client: Client,
    person: Client,
    /// A group of the person alone.
    chat: i64,
    world: World,
}

impl Scene {
    async fn new() -> Self {
        Self::of(World::new(Backend::Services).await).await
    }

    async fn of(mut world: World) -> Self {
        world.set("POLIGON_DATABASE__POOL_SIZE", "8");
        world.set("POLIGON_SECURITY__BCRYPT_COST", "12"); // as in production: whoever hashes first is late with the refusal
        let gateway = world.gateway().await;
        let client = gateway.client();
        let person = sign_in(&client, "regular").await;
        let group = json!({"kind": "group", "title": "Alone", "member_ids": []});
        let chat = person.post("/api/social/chats").json(&group).send().await.expect(201).id();
        Self { _gateway: gateway, client, person, chat, world }
    }

    async fn ask(&self, what: &str, n: usize) -> (Option<Reply>, Duration) {
        let client = &self.client;
        let request = match what {
            "me" => self.person.get("/api/auth/me"),
            "login" => client.post("/api/auth/login").json(&json!({"username": "regular", "password": PASSWORD})),
            "register" => {
                let name = format!("person{n}-{}", crate::world::random_below(u64::MAX));
                client.post("/api/auth/register").json(&registration(&name))
            }
            "message" => {
                let path = format!("/api/social/chats/{}/messages", self.chat);
                self.person.post(&path).json(&json!({"body": format!("The {n}th")}))
            }
            "home feed" => self.person.get("/api/social/posts?feed=home"),
            path => client.get(path),
        };
        let began = Instant::now();
        let reply = tokio::time::timeout(Duration::from_secs(20), request.try_send()).await;
        (reply.ok().and_then(Result::ok), began.elapsed())
    }

    /// Every kind of request is refused in time, many of them at once.
    async fn is_refused(&self, cause: &str) {
        until(&format!("{cause}: readiness notices"), REFUSAL, async || {
            self.ask("/health/ready", 0).await.0.is_some_and(|reply| reply.status == 503)
        })
        .await;
        let kinds = KINDS;
        let asked = kinds.iter().flat_map(|&kind| (0..AT_ONCE).map(move |n| (kind, n)));
        let asked = asked.map(async |(kind, n)| (kind, self.ask(kind, n).await));
        for (kind, (reply, took)) in join_all(asked).await {
            let reply = reply.unwrap_or_else(|| panic!("{cause}: {kind} had no answer within {took:?}"));
            assert_eq!(reply.status, 503, "{cause}: {kind} after {took:?}: {}", reply.text);
            assert!(took < REFUSAL, "{cause}: {kind} took {took:?}: {}", reply.text);
            assert!(!reply.problem_code().is_empty(), "{cause}: {kind}: {}", reply.text);
            let wait = reply.header("retry-after").and_then(|v| v.parse::<u64>().ok());
            assert!(wait.is_some(), "{cause}: {kind}: no Retry-After");
            for inside in ["127.0.0.1", "postgres", "libpq", "Redis", ".rs", "connection refused", "SELECT"] {
                assert!(!reply.text.contains(inside), "{cause}: {kind} tells {inside}: {}", reply.text);
            }
        }
        let (live, took) = self.ask("/health/live", 0).await;
        assert_eq!(live.map(|reply| reply.status), Some(200), "{cause}: it lives");
        assert!(took < Duration::from_secs(1), "{cause}: live took {took:?}");
    }

    /// Everything works again in time.
    async fn recovers(&self, cause: &str) {
        let began = Instant::now();
        for kind in KINDS {
            let left = RECOVERY.saturating_sub(began.elapsed());
            until(&format!("{cause}: {kind} works again"), left, async || {
                self.ask(kind, 0).await.0.is_some_and(|reply| matches!(reply.status, 200 | 201))
            })
            .await;
        }
        println!("{cause}: recovered within {:?}", began.elapsed());
    }
}

async fn join_all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = futures.into_iter().map(Box::pin).map(Some).collect();
    let mut done: Vec<Option<T>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in all.iter_mut().zip(&mut done) {
            if let Some(running) = future
                && let std::task::Poll::Ready(value) = running.as_mut().poll(cx)
            {
                (*done, *future) = (Some(value), None);
            }
        }
        if all.iter().all(Option::is_none) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().map(Option::unwrap).collect()
}

#[test]
fn a_hung_postgresql_is_503_and_comes_back() {
    run_within(LONGEST, async {
        let scene = Scene::new().await;
        let (postgres, _) = scene.world.servers.as_ref().unwrap();
        for round in ["hung", "hung again"] {
            postgres.signal("STOP");
            scene.is_refused(round).await;
            postgres.signal("CONT");
            scene.recovers(round).await;
        }
    });
}

/// What is refused while the database is away is in the security log when it is back, however long that takes.
#[test]
fn an_outage_costs_the_security_log_nothing() {
    run_within(LONGEST, async {
        let mut scene = Scene::new().await;
        scene.world.servers.as_mut().unwrap().0.kill();
        for _ in 0..20 {
            let denied = scene.client.with_token("no.token.at-all").get("/api/auth/me").send().await;
            denied.expect_problem(401, "invalid_token");
        }
        tokio::time::sleep(Duration::from_secs(12)).await;
        scene.world.servers.as_mut().unwrap().0.start_again().await;
        let mut db = scene.world.database();
        let written = "SELECT count(*) AS n FROM audit_log WHERE action = 'invalid_token'";
        until("every denial is written", Duration::from_secs(10), async || count(&mut db, written) == 20).await;
    });
}

#[test]
fn a_killed_postgresql_is_503_and_comes_back() {
    run_within(LONGEST, async {
        let mut scene = Scene::new().await;
        scene.world.servers.as_mut().unwrap().0.kill();
        scene.is_refused("killed").await;
        scene.world.servers.as_mut().unwrap().0.start_again().await;
        scene.recovers("killed").await;
    });
}

#[test]
fn a_hung_redis_is_503_and_comes_back() {
    run_within(LONGEST, async {
        let scene = Scene::new().await;
        let (_, redis) = scene.world.servers.as_ref().unwrap();
        redis.signal("STOP");
        scene.is_refused("Redis hung").await;
        redis.signal("CONT");
        scene.recovers("Redis hung").await;
    });
}

#[test]
fn a_killed_redis_is_503_and_comes_back() {
    run_within(LONGEST, async {
        let mut scene = Scene::new().await;
        scene.world.servers.as_mut().unwrap().1.kill();
        scene.is_refused("Redis killed").await;
        scene.world.servers.as_mut().unwrap().1.start_again().await;
        scene.recovers("Redis killed").await;
    });
}

/// A gateway that reaches its database through a proxy, with these parameters behind the URL.
async fn behind_a_proxy(parameters: &str) -> (Scene, Proxy) {
    let mut world = World::new(Backend::Services).await;
    let (postgres, _) = world.servers.as_ref().unwrap();
    let proxy = Proxy::start(vec![SocketAddr::from(([127, 0, 0, 1], postgres.port()))]).await;
    let url = format!("{}{parameters}", postgres.url_at(proxy.address.port()));
    world.set("DATABASE_URL", &url);
    (Scene::of(world).await, proxy)
}

#[test]
fn a_slow_database_is_waited_for_within_bounds() {
    run_within(LONGEST, async {
        let (scene, proxy) = behind_a_proxy("").await;
        proxy.set(Mode::Delay(Duration::from_millis(100)));
        let (reply, took) = scene.ask("me", 0).await;
        assert_eq!(reply.map(|reply| reply.status), Some(200), "slow, but not too slow");
        assert!(took > Duration::from_millis(200), "the delay had no effect: {took:?}");
        proxy.set(Mode::Delay(Duration::from_secs(6)));
        scene.is_refused("too slow").await;
        proxy.set(Mode::Pass);
        scene.recovers("too slow").await;
    });
}

#[test]
fn a_network_that_holds_everything_back_is_503() {
    run_within(LONGEST, async {
        let (scene, proxy) = behind_a_proxy("").await;
        proxy.set(Mode::Hold);
        scene.is_refused("held back").await;
        proxy.set(Mode::Pass);
        scene.recovers("held back").await;
    });
}

/// Loses every connection of a full pool; answers how long it takes until a request succeeds, if it is `longest` at
/// most. `parameters` are put behind the database's URL.
async fn lose_connections(parameters: &str, longest: Duration) -> Option<Duration> {
    let (scene, proxy) = behind_a_proxy(parameters).await;
    proxy.set(Mode::Delay(Duration::from_millis(50))); // slow enough that each needs a connection of its own
    join_all((0..AT_ONCE).map(|n| scene.ask("me", n))).await;
    let open = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'poligon'";
    assert!(count(&mut scene.world.database(), open) >= 8, "the pool is not full");
    proxy.set(Mode::Pass);
    proxy.forget();
    let began = Instant::now();
    while began.elapsed() < longest {
        // All at once, so that no connection rests until it is found out.
        for (reply, took) in join_all((0..AT_ONCE).map(|n| scene.ask("me", n))).await {
            let reply = reply.expect("an answer");
            assert!(took < REFUSAL, "{} after {took:?}", reply.status);
            if reply.status == 200 {
                let took = began.elapsed();
                scene.recovers("lost connections").await;
                return Some(took);
            }
        }
    }
    None
}

/// Connections that the network has lost: nothing ever arrives on them, not even their end.
#[test]
fn connections_that_the_network_lost_are_replaced() {
    run_within(LONGEST, async {
        let took = lose_connections("", FOUND_OUT + RECOVERY).await.expect("lost connections are replaced");
        println!("lost connections: replaced within {took:?}");
    });
}

/// The control: without a watch on connections a request waits on a lost one for ever.
#[test]
fn unwatched_connections_stay_lost() {
    run_within(LONGEST, async {
        let unwatched = "?keepalives=0&keepalives_idle=0&tcp_user_timeout=0";
        assert_eq!(lose_connections(unwatched, FOUND_OUT + RECOVERY).await, None);
    });
}

/// A start waits for its database a while, then says what is wrong.
#[test]
fn a_start_without_its_database_is_given_up_with_a_message() {
    run_within(LONGEST, async {
        let mut world = World::new(Backend::Services).await;
        world.servers.as_mut().unwrap().0.kill();
        let mut gateway = Gateway::spawn(&world);
        let status = ended(&mut gateway.child, Duration::from_secs(30)).await.expect("it gives up");
        assert_eq!(status.code(), Some(1), "{}", gateway.log());
        let log = gateway.log();
        let message = log.lines().find(|line| line.starts_with("the start was given up")).expect(&log);
        assert!(message.contains("cannot be reached"), "{message}");
        println!("{message}");
    });
}

/// Both start at once: the gateway is ready soon after its database is.
#[test]
fn a_start_waits_for_its_database() {
    run_within(LONGEST, async {
        let mut world = World::new(Backend::Services).await;
        world.servers.as_mut().unwrap().0.kill();
        let mut gateway = Gateway::spawn(&world);
        until("the start waits", Duration::from_secs(10), async || gateway.log().contains("waiting for the database"))
            .await;
        world.servers.as_mut().unwrap().0.start_again().await;
        gateway.ready().await;
    });
}
