//! Passwords: `base64(HMAC-SHA-256(server key, password))`, then bcrypt, on the hashing threads.

use super::{HashQueueFull, Hasher, KeyRing};

/// A password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The hashing queue is full.
    #[error(transparent)]
    QueueFull(#[from] HashQueueFull),
    /// A stored hash is damaged, or no salt could be drawn.
    #[error("bcrypt: {0}")]
    Bcrypt(#[from] bcrypt::BcryptError),
}

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is another password.
    Wrong,
    /// It is this one.
    Right,
    /// It is this one, but hashed by an older key or cost: hash it anew.
    RightButOld,
}

/// Hashes for storing: `<key id>$<bcrypt>`.
pub async fn hash(hasher: &Hasher, keys: &KeyRing, password: &str) -> Result<String, PasswordError> {
    let (peppered, cost) = (keys.current().pepper(password), hasher.cost());
    let hash = hasher.run(move || bcrypt::hash(peppered, cost)).await??;
    Ok(format!("{}${hash}", keys.current().id))
}

/// Hashes on the caller's own thread (command line, seeding). Blocks for as long as bcrypt takes.
pub fn hash_blocking(keys: &KeyRing, cost: u32, password: &str) -> Result<String, PasswordError> {
    Ok(format!("{}${}", keys.current().id, bcrypt::hash(keys.current().pepper(password), cost)?))
}

/// Hashes with a given salt, so that demo data made twice is the same. Never for anything but demo data. Blocks.
pub fn hash_with_salt(keys: &KeyRing, cost: u32, password: &str, salt: [u8; 16]) -> Result<String, PasswordError> {
    let hash = bcrypt::hash_with_salt(keys.current().pepper(password), cost, salt)?;
    Ok(format!("{}${hash}", keys.current().id))
}

/// Compares `password` with a stored hash. Without one (an unknown user) it computes a hash all the same, so that both
/// take one time, and answers [`Verdict::Wrong`].
pub async fn verify(
    hasher: &Hasher,
    keys: &KeyRing,
    password: &str,
    stored: Option<&str>,
) -> Result<Verdict, PasswordError> {
    let cost = hasher.cost();
    let known = stored.and_then(|stored| {
        let (id, hash) = stored.split_once('$')?;
        Some((keys.find(id)?, hash.to_owned()))
    });
    let Some((keys_used, hash)) = known else {
        let peppered = keys.current().pepper(password);
        hasher.run(move || bcrypt::hash(peppered, cost)).await??;
        return Ok(Verdict::Wrong);
    };
    let current = keys_used.id == keys.current().id && has_cost(&hash, cost);
    let peppered = keys_used.pepper(password);
    let right = hasher.run(move || bcrypt::verify(peppered, &hash)).await??;
    Ok(match (right, current) {
        (false, _) => Verdict::Wrong,
        (true, true) => Verdict::Right,
        (true, false) => Verdict::RightButOld,
    })
}

/// Whether a stored hash was made with a key that is known here: no other can be compared with.
pub fn is_comparable(keys: &KeyRing, stored: &str) -> bool {
    stored.split_once('$').is_some_and(|(id, _)| keys.find(id).is_some())
}

/// Whether `stored` is the hash of `password`, on this thread: for the command line and the start.
pub fn is_hash_of_blocking(keys: &KeyRing, stored: &str, password: &str) -> Result<bool, PasswordError> {
    let known = stored.split_once('$').and_then(|(id, hash)| Some((keys.find(id)?, hash)));
    let Some((keys, hash)) = known else { return Ok(false) };
    Ok(bcrypt::verify(keys.pepper(password), hash)?)
}

fn has_cost(hash: &str, cost: u32) -> bool {
    hash.parse::<bcrypt::HashParts>().is_ok_and(|parts| parts.get_cost() == cost)
}
