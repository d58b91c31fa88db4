//! Demo accounts: one for each role, and others with plausible names. Everything follows from the seed and the anchor.

use chrono::Duration;
use diesel::prelude::*;
use fake::Fake as _;
use fake::faker::name::en::{FirstName, LastName};
use poligon_core::db::{Db, DbError, Timestamp, dialect};
use poligon_core::insert_many;
use poligon_core::schema::{user_roles, users};
use poligon_core::security::{KeyRing, passwords};
use poligon_core::seed::{DemoAccount, Plan, Profile};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use crate::error::Error;
use crate::input::username_key;
use crate::schema::accounts;
use crate::second_factor;

/// The password of every demo account; hashed once.
pub(crate) const PASSWORD: &str = "practice makes perfect";
/// The named account that has a second factor.
const TWO_FACTOR: &str = "theo";
/// Its secret, published so that a script can compute its codes.
const TOTP_SECRET: &str = "PRACTICEMAKESPERFECTPOLIGON23456";
/// Rows that go to the database at once: below SQLite's limit of 32,766 values.
const BATCH: usize = 1_000;
/// Named accounts: role, user name, display name.
const NAMED: [(&str, &str, &str); 10] = [
    ("admin", "admin", "Ada Admin"),
    ("manager", "manager", "Max Manager"),
    ("moderator", "moderator", "Mona Moderator"),
    ("editor", "editor", "Egor Editorov"),
    ("author", "author", "Anna Avtorova"),
    ("auditor", "auditor", "Otto Auditor"),
    ("user", "ann", "Ann Archer"),
    ("user", "bob", "Bob Baker"),
    ("user", "vera", "Вера Волкова"),
    ("user", TWO_FACTOR, "Theo Twofold"),
];
const RUSSIAN_FIRST: [(&str, &str); 10] = [
    ("Алексей", "alexey"),
    ("Борис", "boris"),
    ("Виктор", "viktor"),
    ("Григорий", "grigory"),
    ("Дмитрий", "dmitry"),
    ("Иван", "ivan"),
    ("Михаил", "mikhail"),
    ("Николай", "nikolay"),
    ("Павел", "pavel"),
    ("Сергей", "sergey"),
];
const RUSSIAN_LAST: [(&str, &str); 10] = [
    ("Иванов", "ivanov"),
    ("Смирнов", "smirnov"),
    ("Кузнецов", "kuznetsov"),
    ("Попов", "popov"),
    ("Соколов", "sokolov"),
    ("Лебедев", "lebedev"),
    ("Козлов", "kozlov"),
    ("Новиков", "novikov"),
    ("Морозов", "morozov"),
    ("Волков", "volkov"),
];

/// The named accounts, for people to log in with.
pub fn demo_accounts() -> Vec<DemoAccount> {
    let account = |(role, username, _): &(&'static str, &str, &str)| DemoAccount {
        role,
        email: format!("{username}@example.com"),
        username: (*username).to_owned(),
        password: PASSWORD,
        totp_secret: (*username == TWO_FACTOR).then_some(TOTP_SECRET),
    };
    NAMED.iter().map(account).collect()
}

struct Person {
    id: i64,
    username: String,
    display_name: String,
    created_at: Timestamp,
}

