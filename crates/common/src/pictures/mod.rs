//! The workshop of pictures: from bytes that anybody may have sent to pictures of our own making, within bounded memory.
//!
//! Nothing of what a client sends is kept but the pixels: a picture is decoded within bounds and encoded again in four
//! sizes, as JPEG, or as PNG where something shows through, and as WebP where that is asked for. What becomes of the files
//! is each domain's own. Pictures of demo data are drawn.

mod drawn;
mod picture;
mod studio;
mod turned;
mod webp;

pub use drawn::{Drawing, drawn_file};
pub use picture::{Flaw, Formats, Picture, Size, encode};
pub use studio::{develop, develop_as, draw};
