//! Which pages may open a socket: browsers send cookies and cached answers along from any page, and no CORS holds them back
//! (RFC 6455, section 10.2).

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};
use poligon_common::Problem;
use poligon_core::config::ServerConfig;

use crate::error::FOREIGN_ORIGIN;

/// Refuses a page of another origin than this service and those that are configured. Who says none is no browser.
pub(super) fn check(req: &HttpRequest, config: &ServerConfig) -> Result<(), Problem> {
    let host = req.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    for origin in req.headers().get_all(ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        if !is_own(origin, host, config) {
            return Err(Problem::new(&FOREIGN_ORIGIN).detail("pages of this origin may not open a socket"));
        }
    }
    Ok(())
}

fn is_own(origin: &str, host: &str, config: &ServerConfig) -> bool {
    let same = |known: &str| known.trim_end_matches('/').eq_ignore_ascii_case(origin);
    let authority = ["http://", "https://"].iter().find_map(|scheme| origin.strip_prefix(scheme));
    authority.is_some_and(|authority| !host.is_empty() && authority.eq_ignore_ascii_case(host))
        || config.allowed_origins.iter().any(|known| same(known))
        || (!config.public_url.is_empty() && same(&config.public_url))
}

#[cfg(test)]
mod tests {
    use poligon_core::config::ServerConfig;

    use super::is_own;

    #[test]
    fn only_the_own_and_the_configured_origins_are_welcome() {
        let config = ServerConfig {
            allowed_origins: vec!["https://app.example.com".into()],
            public_url: "https://poligon.example.com/".into(),
            ..ServerConfig::default()
        };
        for origin in [
            "http://127.0.0.1:8080",
            "https://127.0.0.1:8080",
            "https://app.example.com",
            "HTTPS://APP.example.com",
            "https://poligon.example.com",
        ] {
            assert!(is_own(origin, "127.0.0.1:8080", &config), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://127.0.0.1",
            "http://127.0.0.1:8081",
            "ftp://127.0.0.1:8080",
            "http://127.0.0.1:8080.evil.example",
            "https://app.example.com.evil.example",
            "https://evil.example",
            "127.0.0.1:8080",
        ] {
            assert!(!is_own(origin, "127.0.0.1:8080", &config), "{origin}");
        }
        assert!(!is_own("http://", "", &config));
    }
}
