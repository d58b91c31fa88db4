//! `gateway migrate`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use poligon_core::db::{Database, migrate};
use poligon_core::{Clock, Config};

use crate::startup;

/// Arguments.
#[derive(Args)]
pub(crate) struct Migrate {
    #[command(subcommand)]
    step: Option<Step>,
}

#[derive(Subcommand, Clone, Copy)]
enum Step {
    /// Applies the steps that are missing (the default)
    Up,
    /// Takes the newest step back, with what it stored
    Down,
    /// Shows every step
    Status,
}

impl Migrate {
    /// Does it.
    pub(crate) fn run(&self, config: &Config) -> anyhow::Result<ExitCode> {
        migrate(config, self.step.unwrap_or(Step::Up)).context("the migration failed")
    }
}

fn migrate(config: &Config, step: Step) -> anyhow::Result<ExitCode> {
    let db = Database::open(&config.database)?;
    db.alone(|db| {
        match step {
            Step::Up => {
                let applied = migrate::up(db)?;
                startup::sync_roles(db, Clock::system().now())?;
                match applied.as_slice() {
                    [] => println!("the schema is up to date"),
                    steps => steps.iter().for_each(|step| println!("applied  {step}")),
                }
            }
            Step::Down => match migrate::down(db)? {
                Some(step) => println!("reverted {step}"),
                None => println!("there is no step to take back"),
            },
            Step::Status => migrate::status(db)?.iter().for_each(|step| {
                println!("{}  {}", if step.applied { "applied" } else { "missing" }, step.name);
            }),
        }
        Ok(ExitCode::SUCCESS)
    })
}
