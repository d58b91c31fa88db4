//! The shop over HTTP, on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod buying_races;
mod carts;
mod categories;
mod coupons;
mod csv;
mod hostile_cases;
mod hostile_uploads;
mod images;
mod kept;
mod listing;
mod orders;
mod payments;
mod pictures;
mod products;
mod races;
mod returns;
mod review_lists;
mod review_races;
mod review_verified;
mod reviews;
mod search;
mod seed;
mod shipment_races;
mod shipments;
mod shipping;
mod told;
mod variants;
mod world;
