//! `gateway import` and `gateway export`: the catalogue from and to a file.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use poligon_core::db::{Database, migrate};
use poligon_core::{Clock, Config};
use poligon_ecommerce::{Mode, Report, export_to, import_from};

use crate::startup;

/// Errors that are printed.
const PRINTED: usize = 20;

/// Arguments.
#[derive(Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    what: ImportWhat,
}

#[derive(Subcommand)]
enum ImportWhat {
    /// Makes and changes products and variants by a CSV file
    Products {
        /// The file; its columns are those of `gateway export products`
        file: PathBuf,
        /// What happens when rows are bad
        #[arg(long, value_enum, default_value_t = Rule::AllOrNothing)]
        mode: Rule,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Rule {
    /// Nothing is changed
    AllOrNothing,
    /// They are left out
    SkipBad,
}

/// Arguments.
#[derive(Args)]
pub(crate) struct Export {
    #[command(subcommand)]
    what: ExportWhat,
}

#[derive(Subcommand)]
enum ExportWhat {
    /// Writes products and variants as CSV
    Products {
        /// The file [default: standard output]
        file: Option<PathBuf>,
    },
}

impl Import {
    /// Does it; 1 when rows are bad.
    pub(crate) fn run(&self, mut config: Config) -> anyhow::Result<ExitCode> {
        let ImportWhat::Products { file, mode } = &self.what;
        startup::prepare_folder(&mut config)?;
        let mut source = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let now = Clock::system().now();
        let mode = match mode {
            Rule::AllOrNothing => Mode::AllOrNothing,
            Rule::SkipBad => Mode::SkipBad,
        };
        let bar = rows_bar()?;
        let progress = |rows: u64, writes: bool| {
            bar.set_message(if writes { "writing" } else { "checking" });
            bar.set_position(rows);
        };
        let outcome = Database::open(&config.database)?.alone(|db| {
            migrate::up(db)?;
            Ok::<_, anyhow::Error>(import_from(db, &mut source, mode, now, &progress))
        })?;
        bar.finish_and_clear();
        match outcome {
            Ok(report) => Ok(tell(&report)),
            Err(poligon_ecommerce::ImportFailure::Bad(report)) => {
                tell(&report);
                eprintln!("nothing was changed");
                Ok(ExitCode::FAILURE)
            }
            Err(other) => Err(other.into()),
        }
    }
}

/// A bar without an end, drawn on a terminal only.
fn rows_bar() -> anyhow::Result<ProgressBar> {
    Ok(ProgressBar::no_length().with_style(ProgressStyle::with_template("{msg:10} {pos} rows {per_sec} {spinner}")?))
}

fn tell(report: &Report) -> ExitCode {
    for error in report.errors.iter().take(PRINTED) {
        eprintln!("row {}, {}: {} ({})", error.row, error.column, error.message, error.code);
    }
    if report.errors_total > PRINTED as u64 {
        eprintln!("… and {} more errors", report.errors_total - PRINTED as u64);
    }
    println!(
        "{} rows: {} created, {} updated, {} skipped",
        report.rows, report.created, report.updated, report.skipped
    );
    if report.errors_total == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Export {
    /// Does it.
    pub(crate) fn run(&self, config: &Config) -> anyhow::Result<ExitCode> {
        let ExportWhat::Products { file } = &self.what;
        let database = Database::open(&config.database)?;
        let mut db = database.connect()?;
        let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template("{pos} products {per_sec}")?);
        let progress = |done| bar.set_position(done);
        match file {
            Some(path) => {
                let mut out = BufWriter::new(create(path)?);
                export_to(&mut db, &mut out, &progress)?;
                out.flush().with_context(|| format!("{} cannot be written", path.display()))?;
            }
            None => {
                export_to(&mut db, &mut std::io::stdout().lock(), &progress)?;
            }
        }
        bar.finish_and_clear();
        Ok(ExitCode::SUCCESS)
    }
}

fn create(path: &Path) -> anyhow::Result<File> {
    File::create(path).with_context(|| format!("{} cannot be written", path.display()))
}
