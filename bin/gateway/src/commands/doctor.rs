//! `gateway doctor`: one line for each thing that the gateway depends on, `ok` or `FAULT` with what to do.

use std::process::ExitCode;
use std::time::Duration;

use poligon_core::cache::Cache;
use poligon_core::db::{Database, Db, DbError, dialect, migrate};
use poligon_core::mail::Mailer;
use poligon_core::storage::Storage;
use poligon_core::telemetry::Metrics;
use poligon_core::{Clock, Config};

use crate::cli::is_production;

/// Longest time of one check.
const LONGEST: Duration = Duration::from_secs(5);
/// How far the database's clock may be from the machine's, in milliseconds.
const CLOCKS_APART: i64 = 2_000;

/// What is fine, or what is wrong and how to mend it.
type Finding = Result<String, String>;

/// Checks everything; 1 when anything is wrong.
pub(crate) fn run(config: Config) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings = runtime.block_on(examine(config));
    runtime.shutdown_background(); // a database that hangs must not hold the answer up
    let mut code = ExitCode::SUCCESS;
    for (name, finding) in findings {
        match finding {
            Ok(text) => println!("ok     {name}: {text}"),
            Err(text) => {
                println!("FAULT  {name}: {}", text.split_whitespace().collect::<Vec<_>>().join(" "));
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

async fn examine(config: Config) -> Vec<(&'static str, Finding)> {
    let mut findings = vec![("data folder", data_folder(&config)), ("signing secret", signing_secret(&config))];
    findings.extend(database(&config).await);
    findings.push(("cache", bounded(cache(&config)).await));
    findings.push(("storage", bounded(storage(&config)).await));
    findings.push(("mail", bounded(mail(&config)).await));
    findings
}

async fn bounded(check: impl Future<Output = Finding>) -> Finding {
    let late = |_| Err(format!("no answer within {} seconds; see that it runs and can be reached", LONGEST.as_secs()));
    tokio::time::timeout(LONGEST, check).await.unwrap_or_else(late)
}

fn data_folder(config: &Config) -> Finding {
    let folder = &config.data_dir.0;
    std::fs::create_dir_all(folder)
        .and_then(|()| {
            let probe = folder.join(".doctor");
            std::fs::write(&probe, b"probe")?;
            std::fs::remove_file(probe)
        })
        .map(|()| folder.display().to_string())
        .map_err(|e| format!("{} cannot be written: {e}; choose another with --data-dir", folder.display()))
}

fn signing_secret(config: &Config) -> Finding {
    match config.security.signing_secret.len() {
        0 if is_production(config) => Err("there is none; set POLIGON_SIGNING_SECRET".into()),
        0 => Ok("kept in the data folder".into()),
        length => Ok(format!("{length} bytes from the settings")),
    }
}

/// What the database says, asked on a thread of its own because connecting blocks.
async fn database(config: &Config) -> Vec<(&'static str, Finding)> {
    let settings = config.database.clone();
    let asked = tokio::task::spawn_blocking(move || {
        let database = Database::open(&settings)?;
        let mut db = database.connect()?;
        Ok::<_, DbError>(vec![
            ("database", dialect::version(&mut db).map_err(|e| e.to_string())),
            ("migrations", migrations(&mut db)),
            ("clock", clock(&mut db)),
        ])
    });
    let fault = |text: String| vec![("database", Err(text))];
    match tokio::time::timeout(LONGEST, asked).await {
        Ok(Ok(Ok(findings))) => findings,
        Ok(Ok(Err(error))) => fault(format!("{error}; check DATABASE_URL, and that the server runs")),
        Ok(Err(_panicked)) => fault("the check failed".into()),
        Err(_elapsed) => fault(format!("no answer within {} seconds; see that the server runs", LONGEST.as_secs())),
    }
}

fn migrations(db: &mut Db) -> Finding {
    match migrate::pending(db) {
        Ok(0) => Ok("all applied".into()),
        Ok(missing) => Err(format!("{missing} steps are missing; run `gateway migrate up`")),
        Err(error) => Err(error.to_string()),
    }
}

fn clock(db: &mut Db) -> Finding {
    let before = Clock::system().now();
    let database = dialect::clock(db).map_err(|e| e.to_string())?;
    let apart = database.since(before).num_milliseconds().abs();
    if apart > CLOCKS_APART {
        return Err(format!("the database's clock is {apart} ms from this machine's; synchronise both (NTP)"));
    }
    Ok(format!("{apart} ms from the database's"))
}

async fn cache(config: &Config) -> Finding {
    let mend = |e: &dyn std::fmt::Display| format!("{e}; check REDIS_URL, and that the server runs");
    let metrics = Metrics::new().map_err(|e| e.to_string())?;
    let cache = Cache::open(&config.cache, metrics.cache_calls()).map_err(|e| mend(&e))?;
    cache.ping().await.map_err(|e| mend(&e))?;
    Ok(cache.kind().into())
}

async fn storage(config: &Config) -> Finding {
    let mend = |e: &dyn std::fmt::Display| format!("{e}; check STORAGE_URL, credentials and rights");
    let storage = Storage::open(&config.storage).map_err(|e| mend(&e))?;
    storage.probe().await.map_err(|e| mend(&e))?;
    Ok("files can be written and removed".into())
}

async fn mail(config: &Config) -> Finding {
    let mailer = Mailer::open(&config.mail)?;
    mailer.probe().await.map_err(|e| format!("{e}; check SMTP_URL, and that the server runs"))?;
    Ok(match mailer {
        Mailer::Kept if is_production(config) => {
            return Err("there is no mail server, so that nobody gets a mail; set SMTP_URL".into());
        }
        Mailer::Kept => "kept in the database".into(),
        Mailer::Smtp { .. } => "the mail server answers".into(),
    })
}