/// Makes the accounts of a plan.
pub(crate) fn seed(db: &mut Db, plan: &Plan<'_>, keys: &KeyRing) -> Result<(), DbError> {
    let others: u64 = match plan.profile {
        Profile::Empty => return Ok(()),
        Profile::Demo => 299,
        Profile::Large => 1_000_000,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let hash = passwords::hash_with_salt(keys, plan.bcrypt_cost, PASSWORD, rng.random()).map_err(impossible)?;
    let named = named(plan);
    insert(db, &named, &hash)?;
    give_roles(db, &named)?;
    let first = i64::try_from(NAMED.len()).map_err(impossible)? + 1;
    let mut batch = Vec::with_capacity(BATCH);
    for (n, id) in (first..).take(usize::try_from(others).map_err(impossible)?).enumerate() {
        batch.push(somebody(id, plan, &mut rng));
        if batch.len() == BATCH {
            insert(db, &batch, &hash)?;
            batch.clear();
            (plan.progress)("accounts", n as u64 + 1, others);
        }
    }
    insert(db, &batch, &hash)?;
    give_second_factor(db, &named, keys, rng.random())?;
    (plan.progress)("accounts", others, others);
    Ok(dialect::reset_identity(db, "users")?)
}

/// The second factor of the one who has it.
fn give_second_factor(db: &mut Db, named: &[Person], keys: &KeyRing, nonce: [u8; 12]) -> Result<(), DbError> {
    let secret = second_factor::read_base32(TOTP_SECRET).unwrap_or_default();
    named.iter().filter(|person| person.username == TWO_FACTOR).try_for_each(|person| {
        let given = second_factor::give(db, keys, person.id, &secret, nonce, person.created_at);
        given.map_err(|error| match error {
            Error::Db(error) => error,
            other => impossible(other),
        })
    })
}

/// For failures that the database layer's error has no name for.
fn impossible(error: impl std::error::Error + Send + Sync + 'static) -> DbError {
    diesel::result::Error::SerializationError(Box::new(error)).into()
}

fn named(plan: &Plan<'_>) -> Vec<Person> {
    let person = |(id, (_, username, display_name)): (i64, &(&str, &str, &str))| Person {
        id,
        username: (*username).to_owned(),
        display_name: (*display_name).to_owned(),
        created_at: plan.before(Duration::days(400 - id)),
    };
    (1..).zip(&NAMED).map(person).collect()
}

/// A person with an English or a Russian name; the number makes the user name unique.
fn somebody(id: i64, plan: &Plan<'_>, rng: &mut ChaCha8Rng) -> Person {
    let (display_name, latin) = if rng.random_ratio(1, 3) {
        let (first, latin_first) = RUSSIAN_FIRST[rng.random_range(0..RUSSIAN_FIRST.len())];
        let (last, latin_last) = RUSSIAN_LAST[rng.random_range(0..RUSSIAN_LAST.len())];
        (format!("{first} {last}"), format!("{latin_first}.{latin_last}"))
    } else {
        let (first, last): (String, String) = (FirstName().fake_with_rng(rng), LastName().fake_with_rng(rng));
        let latin: String = format!("{first}.{last}").to_lowercase();
        (format!("{first} {last}"), latin.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect())
    };
    let latin: String = latin.chars().take(22).collect();
    let created_at = plan.before(Duration::minutes(rng.random_range(60..365 * 24 * 60)));
    Person { id, username: format!("{latin}.{id}"), display_name, created_at }
}

fn insert(db: &mut Db, people: &[Person], hash: &str) -> Result<(), DbError> {
    let rows: Vec<_> = people
        .iter()
        .map(|person| {
            (
                users::id.eq(person.id),
                users::username.eq(&person.username),
                users::username_key.eq(username_key(&person.username)),
                users::display_name.eq(&person.display_name),
                users::created_at.eq(person.created_at),
            )
        })
        .collect();
    insert_many!(db, users::table, rows)?;
    let rows: Vec<_> = people
        .iter()
        .map(|person| {
            let email = format!("{}@example.com", person.username);
            (
                accounts::user_id.eq(person.id),
                accounts::email.eq(email.clone()),
                accounts::email_key.eq(email),
                accounts::email_verified_at.eq(person.created_at),
                accounts::password_hash.eq(hash),
                accounts::password_changed_at.eq(person.created_at),
                accounts::updated_at.eq(person.created_at),
            )
        })
        .collect();
    insert_many!(db, accounts::table, rows)?;
    Ok(())
}

fn give_roles(db: &mut Db, named: &[Person]) -> Result<(), DbError> {
    let rows: Vec<_> = named
        .iter()
        .zip(&NAMED)
        .filter(|(_, (role, _, _))| *role != "user")
        .map(|(person, (role, _, _))| {
            (
                user_roles::user_id.eq(person.id),
                user_roles::role.eq(*role),
                user_roles::granted_at.eq(person.created_at),
            )
        })
        .collect();
    insert_many!(db, user_roles::table, rows)?;
    Ok(())
}
