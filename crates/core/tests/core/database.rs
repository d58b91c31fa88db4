//! Durable connections, and transactions that are run again when the database asks for it.

#[cfg(feature = "services")]
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use poligon_core::db::{Db, DbError};
use poligon_testkit::{Backend, TestApp, TestCtx};

poligon_testkit::tests! {
    read_then_write_loses_nothing,
    an_error_rolls_back_and_a_panic_too,
    a_refusal_is_nobody_elses,
    every_pooled_connection_is_prepared,
}

diesel::table! { counters (id) { id -> BigInt, n -> BigInt, } }

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

fn setting(db: &mut Db, query: &str) -> String {
    sql_query(query).get_result::<Setting>(db).unwrap().value
}

async fn with_counters(backend: Backend) -> TestCtx {
    let ctx = TestApp::builder(backend).config(|c| c.database.call_timeout_ms = 30_000).without_server().await;
    let made = ctx.db.write(|db| {
        sql_query("CREATE TABLE counters (id bigint PRIMARY KEY, n bigint NOT NULL)").execute(db)?;
        sql_query("INSERT INTO counters VALUES (1, 0), (2, 0)").execute(db)?;
        Ok::<_, DbError>(())
    });
    made.await.unwrap();
    ctx
}

async fn count(ctx: &TestCtx, id: i64) -> i64 {
    ctx.db
        .read_primary(move |db| Ok::<_, DbError>(counters::table.find(id).select(counters::n).first(db)?))
        .await
        .unwrap()
}

/// Reads, lets others come between, and writes. The condition on the value read stands for any rule that the rows
/// read are still so; PostgreSQL needs it, SQLite has one writer.
fn add_one(db: &mut Db) -> Result<(), DbError> {
    loop {
        let n = counters::table.find(1).select(counters::n).first::<i64>(db)?;
        std::thread::yield_now();
        let row = counters::table.find(1).filter(counters::n.eq(n));
        if diesel::update(row).set(counters::n.eq(n + 1)).execute(db)? == 1 {
            return Ok(());
        }
    }
}

