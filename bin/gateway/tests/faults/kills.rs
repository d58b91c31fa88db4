//! Rows 1 and 4 of the promises: what was answered is there after `kill -9`, and a request that is repeated after one
//! has one effect. `POLIGON_KILLS` says how often to kill.

use std::time::{Duration, Instant};

use poligon_testkit::{Backend, Client, Reply};

use crate::journal::{Audit, Journal, Load, Work};
use crate::process::Gateway;
use crate::world::{World, count, random_below, registration, run_within};

/// Kills of one test when nothing else is said.
const KILLS: usize = 8;
/// Longest time of one test, with a hundred kills.
const LONGEST: Duration = Duration::from_mins(10);

/// How often to kill.
#[allow(clippy::disallowed_methods)] // a setting of the test, not of the product
pub(crate) fn kills() -> usize {
    std::env::var("POLIGON_KILLS").map_or(KILLS, |text| text.parse().expect("POLIGON_KILLS is a number"))
}

/// Registrations go on while the gateway is killed again and again; at the end everything that was answered is there.
async fn an_answered_registration_survives_kills_of_the_gateway(backend: Backend) {
    let world = World::new(backend).await;
    let mut gateway = world.gateway().await;
    let journal = Journal::of(Work::Registrations);
    let load = Load::start(&journal, &gateway.client());
    kill_again_and_again(&world, &mut gateway, &journal).await;
    load.stop().await;
    println!("{backend:?}: {} kills, {} registrations answered", kills(), journal.len());
    assert_eq!(journal.audit(&mut world.database()), Audit { lost: Vec::new(), double: Vec::new() });
    journal.log_in(&gateway.client()).await;
}

/// Kills the gateway in the middle of what it does, and starts it again.
async fn kill_again_and_again(world: &World, gateway: &mut Gateway, journal: &Journal) {
    for _ in 0..kills() {
        journal.grow(1 + usize::try_from(random_below(30)).unwrap()).await;
        tokio::time::sleep(Duration::from_micros(random_below(20_000))).await;
        gateway.kill();
        gateway.start_again(world);
        gateway.ready().await;
    }
    journal.grow(1).await;
}

/// The same of messages: each is there once, and in the order of its number.
async fn an_answered_message_survives_kills_of_the_gateway(backend: Backend) {
    let world = World::new(backend).await;
    let mut gateway = world.gateway().await;
    let (work, author) = Work::messages(&gateway.client()).await;
    let journal = Journal::of(work);
    let load = Load::start(&journal, &author);
    kill_again_and_again(&world, &mut gateway, &journal).await;
    load.stop().await;
    println!("{backend:?}: {} kills, {} messages answered", kills(), journal.len());
    assert_eq!(journal.audit(&mut world.database()), Audit { lost: Vec::new(), double: Vec::new() });
    journal.read_back(&author).await;
}

/// The same of cards: each stands on the board once, and was told.
async fn an_answered_card_survives_kills_of_the_gateway(backend: Backend) {
    let world = World::new(backend).await;
    let mut gateway = world.gateway().await;
    let (work, author) = Work::cards(&gateway.client()).await;
    let journal = Journal::of(work);
    let load = Load::start(&journal, &author);
    kill_again_and_again(&world, &mut gateway, &journal).await;
    load.stop().await;
    println!("{backend:?}: {} kills, {} cards answered", kills(), journal.len());
    assert_eq!(journal.audit(&mut world.database()), Audit { lost: Vec::new(), double: Vec::new() });
    journal.read_board(&author).await;
}

/// Another process opens the database, reads and closes it, again and again, as `doctor` and the database's own shell do:
/// it sees everything that was answered, and disturbs nobody.
async fn another_process_disturbs_nobody(backend: Backend) {
    let world = World::new(backend).await;
    let gateway = world.gateway().await;
    let (work, author) = Work::messages(&gateway.client()).await;
    let journal = Journal::of(work);
    let load = Load::start(&journal, &author);
    for _ in 0..40 {
        journal.grow(5).await;
        let answered = journal.len();
        let there = usize::try_from(count(&mut world.database(), "SELECT COUNT(*) AS n FROM messages")).unwrap();
        assert!(there >= answered, "{there} messages of {answered}");
    }
    load.stop().await;
    assert_eq!(journal.audit(&mut world.database()), Audit { lost: Vec::new(), double: Vec::new() });
    journal.read_back(&author).await;
}

