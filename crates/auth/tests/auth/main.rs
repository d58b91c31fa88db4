//! The accounts domain over HTTP, on both backends.

mod accounts;
mod administration;
mod audit;
mod login;
mod passwords;
mod races;
mod refresh;
mod revocation;
mod roles;
mod tokens;
mod world;
