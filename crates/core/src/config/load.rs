//! Reading the settings and refusing wrong ones.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use serde_path_to_error::Segment;

use super::{Config, LimitsConfig, Profile};
use crate::db::Kind;

/// Short names that people know, beside `POLIGON_<SECTION>__<KEY>`.
const WELL_KNOWN: [(&str, &str); 7] = [
    ("DATABASE_URL", "database.url"),
    ("DATABASE_REPLICA_URL", "database.replica_url"),
    ("REDIS_URL", "cache.redis_url"),
    ("STORAGE_URL", "storage.url"),
    ("SMTP_URL", "mail.smtp_url"),
    ("POLIGON_SIGNING_SECRET", "security.signing_secret"),
    ("POLIGON_ALLOWED_ORIGINS", "server.allowed_origins"),
];

const PREFIX: &str = "POLIGON_";

/// Keys whose value is text even when it looks like a number, beside those that end in `url` or `secret`.
const TEXTS: [&str; 6] =
    ["data_dir", "cache.prefix", "mail.from", "security.issuer", "security.audience", "telemetry.log_filter"];

/// Keys whose value in the environment is a list, separated by commas.
const LISTS: [&str; 4] = [
    "server.allowed_origins",
    "server.trusted_proxies",
    "server.metrics_networks",
    "security.previous_signing_secrets",
];

/// The names in the environment that name a setting, for documents.
pub fn environment_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    WELL_KNOWN.into_iter()
}

/// One or more settings are wrong; each line names the key and what would be right.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

/// Where settings come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The settings file; `None` looks for `poligon.toml` in the working directory.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// From the command line: key and value.
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// The environment of this process.
    pub fn from_process() -> Self {
        Self { environment: std::env::vars().collect(), ..Self::default() }
    }

    /// Reads, merges and checks; everything that is wrong is told at once.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let one = |e: String| ConfigError(vec![e]);
        let mut builder = config::Config::builder();
        builder = match &self.file {
            Some(path) => builder.add_source(config::File::from(path.as_path())),
            None => builder.add_source(config::File::new("poligon.toml", config::FileFormat::Toml).required(false)),
        };
        let mut wrong = Vec::new();
        for (key, value) in self.overrides(&mut wrong) {
            builder = builder.set_override(&key, value).map_err(|e| one(format!("{key}: {e}")))?;
        }
        let merged = builder.build().map_err(|e| one(e.to_string()))?;
        let mut tree: Value = merged.try_deserialize().map_err(|e| one(e.to_string()))?;
        wrong.extend(complete_families(&mut tree));
        let Some(mut config) = parse(&mut tree, &mut wrong) else { return Err(ConfigError(wrong)) };
        fill_defaults(&mut config, &tree);
        let told: Vec<String> = wrong.iter().map(|text| key_in(text).to_owned()).collect();
        // What could not be read is a default by now: nothing more is told of it.
        wrong.extend(check(&config).into_iter().filter(|text| told.iter().all(|key| key != key_in(text))));
        if wrong.is_empty() { Ok(config) } else { Err(ConfigError(wrong)) }
    }

    /// Environment, then flags, as key and value.
    fn overrides(&self, wrong: &mut Vec<String>) -> Vec<(String, config::Value)> {
        let mut found = Vec::new();
        for (name, raw) in &self.environment {
            let (base, from_file) = match name.strip_suffix("_FILE") {
                Some(base) => (base, true),
                None => (name.as_str(), false),
            };
            let Some(key) = key_of(base) else { continue };
            let value = if from_file {
                match std::fs::read_to_string(raw) {
                    Ok(text) => text.trim_end_matches(['\r', '\n']).to_owned(),
                    Err(e) => {
                        wrong.push(format!("{name}: {raw} cannot be read: {e}"));
                        continue;
                    }
                }
            } else {
                raw.clone()
            };
            found.push((key, value));
        }
        found.extend(self.flags.iter().cloned());
        found.into_iter().map(|(key, value)| (key.clone(), typed(&key, &value))).collect()
    }
}

fn key_of(name: &str) -> Option<String> {
    if let Some((_, key)) = WELL_KNOWN.iter().find(|(known, _)| *known == name) {
        return Some((*key).to_owned());
    }
    let rest = name.strip_prefix(PREFIX)?;
    Some(rest.to_ascii_lowercase().replace("__", "."))
}

/// Text from the environment as the value that the key wants: a list, a number, yes or no, or the text itself.
fn typed(key: &str, text: &str) -> config::Value {
    if LISTS.contains(&key) {
        let parts: Vec<String> = text.split(',').map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect();
        return parts.into();
    }
    if key.ends_with("secret") || key.ends_with("url") || TEXTS.contains(&key) {
        return text.into();
    }
    text.parse::<i64>()
        .map(Into::into)
        .or_else(|_| text.parse::<bool>().map(Into::into))
        .unwrap_or_else(|_| text.into())
}

