//! Keys, passwords, tokens, permissions, and who a caller is.

pub mod audit;
mod hasher;
pub mod identity;
mod keys;
pub mod passwords;
pub mod permissions;
mod role_sync;
mod sealed;
pub mod signatures;
pub mod tokens;

pub use hasher::{HashQueueFull, Hasher};
pub use identity::{Identity, Sessions, live_sessions};
pub use keys::KeyRing;
pub use permissions::Permission;
pub use sealed::NotSealed;
