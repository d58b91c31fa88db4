//! The accounts domain over HTTP, on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod accounts;
mod administration;
mod audit;
mod login;
mod passwords;
mod races;
mod refresh;
mod revocation;
mod roles;
mod second_factor;
mod second_factor_races;
mod step_up;
mod tokens;
mod world;
