//! The workshop of pictures: from bytes that anybody may have sent to pictures of our own making, within bounded memory.
//!
//! Nothing of what a client sends is kept but the pixels: a picture is decoded within bounds and encoded again in four
//! sizes, as JPEG, or as PNG where something shows through. What becomes of the files is each domain's own.

mod picture;
mod studio;
mod turned;

pub use picture::{Flaw, Picture, Size, encode};
pub use studio::{develop, draw};
