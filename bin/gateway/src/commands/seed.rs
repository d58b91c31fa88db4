//! `gateway seed`

use std::cell::RefCell;
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use poligon_core::db::{Database, migrate};
use poligon_core::security::KeyRing;
use poligon_core::seed::{Plan, Profile};
use poligon_core::{Clock, Config, Timestamp};

use crate::cli::is_production;
use crate::composition::DEMO_SEED;
use crate::startup;

/// Arguments.
#[derive(Args)]
pub(crate) struct Seed {
    /// Which data
    #[arg(long, value_enum, default_value_t = Data::Demo)]
    profile: Data,
    /// Products of the shop [default: as many as the profile has]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    products: Option<u64>,
    /// Articles of the content [default: as many as the profile has]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(120..=1_000_000))]
    articles: Option<u64>,
    /// Facts of the analytics, with what the domains tell [default: as many as the profile has]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    facts: Option<u64>,
    /// The seed of all chance: the same seed and anchor make the same data
    #[arg(long = "seed", value_name = "NUMBER", default_value_t = DEMO_SEED)]
    number: u64,
    /// The day that all times are offsets from, UTC [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    anchor: Option<NaiveDate>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Data {
    /// Named accounts and a few hundred others, with something of everything
    Demo,
    /// Built-in roles only
    Empty,
    /// A million rows, for load tests
    Large,
}

impl From<Data> for Profile {
    fn from(data: Data) -> Self {
        match data {
            Data::Demo => Self::Demo,
            Data::Empty => Self::Empty,
            Data::Large => Self::Large,
        }
    }
}

impl Seed {
    /// Does it.
    pub(crate) fn run(&self, mut config: Config) -> anyhow::Result<ExitCode> {
        if is_production(&config) && self.profile != Data::Empty {
            anyhow::bail!("demo data has passwords that everybody knows: the production profile takes --profile empty");
        }
        startup::prepare_folder(&mut config)?;
        let keys = KeyRing::new(&config.security)?;
        let now = Clock::system().now();
        let bar = Bar::default();
        let progress = |step: &str, done: u64, of: u64| bar.show(step, done, of);
        let plan = Plan {
            profile: self.profile.into(),
            products: self.products,
            articles: self.articles,
            facts: self.facts,
            seed: self.number,
            anchor: self.anchor.map_or_else(|| startup::start_of_day(now), midnight)?,
            bcrypt_cost: config.security.bcrypt_cost,
            progress: &progress,
        };
        Database::open(&config.database)?.alone(|db| {
            migrate::up(db)?;
            startup::sync_roles(db, plan.anchor)?;
            if self.profile != Data::Empty && startup::has_people(db)? {
                anyhow::bail!("the database has accounts already; demo data goes into an empty one");
            }
            startup::seed(db, &plan, &keys)
        })?;
        bar.clear();
        println!("seeded");
        Ok(ExitCode::SUCCESS)
    }
}

fn midnight(day: NaiveDate) -> anyhow::Result<Timestamp> {
    let start = day.and_hms_opt(0, 0, 0).context("there is no such day")?;
    Ok(start.and_utc().into())
}

/// A progress bar, which indicatif draws only on a terminal.
#[derive(Default)]
struct Bar(RefCell<Option<ProgressBar>>);

impl Bar {
    fn show(&self, step: &str, done: u64, of: u64) {
        let mut bar = self.0.borrow_mut();
        let bar = bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{msg:20} {wide_bar} {pos}/{len}");
            ProgressBar::new(of).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_length(of);
        bar.set_position(done);
        bar.set_message(step.to_owned());
    }

    fn clear(&self) {
        if let Some(bar) = self.0.borrow().as_ref() {
            bar.finish_and_clear();
        }
    }
}
