//! How easily a password is guessed.

use poligon_common::{Ctx, FieldError, Problem};

use crate::input::NewPassword;

/// The lowest score that is accepted: 10^6 guesses and more (zxcvbn, Wheeler 2016).
const ENOUGH: u8 = 2;
/// zxcvbn looks at no more; a longer password is strong enough by its length.
const LOOKED_AT: usize = 64;
/// Passwords that many people have and zxcvbn does not know, the most frequent first: it knows English.
const COMMON: &str = include_str!("common.txt");
/// Own names shorter than this may stand in a password.
const SHORTEST_NAME: usize = 4;

/// Refuses a password that is easily guessed or holds one of the person's `own` names. Runs on the hashing threads:
/// it takes milliseconds.
pub(crate) async fn check_strength(
    ctx: &Ctx,
    password: &NewPassword,
    own: Vec<String>,
    pointer: &str,
) -> Result<(), Problem> {
    let password = password.0.clone();
    let weakness = ctx.hasher.run(move || weakness(&password, &own)).await?;
    match weakness {
        None => Ok(()),
        Some((code, message)) => Err(Problem::invalid(vec![FieldError::new(pointer, code, message)])),
    }
}

/// A name or address and its words; of an address only what stands before the `@`.
fn parts(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let local = name.split('@').next().unwrap_or_default();
    let words = local.split(|c: char| !c.is_alphanumeric()).map(ToOwned::to_owned);
    let whole = [name.clone(), local.to_owned()];
    whole.into_iter().chain(words).filter(|part| part.chars().count() >= SHORTEST_NAME).collect()
}

/// Why a password is refused: a code, and a sentence about it. Takes milliseconds.
pub(crate) fn weakness(password: &str, own: &[String]) -> Option<(&'static str, &'static str)> {
    let small = password.to_lowercase();
    let names: Vec<String> = own.iter().flat_map(|name| parts(name)).collect();
    if names.iter().any(|name| small.contains(name.as_str())) {
        return Some(("contains_name", "must not contain your own name or address"));
    }
    let start: String = password.chars().take(LOOKED_AT).collect();
    let inputs: Vec<&str> = COMMON.lines().chain(names.iter().map(String::as_str)).collect();
    let score = u8::from(zxcvbn::zxcvbn(&start, &inputs).score());
    (score < ENOUGH).then_some(("too_common", "is too easily guessed; use more or less usual words"))
}
