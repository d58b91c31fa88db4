//! Orders: what customers have bought, from the placing to the end.
//!
//! The states follow from the ledger of payments, from what of each line is shipped, and from three decisions
//! (`status.rs`). Whatever changes an order takes its row first, so that changes of one order take turns (`settle.rs`).

mod settle;
mod status;

#[allow(unused_imports)] // until its routes stand
pub(crate) use settle::{Taken, facts, note_event, note_internal, settle, take};
#[allow(unused_imports)] // until its routes stand
pub(crate) use status::{Facts, FulfilmentStatus, PaymentStatus, Status};