/// The journal finds what is lost: an answer that the server never gave is missed.
async fn a_registration_that_is_not_there_is_missed(backend: Backend) {
    let world = World::new(backend).await;
    let gateway = world.gateway().await;
    let journal = Journal::of(Work::Registrations);
    let load = Load::start(&journal, &gateway.client());
    journal.grow(5).await;
    load.stop().await;
    journal.note("never-registered");
    assert_eq!(journal.audit(&mut world.database()).lost, ["never-registered"]);
}

/// The gateway dies somewhere in a registration with a key; after the restart the same request is repeated until it
/// is taken. Whatever had happened before, there is one account.
async fn a_registration_with_a_key_happens_once_across_kills(backend: Backend) {
    let world = World::new(backend).await;
    let mut gateway = world.gateway().await;
    let (mut replayed, rounds) = (0, kills().min(40));
    let mut usual = Duration::from_millis(20);
    for round in 0..rounds {
        let (client, name) = (gateway.client(), format!("keyed{round}"));
        // Somewhere between the arrival of the request and a while after its answer.
        let wait = usual.mul_f64(f64::from(u32::try_from(random_below(1_500)).unwrap()) / 1_000.0);
        let first = tokio::spawn({
            let (client, name) = (client.clone(), name.clone());
            async move {
                let began = Instant::now();
                let status = send_with_key(&client, &name).await.map(|reply| reply.status);
                (status, began.elapsed())
            }
        });
        tokio::time::sleep(wait).await;
        gateway.kill();
        let (first, took) = first.await.unwrap();
        if let Some(status) = first {
            assert_eq!(status, 201);
            usual = took;
        }
        gateway.start_again(&world);
        gateway.ready().await;
        let reply = until_taken(&client, &name).await;
        let was_replayed = reply.header("idempotency-replayed").is_some();
        assert!(first.is_none() || was_replayed, "{name} was answered before, and made anew");
        replayed += usize::from(was_replayed);
        let query = format!("SELECT count(*) AS n FROM users WHERE username = '{name}'");
        assert_eq!(count(&mut world.database(), &query), 1, "{name}");
    }
    println!("{backend:?}: {rounds} kills, {replayed} answers replayed");
}

async fn send_with_key(client: &Client, name: &str) -> Option<Reply> {
    let request = client.post("/api/auth/register").header("Idempotency-Key", name).json(&registration(name));
    tokio::time::timeout(Duration::from_secs(10), request.try_send()).await.ok()?.ok()
}

