//! Settings: where they come from, and that wrong ones stop the start by name.

use poligon_core::Config;
use poligon_core::config::{Quota, Sources};
use rstest::rstest;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn load(environment: &[(&str, &str)]) -> Result<Config, String> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sources { environment, ..Sources::default() }.load().map_err(|e| e.to_string())
}

#[test]
fn nothing_at_all_is_the_demo_profile() {
    let config = load(&[("PATH", "/bin"), ("HOME", "/")]).unwrap();
    assert_eq!(config.database.url, "sqlite://./data/poligon.db");
    assert_eq!(config.storage.url, "file://./data/files");
    assert_eq!(config.security.bcrypt_cost, 12);
}

#[rstest]
#[case("POLIGON_SERVER__NOPE", "1", "nope")]
#[case("POLIGON_NOPE", "1", "nope")]
#[case("POLIGON_SERVER__BIND", "here", "server.bind: must be ADDRESS:PORT")]
#[case("POLIGON_SERVER__BIND", "80", "server.bind: ")]
#[case("POLIGON_SERVER", "80", "server: invalid type: integer `80`, expected a table of settings")]
#[case("POLIGON_LIMITS__ENABLED", "maybe", "limits.enabled: invalid type: string \"maybe\", expected true or false")]
#[case(
    "POLIGON_DATABASE__POOL_SIZE",
    "9999999999",
    "database.pool_size: invalid value: integer `9999999999`, expected a"
)]
#[case("POLIGON_SERVER__WORKERS", "-1", "server.workers")]
#[case("POLIGON_SERVER__WORKERS", "two", "server.workers")]
#[case("POLIGON_PROFILE", "test", "profile")]
#[case("POLIGON_SECURITY__BCRYPT_COST", "3", "security.bcrypt_cost")]
#[case("POLIGON_SECURITY__BCRYPT_COST", "31", "security.bcrypt_cost")]
#[case("POLIGON_SECURITY__SESSION_CACHE_MS", "1000", "security.session_cache_ms")]
#[case("POLIGON_SIGNING_SECRET", "too short", "security.signing_secret")]
#[case("POLIGON_ALLOWED_ORIGINS", "*", "server.allowed_origins")]
#[case("POLIGON_ALLOWED_ORIGINS", "https://a.example/path", "server.allowed_origins")]
#[case("POLIGON_ALLOWED_ORIGINS", "https://a.example,b.example", "server.allowed_origins")]
#[case("POLIGON_SERVER__TRUSTED_PROXIES", "10.0.0.0/99", "server.trusted_proxies[0]: must be a network")]
#[case("DATABASE_URL", "mysql://localhost/x", "DATABASE_URL")]
#[case("POLIGON_DATABASE__POOL_SIZE", "0", "database.pool_size")]
#[case("POLIGON_LIMITS__FAMILIES__READ__BURST", "0", "limits.families")]
#[case("POLIGON_LIMITS__FAMILIES__WRITES__BURST", "1", "limits.families.writes: there is no such family")]
#[case("POLIGON_SERVER__PUBLIC_URL", "foo", "server.public_url: must be an http or https URL")]
#[case("POLIGON_SERVER__WORKERS", "100000", "server.workers: must be")]
#[case("POLIGON_SECURITY__ACCESS_TOKEN_S", "0", "security.access_token_s: must be 1 to")]
#[case("POLIGON_SECURITY__REFRESH_TOKEN_S", "9", "security.refresh_token_s: must be 60 to")]
#[case("POLIGON_SECURITY__REFRESH_REUSE_S", "-1", "security.refresh_reuse_s: must be 0 to")]
#[case("POLIGON_SECURITY__HASH_QUEUE", "0", "security.hash_queue: must be 1 to")]
#[case("REDIS_URL", "http://x", "cache.redis_url (REDIS_URL): must be redis://")]
#[case("SMTP_URL", "foo", "mail.smtp_url (SMTP_URL): must be smtp://")]
#[case("STORAGE_URL", "ftp://x", "storage.url (STORAGE_URL): must be file://")]
#[case("POLIGON_MAIL__FROM", "foo", "mail.from: must be an e-mail address")]
#[case("POLIGON_SIGNING_SECRET_FILE", "/nowhere/at/all", "POLIGON_SIGNING_SECRET_FILE")]
fn a_wrong_setting_is_told_by_name(#[case] name: &str, #[case] value: &str, #[case] told: &str) {
    let error = load(&[(name, value)]).unwrap_err();
    assert!(error.contains(told), "{name}={value}: {error}");
    assert!(name.contains("SIGNING_SECRET_FILE") || !error.contains("too short"), "a secret is never told: {error}");
}

