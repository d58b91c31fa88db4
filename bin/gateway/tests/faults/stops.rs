//! Row 7 of the promises: SIGTERM and SIGINT under load. A request that was sent is answered, the process ends with 0
//! within thirty seconds, and what waits in the background is written.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use poligon_testkit::Backend;

use crate::process::{Gateway, ended};
use crate::wire::{Outcome, Wire};
use crate::world::{World, count, registration, sign_in, until};

/// Connections under load.
const CONNECTIONS: usize = 32;
/// Answers before the first signal, so that every connection has been used again and again.
const WARM: usize = 2_000;
/// Longest time from the signal to the end.
const STOP: Duration = Duration::from_secs(30);

/// What came of all requests.
#[derive(Default)]
struct Tally {
    answered: AtomicUsize,
    refused: AtomicUsize,
    failures: std::sync::Mutex<Vec<String>>,
    over: AtomicBool,
}

impl Tally {
    fn note(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Answered(200 | 201) => self.answered.fetch_add(1, Ordering::SeqCst),
            Outcome::NotSent => self.refused.fetch_add(1, Ordering::SeqCst),
            other => {
                self.failures.lock().unwrap().push(format!("{other:?}"));
                0
            }
        };
    }

    async fn grow(&self, more: usize) {
        let (goal, began) = (self.answered.load(Ordering::SeqCst) + more, Instant::now());
        while self.answered.load(Ordering::SeqCst) < goal {
            assert!(began.elapsed() < Duration::from_mins(1), "the load does not go on: {:?}", self.failures());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn failures(&self) -> Vec<String> {
        self.failures.lock().unwrap().clone()
    }
}

/// Clients without a pause: mostly reads, and each eighth a registration.
struct Load {
    tally: Arc<Tally>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    /// `for_ever`: a connection that is refused is tried again; else it is the end of that client.
    fn start(address: SocketAddr, token: &str, for_ever: bool) -> Self {
        let tally = Arc::new(Tally::default());
        let client = |n| {
            let (tally, headers) = (Arc::clone(&tally), format!("Authorization: Bearer {token}\r\n"));
            tokio::spawn(async move {
                let mut wire = Wire::new(address);
                for round in 0_u64.. {
                    let outcome = if n % 8 == 0 {
                        let body = registration(&format!("loaded{n}-{round}")).to_string();
                        wire.ask("POST", "/api/auth/register", "", &body).await
                    } else {
                        wire.ask("GET", "/api/auth/me", &headers, "").await
                    };
                    tally.note(&outcome);
                    match outcome {
                        Outcome::NotSent if !for_ever => return,
                        Outcome::NotSent => tokio::time::sleep(Duration::from_millis(5)).await,
                        _ => {}
                    }
                    if tally.over.load(Ordering::SeqCst) {
                        return;
                    }
                }
            })
        };
        let tasks = (0..CONNECTIONS).map(client).collect();
        Self { tally, tasks }
    }

    /// Waits for the clients to end.
    async fn ended(&mut self) {
        for task in self.tasks.drain(..) {
            task.await.unwrap();
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Stops the gateway by `signal`; it must end well and in time.
async fn stop(gateway: &mut Gateway, signal: &str) -> Duration {
    let began = Instant::now();
    gateway.signal(signal);
    let status = ended(&mut gateway.child, STOP).await.expect("it ends within 30 seconds");
    assert_eq!(status.code(), Some(0), "SIG{signal}: {}", gateway.log());
    began.elapsed()
}

async fn no_request_in_flight_fails(backend: Backend, signal: &str) {
    let world = World::new(backend).await;
    let mut gateway = world.gateway().await;
    let person = sign_in(&gateway.client(), "regular").await;
    let mut load = Load::start(gateway.address, person.token().unwrap(), false);
    load.tally.grow(WARM).await;
    let took = stop(&mut gateway, signal).await;
    load.ended().await;
    let answered = load.tally.answered.load(Ordering::SeqCst);
    println!("{backend:?}, SIG{signal}: {answered} requests answered, stopped within {took:?}");
    assert_eq!(load.tally.failures(), Vec::<String>::new());
}

async fn sigterm_under_load_breaks_no_request(backend: Backend) {
    no_request_in_flight_fails(backend, "TERM").await;
}

async fn sigint_under_load_breaks_no_request(backend: Backend) {
    no_request_in_flight_fails(backend, "INT").await;
}

/// Kill -9 in the place of SIGTERM: the load must notice, or the tests above show nothing.
async fn a_kill_under_load_breaks_requests(backend: Backend) {
    let world = World::new(backend).await;
    let mut gateway = world.gateway().await;
    let person = sign_in(&gateway.client(), "regular").await;
    let mut load = Load::start(gateway.address, person.token().unwrap(), false);
    load.tally.grow(200).await;
    gateway.kill();
    load.ended().await;
    assert!(!load.tally.failures().is_empty(), "nobody noticed");
}

/// Refused requests are written into the security log in the background; a stop does not lose them.
async fn the_security_log_is_complete_after_a_stop(backend: Backend) {
    const REFUSED: usize = 1_500;
    let world = World::new(backend).await;
    let mut gateway = world.gateway().await;
    let clients = (0..10).map(|_| {
        let mut wire = Wire::new(gateway.address);
        tokio::spawn(async move {
            for _ in 0..REFUSED / 10 {
                assert_eq!(wire.ask("GET", "/api/auth/me", "", "").await, Outcome::Answered(401));
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    stop(&mut gateway, "TERM").await;
    let query = "SELECT count(*) AS n FROM audit_log WHERE action = 'unauthenticated' AND outcome = 'denied'";
    let written = count(&mut world.database(), query);
    assert_eq!(usize::try_from(written).unwrap(), REFUSED);
}

/// The threads that hash step back a little, so that they hold up no request, and not to the end: a login would starve
/// beside whatever else the machine does.
#[cfg(target_os = "linux")]
async fn hashing_steps_back_a_little(backend: Backend) {
    let world = World::new(backend).await;
    let gateway = world.gateway().await;
    let threads = std::fs::read_dir(format!("/proc/{}/task", gateway.child.id())).unwrap();
    let mut found = 0;
    for thread in threads {
        let stat = std::fs::read_to_string(thread.unwrap().path().join("stat")).unwrap();
        let (name, rest) = stat.split_once('(').unwrap().1.rsplit_once(')').unwrap();
        // proc_pid_stat(5): field 19 is the nice value; the state, first behind the name, is field 3.
        let nice: i32 = rest.split_whitespace().nth(16).unwrap().parse().unwrap();
        let hashes = name.starts_with("password-hash");
        found += usize::from(hashes);
        assert!(if hashes { (1..=10).contains(&nice) } else { nice <= 0 }, "{name}: {nice}");
    }
    assert!(found > 0, "no thread hashes");
}

/// Load balancers are told before the listener closes, and requests are served meanwhile.
async fn a_gateway_that_is_about_to_stop_is_not_ready(backend: Backend) {
    let mut world = World::new(backend).await;
    world.set("POLIGON_SERVER__DRAIN_DELAY_MS", "2000");
    let mut gateway = world.gateway().await;
    let client = gateway.client();
    let me = sign_in(&client, "regular").await;
    gateway.signal("TERM");
    until("it is not ready", Duration::from_millis(1_500), async || {
        client.get("/health/ready").send().await.status == 503
    })
    .await;
    let reply = client.get("/health/ready").send().await.expect_problem(503, "not_ready");
    assert_eq!(reply.body["failing"], serde_json::json!(["draining"]), "{}", reply.text);
    assert!(reply.header("retry-after").is_some());
    client.get("/health/live").send().await.expect(200);
    me.get("/api/auth/me").send().await.expect(200);
    let status = ended(&mut gateway.child, STOP).await.expect("it ends within 30 seconds");
    assert_eq!(status.code(), Some(0), "{}", gateway.log());
}

/// A step of the schema is taken back under a gateway that serves.
async fn a_missing_step_of_the_schema_is_told(backend: Backend) {
    let mut world = World::new(backend).await;
    world.set("POLIGON_PROFILE", "demo"); // in production the missing mail server would be a fault, too
    let gateway = world.gateway().await;
    let client = gateway.client();
    let doctor = || {
        let out = world.command(&["doctor"]).output().unwrap();
        (out.status.success(), String::from_utf8(out.stdout).unwrap())
    };
    let (content, said) = doctor();
    assert!(content && said.contains("ok     migrations"), "{said}");
    assert!(world.command(&["migrate", "down"]).output().unwrap().status.success());
    until("it is not ready", Duration::from_secs(10), async || client.get("/health/ready").send().await.status == 503)
        .await;
    let reply = client.get("/health/ready").send().await.expect_problem(503, "not_ready");
    assert_eq!(reply.body["failing"], serde_json::json!(["migrations"]), "{}", reply.text);
    let (content, said) = doctor();
    assert!(!content && said.contains("FAULT  migrations: 1 steps are missing; run `gateway migrate up`"), "{said}");
}

poligon_testkit::tests! {
    a_gateway_that_is_about_to_stop_is_not_ready,
    a_missing_step_of_the_schema_is_told,
    hashing_steps_back_a_little,
    sigterm_under_load_breaks_no_request,
    sigint_under_load_breaks_no_request,
    a_kill_under_load_breaks_requests,
    the_security_log_is_complete_after_a_stop,
}

/// Two copies behind a load balancer, restarted in turn: nobody notices.
#[cfg(feature = "services")]
mod services_only {
    use super::*;
    use crate::proxy::Proxy;
    use crate::world::run_within;

    #[test]
    fn copies_are_restarted_in_turn_and_nobody_notices() {
        run_within(Duration::from_mins(2), async {
            let world = World::new(Backend::Services).await;
            let mut copies = [world.gateway().await, world.gateway().await];
            let person = sign_in(&copies[0].client(), "regular").await;
            let proxy = Proxy::start(copies.iter().map(|copy| copy.address).collect()).await;
            let mut load = Load::start(proxy.address, person.token().unwrap(), true);
            load.tally.grow(WARM / 2).await;
            for copy in &mut copies {
                stop(copy, "TERM").await;
                load.tally.grow(WARM / 2).await;
                copy.start_again(&world);
                copy.ready().await;
                load.tally.grow(WARM / 2).await;
            }
            load.tally.over.store(true, Ordering::SeqCst);
            load.ended().await;
            let answered = load.tally.answered.load(Ordering::SeqCst);
            println!("two copies restarted: {answered} requests answered");
            assert_eq!(load.tally.failures(), Vec::<String>::new());
        });
    }
}