/// Repeats the request while its key counts as in flight: a dead gateway leaves its mark in Redis for ten seconds.
async fn until_taken(client: &Client, name: &str) -> Reply {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(15) {
        let reply = send_with_key(client, name).await.expect("an answer");
        if reply.status != 409 {
            return reply.expect(201);
        }
        assert_eq!(reply.problem_code(), "idempotency_in_flight");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{name} is in flight for ever");
}

mod embedded {
    use super::*;

    #[test]
    fn an_answered_registration_survives_kills_of_the_gateway() {
        run_within(LONGEST, super::an_answered_registration_survives_kills_of_the_gateway(Backend::Embedded));
    }

    #[test]
    fn an_answered_message_survives_kills_of_the_gateway() {
        run_within(LONGEST, super::an_answered_message_survives_kills_of_the_gateway(Backend::Embedded));
    }

    #[test]
    fn an_answered_card_survives_kills_of_the_gateway() {
        run_within(LONGEST, super::an_answered_card_survives_kills_of_the_gateway(Backend::Embedded));
    }

    #[test]
    fn another_process_disturbs_nobody() {
        run_within(LONGEST, super::another_process_disturbs_nobody(Backend::Embedded));
    }

    #[test]
    fn a_registration_that_is_not_there_is_missed() {
        run_within(LONGEST, super::a_registration_that_is_not_there_is_missed(Backend::Embedded));
    }

    #[test]
    fn a_registration_with_a_key_happens_once_across_kills() {
        run_within(LONGEST, super::a_registration_with_a_key_happens_once_across_kills(Backend::Embedded));
    }
}

#[cfg(feature = "services")]
mod services {
    use std::sync::Arc;

    use super::*;
    use crate::servers::{Postgres, Redis};

    #[test]
    fn an_answered_registration_survives_kills_of_the_gateway() {
        run_within(LONGEST, super::an_answered_registration_survives_kills_of_the_gateway(Backend::Services));
    }

    #[test]
    fn an_answered_message_survives_kills_of_the_gateway() {
        run_within(LONGEST, super::an_answered_message_survives_kills_of_the_gateway(Backend::Services));
    }

    #[test]
    fn an_answered_card_survives_kills_of_the_gateway() {
        run_within(LONGEST, super::an_answered_card_survives_kills_of_the_gateway(Backend::Services));
    }

    #[test]
    fn another_process_disturbs_nobody() {
        run_within(LONGEST, super::another_process_disturbs_nobody(Backend::Services));
    }

    #[test]
    fn a_registration_that_is_not_there_is_missed() {
        run_within(LONGEST, super::a_registration_that_is_not_there_is_missed(Backend::Services));
    }

    #[test]
    fn a_registration_with_a_key_happens_once_across_kills() {
        run_within(LONGEST, super::a_registration_with_a_key_happens_once_across_kills(Backend::Services));
    }

    /// Kills every process of PostgreSQL while `client` works, `times` times; the gateway is not restarted.
    async fn kill_postgres_under(journal: &Arc<Journal>, client: &Client, world: &mut World, times: usize) -> Audit {
        let load = Load::start(journal, client);
        for _ in 0..times {
            journal.grow(1 + usize::try_from(random_below(30)).unwrap()).await;
            tokio::time::sleep(Duration::from_micros(random_below(20_000))).await;
            let (postgres, _) = world.servers.as_mut().unwrap();
            postgres.kill();
            postgres.start_again().await;
        }
        journal.grow(1).await;
        load.stop().await;
        journal.audit(&mut world.database())
    }

    /// The same under registrations. Answers how many were answered, and what is missing.
    async fn kill_postgres(times: usize, options: &[&str]) -> (usize, Audit) {
        let mut world = World::on(Postgres::start(options).await, Redis::start().await);
        let gateway = world.gateway().await;
        let journal = Journal::of(Work::Registrations);
        let audit = kill_postgres_under(&journal, &gateway.client(), &mut world, times).await;
        if audit.lost.is_empty() {
            journal.log_in(&gateway.client()).await;
        }
        (journal.len(), audit)
    }

    #[test]
    fn an_answered_registration_survives_kills_of_postgresql() {
        run_within(LONGEST, async {
            let (answered, audit) = kill_postgres(kills(), &[]).await;
            println!("PostgreSQL: {} kills, {answered} registrations answered", kills());
            assert_eq!(audit, Audit { lost: Vec::new(), double: Vec::new() });
        });
    }

    #[test]
    fn an_answered_message_survives_kills_of_postgresql() {
        run_within(LONGEST, async {
            let mut world = World::on(Postgres::start(&[]).await, Redis::start().await);
            let gateway = world.gateway().await;
            let (work, author) = Work::messages(&gateway.client()).await;
            let journal = Journal::of(work);
            let audit = kill_postgres_under(&journal, &author, &mut world, kills()).await;
            println!("PostgreSQL: {} kills, {} messages answered", kills(), journal.len());
            assert_eq!(audit, Audit { lost: Vec::new(), double: Vec::new() });
            journal.read_back(&author).await;
        });
    }

    #[test]
    fn an_answered_card_survives_kills_of_postgresql() {
        run_within(LONGEST, async {
            let mut world = World::on(Postgres::start(&[]).await, Redis::start().await);
            let gateway = world.gateway().await;
            let (work, author) = Work::cards(&gateway.client()).await;
            let journal = Journal::of(work);
            let audit = kill_postgres_under(&journal, &author, &mut world, kills()).await;
            println!("PostgreSQL: {} kills, {} cards answered", kills(), journal.len());
            assert_eq!(audit, Audit { lost: Vec::new(), double: Vec::new() });
            journal.read_board(&author).await;
        });
    }

    /// The control: a PostgreSQL that answers before its log is on disk loses what it answered, and the journal says
    /// so. The long pause of the log writer makes the window large.
    #[test]
    fn without_synchronous_commit_registrations_are_lost() {
        run_within(LONGEST, async {
            let (answered, audit) = kill_postgres(5, &["synchronous_commit=off", "wal_writer_delay=10s"]).await;
            println!("without synchronous_commit: {} of {answered} registrations lost", audit.lost.len());
            assert!(!audit.lost.is_empty(), "{answered} registrations, and none was lost");
        });
    }
}
