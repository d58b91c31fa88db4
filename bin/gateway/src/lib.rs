//! The gateway: the command line, and the composition of the domains into one application.
//!
//! [`domains`] lists the domains; [`extra`] is everything outside of them (health, metrics, documents, pages). Tests
//! start an application from the same two.

mod cli;
mod commands;
mod composition;
mod operation;
mod startup;

use std::process::ExitCode;

pub use composition::{demo_accounts, document, domains, extra, permissions, problem_kinds};

/// Runs the command that the arguments of this process name.
pub fn run() -> ExitCode {
    cli::run()
}
