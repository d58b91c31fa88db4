//! What has to be in place before requests are served: data folder, secret, schema, roles, demo data.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use diesel::prelude::*;
use poligon_auth::admin;
use poligon_core::db::{Database, Db, DbError, Kind, migrate, transact};
use poligon_core::schema::users;
use poligon_core::security::{KeyRing, permissions};
use poligon_core::seed::{DemoAccount, Plan, Profile};
use poligon_core::{Clock, Config, Timestamp, random};

use crate::cli::is_production;
use crate::composition::{self, DEMO_SEED};

/// Where the demo's secret is kept, in the data folder.
const SECRET_FILE: &str = "signing.secret";
/// How long a start waits for a database that cannot be reached: both may start at once.
const PATIENCE: Duration = Duration::from_secs(15);

/// Makes the data folder, and in the demo profile the secret that is missing in the settings.
pub(crate) fn prepare_folder(config: &mut Config) -> anyhow::Result<()> {
    let folder = &config.data_dir.0;
    make_private(folder).with_context(|| format!("the data folder {} cannot be made", folder.display()))?;
    if config.security.signing_secret.is_empty() && !is_production(config) {
        let file = folder.join(SECRET_FILE);
        let secret = keep_secret(&file).with_context(|| format!("the secret in {} cannot be used", file.display()))?;
        config.security.signing_secret = secret;
    }
    Ok(())
}

/// Makes a folder that only its owner can look into: the database and the secret lie there.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut maker = fs::DirBuilder::new();
    maker.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.create(folder)
}

/// The secret in `file`, which is made when it is not there. Of several processes that make it at once, one wins and
/// the others take its secret.
fn keep_secret(file: &Path) -> anyhow::Result<String> {
    match fs::read_to_string(file) {
        Ok(secret) => return check_secret(&secret),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let draft = file.with_extension(random::id()?);
    let made = write_private(&draft, &random::hex(&random::bytes::<32>()?)).and_then(|()| fs::hard_link(&draft, file));
    fs::remove_file(&draft).ok(); // a draft that stays behind does no harm
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => check_secret(&fs::read_to_string(file)?),
    }
}

fn check_secret(text: &str) -> anyhow::Result<String> {
    let secret = text.trim();
    anyhow::ensure!(secret.len() >= 32, "it must hold 32 characters or more; remove it to have a new one made");
    Ok(secret.to_owned())
}

/// Writes a new file that only its owner may read, down to the disk.
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(file)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()
}

/// What was done to the database.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// Steps of the schema that were missing.
    pub(crate) applied: Vec<String>,
    /// Whether the demo data was loaded.
    pub(crate) seeded: bool,
    /// The demo accounts that can log in here.
    pub(crate) usable: Vec<DemoAccount>,
}

/// Brings schema and roles up to date and, in the demo profile, fills an empty database with demo data. Any number of
/// copies may do this at once.
pub(crate) fn prepare_database(config: &Config, db: &Database, keys: &KeyRing) -> anyhow::Result<Prepared> {
    wait_for(db)?;
    let now = Clock::system().now();
    db.alone(|db| {
        let applied = migrate::up(db).context("the schema could not be brought up to date")?;
        let seeded = !is_production(config) && !has_people(db)?;
        let anchor = start_of_day(now)?;
        sync_roles(db, if seeded { anchor } else { now })?;
        if seeded {
            let plan = Plan {
                profile: Profile::Demo,
                products: None,
                articles: None,
                facts: None,
                seed: DEMO_SEED,
                anchor,
                bcrypt_cost: config.security.bcrypt_cost,
                progress: &|_, _, _| {},
            };
            seed(db, &plan, keys)?;
        }
        let usable = admin::usable_demo_accounts(db, keys)?;
        if is_production(config) {
            refuse_published(&admin::published_accounts(db, keys)?)?;
        }
        Ok(Prepared { applied, seeded, usable })
    })
}

/// Refuses a database in which people can log in with passwords that everybody knows.
fn refuse_published(names: &[String]) -> anyhow::Result<()> {
    anyhow::ensure!(
        names.is_empty(),
        "this database holds demo accounts whose passwords are published: {}; the production profile wants a \
         database that began empty",
        names.join(", ")
    );
    Ok(())
}

/// Waits a while for a database that cannot be reached yet.
fn wait_for(db: &Database) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        match db.connect() {
            Ok(_) => return Ok(()),
            Err(error) if db.kind() == Kind::Sqlite || began.elapsed() > PATIENCE => {
                return Err(anyhow::Error::new(error).context("the start was given up"));
            }
            Err(error) => {
                tracing::warn!(%error, "waiting for the database");
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    }
}

/// Writes the built-in roles and permissions.
pub(crate) fn sync_roles(db: &mut Db, now: Timestamp) -> Result<(), DbError> {
    let declared = composition::permissions();
    transact(db, |db| permissions::sync(db, &declared, now))
}

/// Makes the demo data of every domain, each in one transaction.
pub(crate) fn seed(db: &mut Db, plan: &Plan<'_>, keys: &KeyRing) -> anyhow::Result<()> {
    for domain in composition::domains() {
        transact(db, |db| (domain.seed)(db, plan, keys))
            .with_context(|| format!("the demo data of {} could not be made", domain.name))?;
    }
    transact(db, |db| count_history(db, plan)).context("the demo data could not be counted")
}

/// Has what the domains tell of their past counted.
fn count_history(db: &mut Db, plan: &Plan<'_>) -> Result<(), DbError> {
    let mut history = poligon_analytics::History::new(plan);
    for domain in composition::domains() {
        (domain.history)(db, &mut |db, events| history.hear(db, events))?;
    }
    history.finish(db)
}

/// Whether anybody has an account.
pub(crate) fn has_people(db: &mut Db) -> Result<bool, DbError> {
    Ok(users::table.select(users::id).first::<i64>(db).optional()?.is_some())
}

/// Midnight, UTC, of the day of `now`.
pub(crate) fn start_of_day(now: Timestamp) -> anyhow::Result<Timestamp> {
    const DAY: i64 = 24 * 3600 * 1000;
    Timestamp::from_millis(now.millis() - now.millis().rem_euclid(DAY)).context("the clock is out of range")
}