/// The settings, without those that cannot be read: each is told in `wrong` and taken out of the tree. `None` when there
/// is nothing to take out.
fn parse(tree: &mut Value, wrong: &mut Vec<String>) -> Option<Config> {
    loop {
        let error = match serde_path_to_error::deserialize::<_, Config>(&*tree) {
            Ok(config) => return Some(config),
            Err(error) => error,
        };
        let path = error.path().to_string();
        let key = if path == "." { String::new() } else { format!("{path}: ") };
        let keys = error.path().iter().map_while(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            _ => None,
        });
        let mut keys: Vec<String> = keys.collect();
        let text = error.into_inner().to_string();
        if let Some(unknown) = text.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next())
            && keys.last().is_none_or(|last| last != unknown)
        {
            keys.push(unknown.to_owned());
        }
        // Half a quota misses the half that was taken out, and is told already.
        if !text.starts_with("missing field") {
            wrong.push(format!("{key}{}", in_words(&text)));
        }
        if !take_out(tree, &keys) {
            return None;
        }
    }
}

/// What serde says is wrong, with what would be right in the words of somebody who writes settings.
fn in_words(text: &str) -> String {
    let Some((given, expected)) = text.split_once(", expected ") else {
        return match text {
            "invalid socket address syntax" => "must be ADDRESS:PORT, such as 127.0.0.1:8080".to_owned(),
            "invalid IP address syntax" => "must be a network, such as 10.0.0.0/8 or 192.0.2.7/32".to_owned(),
            "invalid filter directive" => "must be directives, such as info,poligon_auth=debug".to_owned(),
            _ => text.to_owned(),
        };
    };
    let right = match expected {
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, 0 or more",
        "i64" => "a whole number",
        "a boolean" => "true or false",
        "path string" => "a path",
        _ if expected.starts_with("struct ") => "a table of settings",
        _ => expected,
    };
    format!("{given}, expected {right}")
}

/// The key with which a line about a wrong setting begins.
fn key_in(text: &str) -> &str {
    text.split([' ', ':']).next().unwrap_or_default()
}

/// Takes the value out that these keys lead to; `false` when there is none.
fn take_out(tree: &mut Value, keys: &[String]) -> bool {
    let Some((last, above)) = keys.split_last() else { return false };
    let place = above.iter().try_fold(tree, |place, key| place.get_mut(key));
    place.and_then(Value::as_object_mut).is_some_and(|table| table.remove(last).is_some())
}

/// A family of limits that is set in part keeps the rest of its default. Answers what is wrong, and takes it out.
fn complete_families(tree: &mut Value) -> Vec<String> {
    let defaults = LimitsConfig::of(tree["profile"] == "production").families;
    let known = defaults.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut wrong = Vec::new();
    let Some(given) = tree.pointer_mut("/limits/families").and_then(Value::as_object_mut) else { return wrong };
    given.retain(|name, quota| {
        let Some(default) = defaults.get(name) else {
            wrong.push(format!("limits.families.{name}: there is no such family; there are {known}"));
            return false;
        };
        if let Some(quota) = quota.as_object_mut() {
            quota.entry("burst").or_insert(default.burst.into());
            quota.entry("per_minute").or_insert(default.per_minute.into());
        }
        true
    });
    wrong
}

/// What depends on the profile or on the data folder.
fn fill_defaults(config: &mut Config, tree: &Value) {
    let data = &config.data_dir.0;
    if config.database.url.is_empty() && config.profile == Profile::Demo {
        config.database.url = format!("sqlite://{}", data.join("poligon.db").display());
    }
    if config.storage.url.is_empty() {
        config.storage.url = format!("file://{}", data.join("files").display());
    }
    let mut families = LimitsConfig::of(config.profile == Profile::Production).families;
    if tree.pointer("/limits/families").is_some() {
        families.append(&mut config.limits.families);
    }
    config.limits.families = families;
}