#[test]
fn every_wrong_setting_is_told_at_once() {
    let error = load(&[
        ("POLIGON_SERVER__BIND", "here"),
        ("POLIGON_SERVER__NOPE", "1"),
        ("POLIGON_NOPE", "1"),
        ("POLIGON_SERVER__TRUSTED_PROXIES", "10.0.0.0/99"),
        ("POLIGON_DATABASE__POOL_SIZE", "many"),
        ("POLIGON_LIMITS__FAMILIES__READ__BURST", "lots"),
        ("POLIGON_LIMITS__FAMILIES__WRITES__BURST", "1"),
        ("POLIGON_SECURITY__BCRYPT_COST", "3"),
        ("POLIGON_SIGNING_SECRET_FILE", "/nowhere/at/all"),
        ("REDIS_URL", "http://x"),
    ])
    .unwrap_err();
    for told in [
        "server.bind: ",
        "server.nope: ",
        "nope: unknown field",
        "server.trusted_proxies",
        "database.pool_size: ",
        "limits.families.read.burst: ",
        "limits.families.writes: ",
        "security.bcrypt_cost: ",
        "POLIGON_SIGNING_SECRET_FILE: ",
        "cache.redis_url (REDIS_URL): ",
    ] {
        assert!(error.contains(told), "{told}: {error}");
    }
    assert_eq!(error.lines().count(), 10, "{error}");
    let error =
        load(&[("POLIGON_PROFILE", "production"), ("DATABASE_URL", "mysql://x"), ("POLIGON_SERVER__BIND", "x")]);
    let error = error.unwrap_err();
    assert!(error.contains("server.bind: ") && error.contains("database.url (DATABASE_URL): "), "{error}");
}

#[test]
fn a_family_that_is_set_in_part_keeps_its_other_default() {
    let config = load(&[("POLIGON_LIMITS__FAMILIES__LOGIN__BURST", "3")]).unwrap();
    assert_eq!(config.limits.families["login"], Quota { burst: 3, per_minute: 60_000_000 });
    assert_eq!(config.limits.families["read"], Quota { burst: 10_000_000, per_minute: 60_000_000 });
}

#[test]
fn every_requirement_of_production_is_named_at_once() {
    let error = load(&[("POLIGON_PROFILE", "production")]).unwrap_err();
    for name in ["DATABASE_URL", "POLIGON_SIGNING_SECRET", "POLIGON_ALLOWED_ORIGINS"] {
        assert!(error.contains(name), "{name}: {error}");
    }
    let complete = [
        ("POLIGON_PROFILE", "production"),
        ("DATABASE_URL", "postgres://db/poligon"),
        ("POLIGON_SIGNING_SECRET", SECRET),
        ("POLIGON_ALLOWED_ORIGINS", "https://shop.example"),
    ];
    load(&complete).unwrap();
    for missing in 1..complete.len() {
        let mut without = complete.to_vec();
        let (name, _) = without.remove(missing);
        let error = load(&without).unwrap_err();
        assert!(error.contains(name) && error.lines().count() == 1, "{name}: {error}");
    }
}

