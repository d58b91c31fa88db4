//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use poligon_core::Config;
use poligon_core::config::{ConfigError, Profile, Sources};

use crate::commands;

/// A real backend to practise test automation on.
#[derive(Parser)]
#[command(name = "gateway", version)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves requests (the default)
    Serve(Settings),
    /// Brings the schema of the database up to date, one step back, or shows its steps
    Migrate(commands::migrate::Migrate),
    /// Fills an empty database with demo data
    Seed(commands::seed::Seed),
    /// Makes, promotes or locks an account
    User(commands::user::User),
    /// Prints the `OpenAPI` document
    Openapi,
    /// Prints the settings in effect, with secrets masked
    Config(Settings),
    /// Checks everything that the gateway depends on, and says how to mend what is wrong
    Doctor(Settings),
}

/// Settings that can be given with any command. They win over the environment, and that over the file.
#[derive(Args, Clone, Default)]
pub(crate) struct Shared {
    /// The settings file [default: poligon.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    bind: Option<SocketAddr>,
    /// Where the embedded database, files and the demo's secret lie [default: ./data]
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// sqlite://PATH or postgres://… [default: a file in the data folder]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// redis://… [default: cache in this process]
    #[arg(long, value_name = "URL")]
    redis_url: Option<String>,
    /// What is logged, as tracing directives: debug, `poligon_auth=debug,info`, … [default: info]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

/// [`Shared`] and the profile, which `seed` has another meaning for.
#[derive(Args, Clone, Default)]
pub(crate) struct Settings {
    #[command(flatten)]
    shared: Shared,
    /// demo or production [default: demo]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
}

impl Settings {
    /// Settings for a command whose `--profile` is something else.
    pub(crate) fn without_profile(shared: Shared) -> Self {
        Self { shared, profile: None }
    }

    /// These, and from `before` (given in front of the command) what these leave open.
    fn after(self, before: Self) -> Self {
        let (own, other) = (self.shared, before.shared);
        Self {
            profile: self.profile.or(before.profile),
            shared: Shared {
                config: own.config.or(other.config),
                bind: own.bind.or(other.bind),
                data_dir: own.data_dir.or(other.data_dir),
                database_url: own.database_url.or(other.database_url),
                redis_url: own.redis_url.or(other.redis_url),
                log: own.log.or(other.log),
            },
        }
    }

    /// Reads and checks the settings, and starts logging.
    fn load(self) -> Result<Config, Failure> {
        let shared = self.shared;
        let flags = [
            ("profile", self.profile),
            ("server.bind", shared.bind.map(|bind| bind.to_string())),
            ("data_dir", shared.data_dir),
            ("database.url", shared.database_url),
            ("cache.redis_url", shared.redis_url),
            ("telemetry.log_filter", shared.log),
        ];
        let flags = flags.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
        let config = Sources { file: shared.config, flags, ..Sources::from_process() }.load()?;
        poligon_core::telemetry::init_logging(&config.telemetry).map_err(|e| ConfigError(vec![e]))?;
        Ok(config)
    }
}

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The settings are wrong; one line for each.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// Anything else.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

/// Runs the command; 2 when arguments or settings are wrong, 1 when the command failed.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(if matches!(failure, Failure::Settings(_)) { 2 } else { 1 })
        }
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let before = cli.settings;
    let load = |own: Settings| own.after(before.clone()).load();
    match cli.command.unwrap_or_else(|| Command::Serve(Settings::default())) {
        Command::Serve(own) => Ok(commands::serve::run(load(own)?)?),
        Command::Migrate(command) => Ok(command.run(|own| load(own))?),
        Command::Seed(command) => Ok(command.run(|own| load(own))?),
        Command::User(command) => Ok(command.run(|own| load(own))?),
        Command::Openapi => Ok(commands::print_openapi()?),
        Command::Config(own) => Ok(commands::print_config(&load(own)?)?),
        Command::Doctor(own) => Ok(commands::doctor::run(load(own)?)?),
    }
}

/// Whether nothing of the demo may be in the database.
pub(crate) fn is_production(config: &Config) -> bool {
    config.profile == Profile::Production
}