async fn read_then_write_loses_nothing(backend: Backend) {
    let ctx = with_counters(backend).await;
    let copies = [ctx.another_copy(), ctx.another_copy()];
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let db = copies[n % 2].db.clone();
            tokio::spawn(async move {
                for _ in 0..50 {
                    db.write(add_one).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(count(&ctx, 1).await, 400);
}

async fn an_error_rolls_back_and_a_panic_too(backend: Backend) {
    let ctx = with_counters(backend).await;
    let refused = ctx.db.write(|db| {
        add_one(db)?;
        Err::<(), _>(DbError::Busy)
    });
    assert!(matches!(refused.await, Err(DbError::Busy)));
    let panicked = ctx.db.write(|db| -> Result<(), DbError> {
        add_one(db)?;
        panic!("in the middle")
    });
    assert!(matches!(panicked.await, Err(DbError::Panicked)));
    ctx.db.write(add_one).await.unwrap();
    assert_eq!(count(&ctx, 1).await, 1);
}

/// Many at once, who share a commit where there is one writer: some are refused after they have written, some panic. Twice,
/// because after refusals the writer works in another way.
async fn a_refusal_is_nobody_elses(backend: Backend) {
    let ctx = with_counters(backend).await;
    for round in 1..=2 {
        let held = ctx.db.write(|_| {
            std::thread::sleep(Duration::from_millis(100)); // the others gather behind it
            Ok::<_, DbError>(())
        });
        let all = (0..40).map(|n| {
            ctx.db.write(move |db| {
                add_one(db)?;
                assert_ne!(n % 4, 1, "in the middle");
                if n % 4 == 0 { Err(DbError::Busy) } else { Ok(n) }
            })
        });
        let (held, outcomes) = tokio::join!(held, futures_util::future::join_all(all));
        held.unwrap();
        for (n, outcome) in outcomes.into_iter().enumerate() {
            let as_wished = match n % 4 {
                0 => matches!(outcome, Err(DbError::Busy)),
                1 => matches!(outcome, Err(DbError::Panicked)),
                _ => matches!(outcome, Ok(told) if told == n),
            };
            assert!(as_wished, "{n}: {outcome:?}");
        }
        assert_eq!(count(&ctx, 1).await, 20 * round);
    }
}

/// The write-ahead log begins anew, though somebody writes all the time: 256 MiB are written, and it is never as long as
/// where the writer would have to move it alone (160 MiB).
#[test]
fn the_log_of_sqlite_begins_anew() {
    poligon_testkit::run(async {
        let ctx = with_counters(Backend::Embedded).await;
        let made = ctx.db.write(|db| {
            sql_query("CREATE TABLE blobs (id integer PRIMARY KEY, blob blob NOT NULL)").execute(db)?;
            sql_query("INSERT INTO blobs VALUES (1, x'00')").execute(db)?;
            Ok::<_, DbError>(())
        });
        made.await.unwrap();
        for _ in 0..256 {
            let change = "UPDATE blobs SET blob = randomblob(1048576) WHERE id = 1";
            ctx.db.write(move |db| Ok::<_, DbError>(sql_query(change).execute(db)?)).await.unwrap();
        }
        let log = format!("{}-wal", ctx.config.database.url.strip_prefix("sqlite://").unwrap());
        let length = std::fs::metadata(log).unwrap().len() >> 20;
        assert!((64..150).contains(&length), "{length} MiB");
        let whole = "SELECT integrity_check AS value FROM pragma_integrity_check";
        let whole = ctx.db.read(move |db| Ok::<_, DbError>(setting(db, whole))).await.unwrap();
        assert_eq!(whole, "ok");
    });
}

/// SQLite locks its files for a process as a whole, and the process loses all locks on a file when it closes that file
/// anywhere. Then the next process that opens the database takes it for one that nobody uses, and begins its index anew
/// under those who write.
#[cfg(target_os = "linux")]
#[test]
fn the_locks_of_sqlite_are_kept() {
    use std::os::unix::fs::MetadataExt as _;

    poligon_testkit::run(async {
        let ctx = with_counters(Backend::Embedded).await;
        for _ in 0..100 {
            ctx.db.write(add_one).await.unwrap();
        }
        let index = format!("{}-shm", ctx.config.database.url.strip_prefix("sqlite://").unwrap());
        let index = format!(":{}", std::fs::metadata(index).unwrap().ino());
        let me = std::process::id().to_string();
        // «POSIX ADVISORY READ 4711 fe:00:5309415 128 128»: process, device with number of the file, bytes
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        let is_held = locks.lines().any(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            words.contains(&me.as_str()) && words.iter().any(|word| word.ends_with(&index)) && words.contains(&"128")
        });
        assert!(is_held, "no lock of {me} on a file {index}, byte 128:\n{locks}");
    });
}

/// Holds every connection of the pool at once, so that each is looked at.
async fn every_pooled_connection_is_prepared(backend: Backend) {
    let ctx = TestApp::builder(backend).without_server().await;
    let size = ctx.config.database.pool_size as usize;
    let all_here = Arc::new(Barrier::new(size));
    let looks = (0..size).map(|_| {
        let (db, all_here) = (ctx.db.clone(), Arc::clone(&all_here));
        tokio::spawn(async move {
            let look = db.read(move |db| {
                let seen = inspect(db);
                all_here.wait();
                Ok::<_, DbError>(seen)
            });
            look.await.unwrap()
        })
    });
    let expected: &[&str] = match backend {
        Backend::Embedded => &["2", "1", "wal", "1"],
        Backend::Services => &["on", "2s", "UTC", "8s"],
    };
    for look in looks.collect::<Vec<_>>() {
        assert_eq!(look.await.unwrap(), expected);
    }
    let writer = ctx.db.write(|db| Ok::<_, DbError>(inspect(db))).await.unwrap();
    assert_eq!(writer[..3], expected[..3], "the connection that writes");
}

/// SQLite: durability, foreign keys, journal, whether writes are refused. PostgreSQL: durability, longest statement,
/// time zone, longest idle transaction.
fn inspect(db: &mut Db) -> Vec<String> {
    let queries: [&str; 4] = match db {
        Db::Sqlite(_) => [
            "SELECT CAST(synchronous AS text) AS value FROM pragma_synchronous",
            "SELECT CAST(foreign_keys AS text) AS value FROM pragma_foreign_keys",
            "SELECT journal_mode AS value FROM pragma_journal_mode",
            "SELECT CAST(query_only AS text) AS value FROM pragma_query_only",
        ],
        Db::Postgres(_) => [
            "SELECT current_setting('synchronous_commit') AS value",
            "SELECT current_setting('statement_timeout') AS value",
            "SELECT current_setting('timezone') AS value",
            "SELECT current_setting('idle_in_transaction_session_timeout') AS value",
        ],
    };
    queries.iter().map(|query| setting(db, query)).collect()
}

/// Why write transactions of SQLite take the lock at once: one that read first, and writes after somebody else did,
/// is refused on the spot, however long its busy timeout is.
#[test]
fn a_deferred_sqlite_transaction_is_refused_after_another_write() {
    use diesel::connection::SimpleConnection as _;

    poligon_testkit::run(async {
        let ctx = with_counters(Backend::Embedded).await;
        let (mut first, mut second) = (ctx.db.connect().unwrap(), ctx.db.connect().unwrap());
        let (Db::Sqlite(a), Db::Sqlite(b)) = (&mut first, &mut second) else { panic!("SQLite") };
        b.batch_execute("BEGIN; SELECT n FROM counters").unwrap();
        a.batch_execute("BEGIN IMMEDIATE; UPDATE counters SET n = 1; COMMIT").unwrap();
        let refused = DbError::from(b.batch_execute("UPDATE counters SET n = 2").unwrap_err());
        assert!(refused.asks_for_retry(), "{refused}");
    });
}

/// `.cargo/config.toml` reaches the SQLite that is built in: without it every `LIMIT` is planned anew each time, and
/// readers wait for each other's allocations.
#[test]
fn sqlite_is_compiled_as_configured() {
    poligon_testkit::run(async {
        let ctx = TestApp::builder(Backend::Embedded).without_server().await;
        let list = "SELECT group_concat(compile_options, ' ') AS value FROM pragma_compile_options";
        let options = ctx.db.read(move |db| Ok::<_, DbError>(setting(db, list))).await.unwrap();
        let options: Vec<&str> = options.split(' ').collect();
        for wanted in ["ENABLE_QPSG", "DEFAULT_MEMSTATUS=0", "THREADSAFE=2"] {
            assert!(options.contains(&wanted), "{wanted} is not among {options:?}");
        }
        assert!(!options.contains(&"ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
    });
}

/// What only PostgreSQL does to a transaction.
#[cfg(feature = "services")]
mod services_only {
    use super::*;

    /// Two transactions that each wait for the other's row: one is cancelled, and run again.
    #[test]
    fn a_deadlock_is_run_again() {
        poligon_testkit::run(async {
            let ctx = with_counters(Backend::Services).await;
            let (runs, both_hold_one) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(2)));
            let add = |first: i64, second: i64| {
                let (db, runs, both) = (ctx.db.clone(), Arc::clone(&runs), Arc::clone(&both_hold_one));
                tokio::spawn(async move {
                    let work = move |db: &mut Db| {
                        let run = runs.fetch_add(1, Ordering::SeqCst);
                        diesel::update(counters::table.find(first)).set(counters::n.eq(counters::n + 1)).execute(db)?;
                        if run < 2 {
                            both.wait();
                        }
                        diesel::update(counters::table.find(second))
                            .set(counters::n.eq(counters::n + 1))
                            .execute(db)?;
                        Ok::<_, DbError>(())
                    };
                    db.write(work).await
                })
            };
            let (one, other) = (add(1, 2), add(2, 1));
            one.await.unwrap().unwrap();
            other.await.unwrap().unwrap();
            assert_eq!((count(&ctx, 1).await, count(&ctx, 2).await), (2, 2));
            assert!(runs.load(Ordering::SeqCst) >= 3, "one of the two ran again");
        });
    }

    /// Two serialisable transactions that each read what the other writes.
    #[test]
    fn a_serialisation_failure_is_run_again() {
        poligon_testkit::run(async {
            let ctx = with_counters(Backend::Services).await;
            let (runs, both_have_read) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(2)));
            let copy_sum = |to: i64| {
                let (db, runs, both) = (ctx.db.clone(), Arc::clone(&runs), Arc::clone(&both_have_read));
                tokio::spawn(async move {
                    let work = move |db: &mut Db| {
                        let run = runs.fetch_add(1, Ordering::SeqCst);
                        sql_query("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE").execute(db)?;
                        let read: Vec<i64> = counters::table.select(counters::n).load(db)?;
                        if run < 2 {
                            both.wait();
                        }
                        let sum = read.iter().sum::<i64>() + 1;
                        diesel::update(counters::table.find(to)).set(counters::n.eq(sum)).execute(db)?;
                        Ok::<_, DbError>(())
                    };
                    db.write(work).await
                })
            };
            let (one, other) = (copy_sum(1), copy_sum(2));
            one.await.unwrap().unwrap();
            other.await.unwrap().unwrap();
            let mut found = [count(&ctx, 1).await, count(&ctx, 2).await];
            found.sort_unstable();
            assert_eq!(found, [1, 2], "one after the other, in either order");
            assert!(runs.load(Ordering::SeqCst) >= 3, "one of the two ran again");
        });
    }

    fn name_of_database(db: &mut Db) -> Result<String, DbError> {
        let name = "SELECT current_database()::text AS value";
        Ok(sql_query(name).get_result::<Setting>(db)?.value)
    }

    /// Ends every connection to the database of `ctx`, as a server does that is restarted; answers how many there were.
    fn end_connections(ctx: &TestCtx) -> String {
        let others = "SELECT count(pg_terminate_backend(pid, 5000))::text AS value FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        setting(&mut ctx.db.connect().unwrap(), others)
    }

    /// A server that was away has ended every connection: nobody is refused for that once it is back.
    #[test]
    fn connections_that_were_lost_at_rest_are_never_handed_out() {
        const SIZE: u32 = 6;
        poligon_testkit::run(async {
            let ctx =
                TestApp::builder(Backend::Services).config(|c| c.database.pool_size = SIZE).without_server().await;
            for expected in ["0", "6"] {
                assert_eq!(end_connections(&ctx), expected);
                let all_here = Arc::new(Barrier::new(SIZE as usize));
                let uses = (0..SIZE).map(|_| {
                    let (db, all_here) = (ctx.db.clone(), Arc::clone(&all_here));
                    let work = move |db: &mut Db| {
                        all_here.wait();
                        name_of_database(db)
                    };
                    tokio::spawn(async move { db.read(work).await })
                });
                for used in uses.collect::<Vec<_>>() {
                    used.await.unwrap().unwrap();
                }
            }
        });
    }

    /// A statement that cannot be prepared tells diesel nothing of its connection: whoever came next was given the same
    /// one again, for ever.
    #[test]
    fn a_connection_that_is_lost_in_use_is_not_handed_out_again() {
        fn count_roles(db: &mut Db) -> Result<i64, DbError> {
            Ok(poligon_core::schema::roles::table.count().get_result(db)?)
        }
        poligon_testkit::run(async {
            let ctx = TestApp::builder(Backend::Services).config(|c| c.database.pool_size = 1).without_server().await;
            let ctx = Arc::new(ctx);
            let other = Arc::clone(&ctx);
            let lost = ctx.db.read(move |db| {
                name_of_database(db)?;
                assert_eq!(end_connections(&other), "1");
                count_roles(db)
            });
            let lost = lost.await.unwrap_err();
            assert!(matches!(lost, DbError::Unavailable(_)), "{lost}");
            for _ in 0..3 {
                ctx.db.read(count_roles).await.unwrap();
            }
        });
    }
}
