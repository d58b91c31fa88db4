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
    shared: Shared,
    #[command(flatten)]
    profile: Chosen,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves requests (the default)
    Serve(Chosen),
    /// Brings the schema of the database up to date, one step back, or shows its steps
    Migrate(commands::migrate::Migrate),
    /// Fills an empty database with demo data
    Seed(commands::seed::Seed),
    /// Makes and changes products by a file
    Import(commands::catalogue::Import),
    /// Writes products to a file
    Export(commands::catalogue::Export),
    /// Looks after what facts come to
    #[command(subcommand)]
    Analytics(commands::analytics::Analytics),
    /// Makes, promotes or locks an account
    User(commands::user::User),
    /// Prints the `OpenAPI` document
    Openapi,
    /// Prints the settings in effect, with secrets masked
    Config(Chosen),
    /// Checks everything that the gateway depends on, and says how to mend what is wrong
    Doctor(Chosen),
}

/// Settings that can be given with any command. They win over the environment, and that over the file.
#[derive(Args)]
struct Shared {
    /// The settings file [default: poligon.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    bind: Option<SocketAddr>,
    /// Where the embedded database, files and the demo's secret lie [default: ./data]
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// `sqlite://PATH` or `postgres://…` [default: a file in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// `redis://…` [default: cache in this process]
    #[arg(long, global = true, value_name = "URL")]
    redis_url: Option<String>,
    /// What is logged, as tracing directives: debug, `poligon_auth=debug,info`, … [default: `info,actix_http::h1=off`]
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
}

/// The profile of the settings. Not among [`Shared`], because `seed --profile` names the data.
#[derive(Args, Clone, Default)]
pub(crate) struct Chosen {
    /// demo or production [default: demo]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
}

impl Shared {
    /// Reads and checks the settings, and starts logging.
    fn load(self, profile: Option<String>) -> Result<Config, Failure> {
        let flags = [
            ("profile", profile),
            ("server.bind", self.bind.map(|bind| bind.to_string())),
            ("data_dir", self.data_dir),
            ("database.url", self.database_url),
            ("cache.redis_url", self.redis_url),
            ("telemetry.log_filter", self.log),
        ];
        let flags = flags.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
        let config = Sources { file: self.config, flags, ..Sources::from_process() }.load()?;
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
    let (shared, before) = (cli.shared, cli.profile.profile);
    let load = |own: Chosen| shared.load(own.profile.or(before));
    let any = Chosen::default;
    Ok(match cli.command.unwrap_or_else(|| Command::Serve(any())) {
        Command::Serve(own) => commands::serve::run(load(own)?)?,
        Command::Migrate(command) => command.run(&load(any())?)?,
        Command::Seed(command) => command.run(load(any())?)?,
        Command::Import(command) => command.run(load(any())?)?,
        Command::Export(command) => command.run(&load(any())?)?,
        Command::Analytics(command) => command.run(&load(any())?)?,
        Command::User(command) => command.run(load(any())?)?,
        Command::Openapi => commands::print_openapi()?,
        Command::Config(own) => commands::print_config(&load(own)?)?,
        Command::Doctor(own) => commands::doctor::run(load(own)?)?,
    })
}

/// Whether nothing of the demo may be in the database.
pub(crate) fn is_production(config: &Config) -> bool {
    config.profile == Profile::Production
}