#[test]
fn the_environment_has_short_and_long_names() {
    let config = load(&[
        ("REDIS_URL", "redis://cache:6379"),
        ("STORAGE_URL", "s3://bucket/x"),
        ("SMTP_URL", "smtp://mail:25"),
        ("DATABASE_REPLICA_URL", "postgres://replica/x"),
        ("POLIGON_ALLOWED_ORIGINS", "https://a.example, https://b.example:8443"),
        ("POLIGON_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,::1/128"),
        ("POLIGON_SERVER__WORKERS", "3"),
        ("POLIGON_LIMITS__ENABLED", "false"),
        ("POLIGON_TELEMETRY__LOG_FORMAT", "json"),
        ("POLIGON_SIGNING_SECRET", "12345678901234567890123456789012"),
        ("POLIGON_DATA_DIR", "7"),
        ("POLIGON_CACHE__PREFIX", "8"),
    ])
    .unwrap();
    assert_eq!(config.cache.redis_url.as_deref(), Some("redis://cache:6379"));
    assert_eq!(config.storage.url, "s3://bucket/x");
    assert_eq!(config.mail.smtp_url.as_deref(), Some("smtp://mail:25"));
    assert_eq!(config.database.replica_url.as_deref(), Some("postgres://replica/x"));
    assert_eq!(config.server.allowed_origins, ["https://a.example", "https://b.example:8443"]);
    assert_eq!((config.server.trusted_proxies.len(), config.server.workers, config.limits.enabled), (2, 3, false));
    assert_eq!(config.security.signing_secret, "12345678901234567890123456789012", "digits stay text");
    assert_eq!((config.data_dir.0.to_str(), config.cache.prefix.as_str()), (Some("7"), "8"), "digits stay text");
}

#[test]
fn a_secret_can_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, format!("{SECRET}\n")).unwrap();
    let config = load(&[("POLIGON_SIGNING_SECRET_FILE", path.to_str().unwrap())]).unwrap();
    assert_eq!(config.security.signing_secret, SECRET);
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("poligon.toml");
    let text = "[server]\nworkers = 1\nkeep_alive_s = 1\nshutdown_timeout_s = 1\n\
                [limits.families.read]\nburst = 7\nper_minute = 70\n";
    std::fs::write(&path, text).unwrap();
    let environment = [("POLIGON_SERVER__WORKERS", "2"), ("POLIGON_SERVER__KEEP_ALIVE_S", "2")];
    let config = Sources {
        file: Some(path.clone()),
        environment: environment.map(|(n, v)| (n.to_owned(), v.to_owned())).into(),
        flags: vec![("server.workers".into(), "3".into())],
    }
    .load()
    .unwrap();
    assert_eq!((config.server.workers, config.server.keep_alive_s, config.server.shutdown_timeout_s), (3, 2, 1));
    assert_eq!(config.limits.families["read"], Quota { burst: 7, per_minute: 70 });
    assert!(config.limits.families.contains_key("login"), "the other families keep their defaults");

    std::fs::write(&path, "[server]\nport = 1\n").unwrap();
    let error = Sources { file: Some(path), ..Sources::default() }.load().unwrap_err().to_string();
    assert!(error.contains("port"), "{error}");
}

#[test]
fn masked_settings_show_no_secret() {
    let mut config = load(&[("POLIGON_SIGNING_SECRET", SECRET)]).unwrap();
    config.database.url = "postgres://me:hunter2@db/x?password=hunter2".into();
    config.cache.redis_url = Some("redis://:hunter2@cache".into());
    config.mail.smtp_url = Some("smtp://me:hunter2@mail".into());
    config.security.previous_signing_secrets = vec!["hunter2".into()];
    let shown = format!("{:?}", config.masked());
    assert!(!shown.contains("hunter2") && !shown.contains(SECRET), "{shown}");
    assert!(shown.contains("me:***@db"), "{shown}");
}
