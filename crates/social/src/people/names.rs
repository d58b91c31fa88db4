//! The words that people are found by: those of the user name and of the name for people, in Latin letters, so that either
//! alphabet finds what is written in the other.

use std::collections::BTreeSet;
use std::time::Duration;

use deunicode::deunicode;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use poligon_core::Ctx;
use poligon_core::db::{Db, DbError, any_of, dialect};
use poligon_core::jobs::{Job, JobError};
use poligon_core::on_each;
use poligon_core::schema::users;

use crate::schema::social_name_words as of;

/// Held while words are written: the names are read under it, so that of two who write the words of one person the later
/// one has read the later name.
const NAMES_LOCK: i64 = 0x736f_6369_6e61_6d65;
/// Longest word, in characters; what is longer is cut.
const LONGEST: usize = 40;
/// People whose words are written in one transaction.
const AT_ONCE: i64 = 500;
/// Words of one `INSERT`.
const CHUNK: usize = 1_000;

/// The words of a text, each once: small Latin letters and digits.
///
/// `y` is an `i`, as it is written for `й` by one and not by the other (`Sergey`, `Sergei`), and `ё` an `е`. Apostrophes and
/// accents that stand behind their letter are left out, and part no words.
pub(super) fn words(text: &str) -> BTreeSet<String> {
    let plain = text.chars().filter(|c| !matches!(c, '\'' | '’' | 'ʼ' | '\u{300}'..='\u{36f}')).map(|c| match c {
        'ё' => 'е',
        'Ё' => 'Е',
        c => c,
    });
    let plain: String = plain.collect();
    plain
        .split(|c: char| !c.is_alphanumeric())
        // One Chinese character is a word of its own, and `deunicode` puts spaces between them.
        .flat_map(|word| deunicode(word).split_whitespace().map(latin).collect::<Vec<_>>())
        .filter(|word| !word.is_empty())
        .collect()
}

fn latin(word: &str) -> String {
    let letters = word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase());
    letters.map(|c| if c == 'y' { 'i' } else { c }).take(LONGEST).collect()
}

/// The first word behind all of those that begin with `word`.
pub(super) fn end_of_range(word: &str) -> String {
    let mut end = word.to_owned();
    // A letter or digit has a character behind it in ASCII, by which the column is compared.
    if let Some(last) = end.pop() {
        end.push(char::from_u32(u32::from(last) + 1).unwrap_or(last));
    }
    end
}

/// The words of a person; the whole user name where no letter of it is known in Latin.
fn words_of(username: &str, display_name: &str) -> BTreeSet<String> {
    let mut all = words(username);
    all.append(&mut words(display_name));
    if all.is_empty() {
        all.insert(username.to_lowercase());
    }
    all
}

/// Brings the words of these people up to date. Whoever is deleted has none.
pub(crate) fn index_names(db: &mut Db, ids: &[i64]) -> Result<(), DbError> {
    dialect::lock(db, NAMES_LOCK)?;
    let living = users::table.filter(any_of(db, users::id, ids)).filter(users::deleted_at.is_null());
    let people: Vec<(i64, String, String)> =
        living.select((users::id, users::username, users::display_name)).load(db)?;
    let wanted: BTreeSet<(i64, String)> = people
        .iter()
        .flat_map(|(id, username, name)| words_of(username, name).into_iter().map(|word| (*id, word)))
        .collect();
    let stored = of::table.filter(any_of(db, of::user_id, ids)).select((of::user_id, of::word));
    let stored: BTreeSet<(i64, String)> = stored.load(db)?.into_iter().collect();
    for (id, word) in stored.difference(&wanted) {
        diesel::delete(of::table.find((word, *id))).execute(db)?;
    }
    let new: Vec<_> = wanted.difference(&stored).map(|(id, word)| (of::word.eq(word), of::user_id.eq(*id))).collect();
    for chunk in new.chunks(CHUNK) {
        on_each!(db, c => diesel::insert_into(of::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// Some who have no words, behind `after` in order of id.
fn nameless(db: &mut Db, after: i64) -> Result<Vec<i64>, DbError> {
    let nameless = users::table
        .filter(users::id.gt(after))
        .filter(users::deleted_at.is_null())
        .filter(not(exists(of::table.filter(of::user_id.eq(users::id)))));
    Ok(nameless.order(users::id).limit(AT_ONCE).select(users::id).load(db)?)
}

/// Writes the words of those who have none: who was there before the network, or came past its events. Looking through
/// everybody holds up nobody who writes, and mostly finds nothing.
pub(super) fn job() -> Job {
    Job::periodic("social.index_names", Duration::from_mins(5), |ctx: Ctx| async move {
        let mut after = 0;
        loop {
            let ids = ctx.db.read_primary(move |db| nameless(db, after)).await.map_err(JobError::from)?;
            let Some(last) = ids.last().copied() else { return Ok(()) };
            ctx.db.write(move |db| index_names(db, &ids)).await.map_err(JobError::from)?;
            after = last;
        }
    })
}
