//! `gateway user`: what has to be done before there is an administrator, or when nobody can log in.

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use poligon_auth::admin;
use poligon_core::db::{Database, Db, migrate};
use poligon_core::security::KeyRing;
use poligon_core::{Clock, Config, Timestamp, random};

use crate::startup;

/// Arguments.
#[derive(Args)]
pub(crate) struct User {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Subcommand)]
enum Deed {
    /// Makes an account with a confirmed address, and prints its password unless that is read from standard input
    Create {
        /// The e-mail address
        #[arg(long)]
        email: String,
        /// The user name
        #[arg(long)]
        username: String,
        /// A role, such as admin
        #[arg(long)]
        role: Option<String>,
        /// Read the password from standard input, up to the end of the line
        #[arg(long)]
        password_stdin: bool,
    },
    /// Gives a role to somebody
    Grant {
        /// E-mail address or user name
        who: String,
        /// The role
        role: String,
    },
    /// Locks an account and ends its sessions
    Lock {
        /// E-mail address or user name
        who: String,
        /// Why, for other administrators
        #[arg(long, default_value = "locked by the operator")]
        reason: String,
    },
}

impl User {
    /// Does it.
    pub(crate) fn run(&self, mut config: Config) -> anyhow::Result<ExitCode> {
        startup::prepare_folder(&mut config)?;
        let now = Clock::system().now();
        Database::open(&config.database)?.alone(|db| {
            migrate::up(db)?;
            startup::sync_roles(db, now)?;
            self.deed.change(db, &config, now)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Deed {
    fn change(&self, db: &mut Db, config: &Config, now: Timestamp) -> anyhow::Result<()> {
        match self {
            Self::Create { email, username, role, password_stdin } => {
                let (password, shown) = password(*password_stdin)?;
                let (keys, cost) = (KeyRing::new(&config.security)?, config.security.bcrypt_cost);
                let role = role.as_deref();
                let id = admin::create_user(db, &keys, cost, email, username, &password, role, now)?;
                println!("account {id} was made");
                if shown {
                    println!("password: {password}");
                }
            }
            Self::Grant { who, role } => {
                admin::grant_role(db, who, role, now)?;
                println!("{who} has the role {role}");
            }
            Self::Lock { who, reason } => {
                admin::lock_user(db, who, reason, now)?;
                println!("{who} is locked");
            }
        }
        Ok(())
    }
}

/// The password, and whether it has to be shown because it was made here.
fn password(from_stdin: bool) -> anyhow::Result<(String, bool)> {
    if !from_stdin {
        return Ok((random::token()?, true));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("the password cannot be read")?;
    Ok((text.trim_end_matches(['\r', '\n']).to_owned(), false))
}
