//! `gateway analytics`

use std::process::ExitCode;

use clap::Subcommand;
use poligon_core::Config;
use poligon_core::db::Database;

/// What can be done.
#[derive(Subcommand)]
pub(crate) enum Analytics {
    /// Counts all facts anew: the figures are the same, unless somebody has changed the tables by hand. Copies of the gateway that
    /// run meanwhile show what they have near at hand for a minute at most
    Rebuild,
}

impl Analytics {
    /// Does it.
    pub(crate) fn run(&self, config: &Config) -> anyhow::Result<ExitCode> {
        match self {
            Self::Rebuild => Database::open(&config.database)?.alone(poligon_analytics::rebuild)?,
        }
        println!("rebuilt");
        Ok(ExitCode::SUCCESS)
    }
}
