//! Cards of boards.

mod filter;
