//! What the command line can do.

pub(crate) mod doctor;
pub(crate) mod migrate;
pub(crate) mod seed;
pub(crate) mod serve;
pub(crate) mod user;

use std::process::ExitCode;

use poligon_core::Config;

use crate::composition;

/// Prints the `OpenAPI` document.
pub(crate) fn print_openapi() -> anyhow::Result<ExitCode> {
    println!("{}", composition::document().to_pretty_json()?);
    Ok(ExitCode::SUCCESS)
}

/// Prints the settings in effect.
pub(crate) fn print_config(config: &Config) -> anyhow::Result<ExitCode> {
    print!("{}", toml::to_string_pretty(&config.masked())?);
    Ok(ExitCode::SUCCESS)
}
