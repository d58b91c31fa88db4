//! Settings: defaults, then `poligon.toml`, then the environment, then the command line. Unknown keys and bad values
//! stop the start with the name of the key.

mod analytics;
mod cache;
mod database;
mod limits;
mod load;
mod mail;
mod payments;
mod realtime;
mod security;
mod server;
mod storage;
mod telemetry;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use analytics::AnalyticsConfig;
pub use cache::CacheConfig;
pub use database::DatabaseConfig;
pub use limits::{LimitsConfig, Quota};
pub use load::{ConfigError, Sources, environment_names};
pub use mail::MailConfig;
pub use payments::PaymentsConfig;
pub use realtime::RealtimeConfig;
pub use security::SecurityConfig;
pub use server::ServerConfig;
pub use storage::StorageConfig;
pub use telemetry::{LogFormat, TelemetryConfig};

/// Every setting of a gateway.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which set of defaults and checks holds.
    pub profile: Profile,
    /// Where the embedded database, files and the demo's secret lie.
    pub data_dir: DataDir,
    /// `[server]`
    pub server: ServerConfig,
    /// `[database]`
    pub database: DatabaseConfig,
    /// `[cache]`
    pub cache: CacheConfig,
    /// `[storage]`
    pub storage: StorageConfig,
    /// `[mail]`
    pub mail: MailConfig,
    /// `[payments]`
    pub payments: PaymentsConfig,
    /// `[realtime]`
    pub realtime: RealtimeConfig,
    /// `[security]`
    pub security: SecurityConfig,
    /// `[limits]`
    pub limits: LimitsConfig,
    /// `[analytics]`
    pub analytics: AnalyticsConfig,
    /// `[telemetry]`
    pub telemetry: TelemetryConfig,
}

/// Which set of defaults and checks holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Everything embedded, demo accounts, documents open.
    #[default]
    Demo,
    /// Nothing is assumed: database, secret and origins must be given.
    Production,
}

/// The data folder; `./data` unless set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataDir(pub PathBuf);

impl Default for DataDir {
    fn default() -> Self {
        Self(PathBuf::from("./data"))
    }
}

/// Cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

impl Config {
    /// The settings with every secret replaced by `***`, for people.
    pub fn masked(&self) -> Self {
        let mut shown = self.clone();
        let mask = |text: &mut String| {
            if !text.is_empty() {
                "***".clone_into(text);
            }
        };
        mask(&mut shown.security.signing_secret);
        shown.security.previous_signing_secrets.iter_mut().for_each(mask);
        let urls = [
            Some(&mut shown.database.url),
            shown.database.replica_url.as_mut(),
            shown.cache.redis_url.as_mut(),
            shown.mail.smtp_url.as_mut(),
            Some(&mut shown.storage.url),
        ];
        urls.into_iter().flatten().for_each(mask_url);
        shown
    }
}

/// Replaces the password of a URL, and any secret in its query.
fn mask_url(text: &mut String) {
    let Ok(mut url) = url::Url::parse(text) else { return };
    let masked_password = url.password().is_some() && url.set_password(Some("***")).is_ok();
    let secret_query = url.query_pairs().any(|(key, _)| key.contains("password"));
    if secret_query {
        url.set_query(Some("***"));
    }
    if masked_password || secret_query {
        *text = url.into();
    }
}