/// What is wrong with settings that could be read.
fn check(config: &Config) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |holds: bool, text: &str| {
        if !holds {
            wrong.push(text.to_owned());
        }
    };
    let secret = &config.security.signing_secret;
    must(
        secret.is_empty() || secret.len() >= 32,
        "security.signing_secret (POLIGON_SIGNING_SECRET): must be 32 bytes or longer",
    );
    must(
        config.security.previous_signing_secrets.iter().all(|s| s.len() >= 32),
        "security.previous_signing_secrets: each must be 32 bytes or longer",
    );
    for (holds, text) in ranges(config).into_iter().chain(addresses(config)) {
        must(holds, text);
    }
    must(
        config.server.allowed_origins.iter().all(|o| is_origin(o)),
        "server.allowed_origins (POLIGON_ALLOWED_ORIGINS): each must be scheme://host[:port]; * is not allowed",
    );
    must(
        config.limits.families.values().all(|q| q.burst > 0 && q.per_minute > 0),
        "limits.families: burst and per_minute must be 1 or more",
    );
    if config.profile == Profile::Production {
        must(!config.database.url.is_empty(), "database.url (DATABASE_URL): is required in the production profile");
        must(
            !secret.is_empty(),
            "security.signing_secret (POLIGON_SIGNING_SECRET or …_FILE): is required in the production profile",
        );
        must(
            !config.server.allowed_origins.is_empty(),
            "server.allowed_origins (POLIGON_ALLOWED_ORIGINS): is required in the production profile",
        );
    }
    if !config.database.url.is_empty()
        && let Err(e) = Kind::of(&config.database.url)
    {
        wrong.push(format!("database.url (DATABASE_URL): {e}"));
    }
    wrong
}

/// Numbers, and whether they are within their bounds.
fn ranges(config: &Config) -> [(bool, &'static str); 13] {
    let (server, security, realtime) = (&config.server, &config.security, &config.realtime);
    [
        ((4..=16).contains(&security.bcrypt_cost), "security.bcrypt_cost: must be 4 to 16"),
        (config.database.pool_size > 0, "database.pool_size: must be 1 or more"),
        (security.session_cache_ms <= 900, "security.session_cache_ms: must be 900 or less"),
        ((1..=86_400).contains(&security.access_token_s), "security.access_token_s: must be 1 to 86400 seconds"),
        (
            (60..=31_536_000).contains(&security.refresh_token_s),
            "security.refresh_token_s: must be 60 to 31536000 seconds (a year)",
        ),
        ((0..=60).contains(&security.refresh_reuse_s), "security.refresh_reuse_s: must be 0 to 60 seconds"),
        ((1..=100_000).contains(&security.hash_queue), "security.hash_queue: must be 1 to 100000"),
        (security.hash_threads <= 1_024, "security.hash_threads: must be 0 (one for each core) to 1024"),
        (server.workers <= 1_024, "server.workers: must be 0 (one for each core) to 1024"),
        (
            (1..=30_000).contains(&config.payments.provider_timeout_ms),
            "payments.provider_timeout_ms: must be 1 to 30000 milliseconds",
        ),
        (
            (60..=36_500).contains(&config.analytics.keep_facts_days),
            "analytics.keep_facts_days: must be 60 to 36500 days",
        ),
        ((50..=900).contains(&realtime.poll_ms), "realtime.poll_ms: must be 50 to 900 milliseconds"),
        (
            realtime.ping_ms > 0 && realtime.comment_ms > 0 && realtime.queue > 0 && realtime.max_per_person > 0,
            "realtime: ping_ms, comment_ms, queue and max_per_person must be 1 or more",
        ),
    ]
}

/// Addresses, and whether they are of a kind that is understood.
fn addresses(config: &Config) -> [(bool, &'static str); 5] {
    let is = |text: &str, schemes: &[&str]| {
        url::Url::parse(text).is_ok_and(|url| schemes.contains(&url.scheme()) && url.host().is_some())
    };
    let absent_or = |text: &Option<String>, schemes: &[&str]| text.as_deref().is_none_or(|text| is(text, schemes));
    let storage = &config.storage.url;
    [
        (
            config.server.public_url.is_empty() || is(&config.server.public_url, &["http", "https"]),
            "server.public_url: must be an http or https URL",
        ),
        (
            absent_or(&config.cache.redis_url, &["redis", "rediss"]),
            "cache.redis_url (REDIS_URL): must be redis://HOST[:PORT][/NUMBER], or rediss://",
        ),
        (
            absent_or(&config.mail.smtp_url, &["smtp", "smtps"]),
            "mail.smtp_url (SMTP_URL): must be smtp://[USER:PASSWORD@]HOST[:PORT], or smtps://",
        ),
        (
            storage.is_empty() || storage.starts_with("file://") || is(storage, &["s3"]),
            "storage.url (STORAGE_URL): must be file://PATH or s3://BUCKET/PREFIX",
        ),
        (
            config.mail.from.parse::<lettre::message::Mailbox>().is_ok(),
            "mail.from: must be an e-mail address, or NAME <ADDRESS>",
        ),
    ]
}

fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.origin().ascii_serialization() == text
    })
}
