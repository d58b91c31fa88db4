//! `Accept` (RFC 9110, section 12.5.1): whether a client takes what an operation answers.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT;

use crate::problem::{Problem, kinds};

/// Refuses a request whose `Accept` allows none of the media types that the operation succeeds with.
pub(super) fn check(req: &HttpRequest, produced: &[String]) -> Result<(), Problem> {
    if produced.is_empty() {
        return Ok(()); // nothing is sent, so nothing can be unwelcome
    }
    let mut given = req.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok()).peekable();
    let asks_for_nothing = given.peek().is_none();
    let ranges: Vec<&str> = given.flat_map(|value| value.split(',')).map(str::trim).filter(|r| !r.is_empty()).collect();
    if asks_for_nothing || ranges.is_empty() || produced.iter().any(|media| welcomes(&ranges, media)) {
        return Ok(());
    }
    Err(Problem::new(&kinds::NOT_ACCEPTABLE).detail(format!("this is answered as {}", produced.join(" or "))))
}

/// The first of these media types that a client takes; the first of all when it says nothing, or takes none.
pub fn preferred<'a>(req: &HttpRequest, offered: &[&'a str]) -> Option<&'a str> {
    let given = req.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    let ranges: Vec<&str> = given.flat_map(|value| value.split(',')).map(str::trim).filter(|r| !r.is_empty()).collect();
    offered.iter().copied().find(|media| welcomes(&ranges, media)).or_else(|| offered.first().copied())
}

/// Whether `media` is wanted: the most exact range that names it decides, and `q=0` says no.
fn welcomes(ranges: &[&str], media: &str) -> bool {
    let whole_kind = media.split_once('/').map(|(kind, _)| format!("{kind}/*")).unwrap_or_default();
    let naming = ranges.iter().filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next()?.to_ascii_lowercase();
        let exactness = [media, &whole_kind, "*/*"].iter().position(|known| *known == name)?;
        Some((exactness, !parts.any(is_zero_weight)))
    });
    naming.min_by_key(|(exactness, wanted)| (*exactness, !wanted)).is_some_and(|(_, wanted)| wanted)
}

/// `q=0`, `q=0.`, `q=0.000`.
fn is_zero_weight(parameter: &str) -> bool {
    let Some((name, weight)) = parameter.split_once('=') else { return false };
    let weight = weight.trim();
    name.trim().eq_ignore_ascii_case("q") && weight.starts_with('0') && weight.chars().all(|c| matches!(c, '0' | '.'))
}
