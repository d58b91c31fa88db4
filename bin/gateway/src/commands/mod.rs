//! What the command line can do.

pub(crate) mod analytics;
pub(crate) mod catalogue;
pub(crate) mod doctor;
pub(crate) mod migrate;
pub(crate) mod seed;
pub(crate) mod serve;
pub(crate) mod user;

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use poligon_core::Config;

use crate::composition;

/// Prints the `OpenAPI` document.
pub(crate) fn print_openapi() -> anyhow::Result<ExitCode> {
    print(&(serde_json::to_string_pretty(&composition::document_as_json()?)? + "\n"))
}

/// Prints the settings in effect.
pub(crate) fn print_config(config: &Config) -> anyhow::Result<ExitCode> {
    print(&toml::to_string_pretty(&config.masked())?)
}

/// Prints what may be longer than its reader wants: `gateway openapi | head` is no failure.
fn print(text: &str) -> anyhow::Result<ExitCode> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
