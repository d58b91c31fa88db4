//! Rate limits, one for each family of routes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `[limits]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Whether requests are limited at all.
    pub enabled: bool,
    /// Whether repeated failures to log in are slowed down.
    pub login_delays: bool,
    /// The quota of each family.
    pub families: BTreeMap<String, Quota>,
}

/// How many requests one caller may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Requests that may come at once, 1 or more.
    pub burst: u32,
    /// Requests that are given back each minute, 1 or more.
    pub per_minute: u32,
}

/// Families and their quotas in the `production` profile.
const PRODUCTION: [(&str, Quota); 7] = [
    ("read", Quota { burst: 300, per_minute: 1_200 }),
    ("write", Quota { burst: 60, per_minute: 240 }),
    ("login", Quota { burst: 20, per_minute: 20 }),
    ("register", Quota { burst: 10, per_minute: 10 }),
    ("comment", Quota { burst: 10, per_minute: 10 }),
    ("mail", Quota { burst: 5, per_minute: 5 }),
    ("events", Quota { burst: 60, per_minute: 240 }),
];

/// What a test suite or a load test never meets.
const DEMO: Quota = Quota { burst: 10_000_000, per_minute: 60_000_000 };

impl LimitsConfig {
    /// The defaults of a profile.
    pub fn of(production: bool) -> Self {
        let quota = |quota| if production { quota } else { DEMO };
        Self {
            enabled: true,
            login_delays: true,
            families: PRODUCTION.iter().map(|&(name, q)| (name.to_owned(), quota(q))).collect(),
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self::of(false)
    }
}
