//! What demo data is made from. Everything in it follows from the seed and the anchor day, so that the same call makes
//! the same rows on both databases.

use chrono::Duration;

use crate::db::Timestamp;

/// Which demo data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Built-in roles only.
    Empty,
    /// Named accounts and a few hundred others, with something of everything.
    Demo,
    /// For load tests: a million rows.
    Large,
}

/// What to make.
pub struct Plan<'a> {
    /// Which demo data.
    pub profile: Profile,
    /// Products of the shop, where it is not for the profile to say.
    pub products: Option<u64>,
    /// Articles of the content, where it is not for the profile to say.
    pub articles: Option<u64>,
    /// Facts of the analytics, where it is not for the profile to say.
    pub facts: Option<u64>,
    /// The seed of all chance.
    pub seed: u64,
    /// The first instant of the day that all times are offsets from.
    pub anchor: Timestamp,
    /// Cost of bcrypt for demo passwords.
    pub bcrypt_cost: u32,
    /// Told how far a step is: name, done, of how many.
    pub progress: &'a dyn Fn(&str, u64, u64),
}

impl Plan<'_> {
    /// The instant so long before the end of the anchor day's first minute; demo events lie in the past.
    pub fn before(&self, by: Duration) -> Timestamp {
        self.anchor - by
    }
}

/// A named demo account, for people to log in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoAccount {
    /// The role, or `user`.
    pub role: &'static str,
    /// The address to log in with.
    pub email: String,
    /// The user name to log in with.
    pub username: String,
    /// The password.
    pub password: &'static str,
    /// The secret of its second factor in Base32 (RFC 4648), where it has one.
    pub totp_secret: Option<&'static str>,
}
