//! Mail: written into the database in the transaction that causes it, and sent from there by a job. Without a mail
//! server it stays there, and the `demo` profile shows it.

use std::time::Duration;

use diesel::prelude::*;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use crate::config::MailConfig;
use crate::ctx::Ctx;
use crate::db::{Db, DbError, Timestamp};
use crate::events;
use crate::jobs::JobError;
use crate::schema::mails;

/// Mails sent in one run of the job.
const BATCH: i64 = 50;
/// Tries before a mail is given up.
const TRIES: i64 = 8;
/// The recipient of a mail of which it is not known yet where it goes.
const NOWHERE: &str = "";

/// A mail to be sent.
#[derive(Debug, Clone)]
pub struct NewMail {
    /// The recipient's address.
    pub recipient: String,
    /// Which mail it is (`verify_email`, …), for finding it.
    pub kind: &'static str,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
}

/// A stored mail.
#[derive(Debug, Clone, Queryable, serde::Serialize)]
pub struct Mail {
    /// Its number.
    pub id: i64,
    /// The recipient's address.
    pub recipient: String,
    /// Which mail it is.
    pub kind: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
}

/// Puts a mail about a person's account into the transaction of `db`. Whatever address it goes to, it is removed with the
/// account.
pub fn queue(db: &mut Db, user_id: i64, mail: &NewMail, now: Timestamp) -> Result<(), DbError> {
    insert(db, user_id, mail, now).map(drop)
}

fn insert(db: &mut Db, user_id: i64, mail: &NewMail, now: Timestamp) -> Result<i64, DbError> {
    let values = (
        mails::user_id.eq(user_id),
        mails::recipient.eq(&mail.recipient),
        mails::kind.eq(mail.kind),
        mails::subject.eq(&mail.subject),
        mails::body.eq(&mail.body),
        mails::created_at.eq(now),
        mails::attempts.eq(0),
        mails::next_attempt_at.eq(now),
    );
    Ok(diesel::insert_into(mails::table).values(values).returning(mails::id).get_result(db)?)
}

/// The topic of mails to people of whom the sender knows no address: `mail_id` and `user_id`. The accounts answer it with
/// [`address`].
pub const TO_PERSON: &str = "core.mail_to_person";

/// Puts a mail to a person into the transaction of `db`: its subject and text. It goes out once the accounts have said where
/// to, which they do of confirmed addresses only; and is removed with the account.
pub fn queue_to_person(
    db: &mut Db,
    user_id: i64,
    kind: &'static str,
    (subject, body): (&str, &str),
    now: Timestamp,
) -> Result<(), DbError> {
    let (recipient, subject, body) = (NOWHERE.to_owned(), subject.to_owned(), body.to_owned());
    let mail_id = insert(db, user_id, &NewMail { recipient, kind, subject, body }, now)?;
    let asked = serde_json::json!({"mail_id": mail_id, "user_id": user_id});
    events::publish(db, TO_PERSON, &format!("user:{user_id}"), &asked, now)
}

/// Says where a mail goes that has no address yet; with none there is no mail.
pub fn address(db: &mut Db, mail_id: i64, recipient: Option<&str>) -> Result<(), DbError> {
    let waiting = mails::table.find(mail_id).filter(mails::recipient.eq(NOWHERE));
    match recipient {
        Some(recipient) => diesel::update(waiting).set(mails::recipient.eq(recipient)).execute(db)?,
        None => diesel::delete(waiting).execute(db)?,
    };
    Ok(())
}

/// The newest mails, or those to one address.
pub fn list_mails(db: &mut Db, recipient: Option<&str>, most: i64) -> Result<Vec<Mail>, DbError> {
    page_of_mails(db, recipient, None, most)
}

/// How many mails there are, or how many to one address.
pub fn count_mails(db: &mut Db, recipient: Option<&str>) -> Result<i64, DbError> {
    let mut query = mails::table.filter(mails::recipient.ne(NOWHERE)).count().into_boxed();
    if let Some(recipient) = recipient {
        query = query.filter(mails::recipient.eq(recipient.to_owned()));
    }
    Ok(query.get_result(db)?)
}

/// Mails from the newest on, or from the one `before` on; all of them, or those to one address.
pub fn page_of_mails(
    db: &mut Db,
    recipient: Option<&str>,
    before: Option<i64>,
    most: i64,
) -> Result<Vec<Mail>, DbError> {
    let mut query = mails::table
        .filter(mails::recipient.ne(NOWHERE))
        .select((mails::id, mails::recipient, mails::kind, mails::subject, mails::body, mails::created_at))
        .order(mails::id.desc())
        .limit(most)
        .into_boxed();
    if let Some(recipient) = recipient {
        query = query.filter(mails::recipient.eq(recipient.to_owned()));
    }
    if let Some(before) = before {
        query = query.filter(mails::id.lt(before));
    }
    Ok(query.load(db)?)
}

/// How mail leaves.
#[derive(Clone)]
pub enum Mailer {
    /// It stays in the database.
    Kept,
    /// Through a mail server.
    Smtp {
        /// The server.
        transport: AsyncSmtpTransport<Tokio1Executor>,
        /// The sender.
        from: Mailbox,
    },
}

impl Mailer {
    /// The way that the settings name.
    pub fn open(config: &MailConfig) -> Result<Self, String> {
        let from: Mailbox = config.from.parse().map_err(|e| format!("mail.from: {e}"))?;
        let Some(url) = &config.smtp_url else { return Ok(Self::Kept) };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|e| format!("mail.smtp_url (SMTP_URL): {e}"))?
            .timeout(Some(Duration::from_millis(config.timeout_ms)))
            .build();
        Ok(Self::Smtp { transport, from })
    }

    /// Whether the mail server answers; always so without one.
    pub async fn probe(&self) -> Result<(), String> {
        match self {
            Self::Kept => Ok(()),
            Self::Smtp { transport, .. } => match transport.test_connection().await {
                Ok(true) => Ok(()),
                Ok(false) => Err("the mail server refuses connections".into()),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

/// Sends what is due. A job: one copy of the gateway at a time.
pub async fn send_due(ctx: Ctx) -> Result<(), JobError> {
    let Mailer::Smtp { transport, from } = &ctx.mailer else { return Ok(()) };
    let now = ctx.clock.now();
    let due = ctx.db.read_primary(move |db| find_due(db, now)).await?;
    for (mail, attempts) in due {
        let sent = send(transport, from, &mail).await;
        if let Err(error) = &sent {
            tracing::warn!(mail = mail.id, error, "a mail could not be sent");
        }
        let (now, id) = (ctx.clock.now(), mail.id);
        ctx.db.write(move |db| record(db, id, attempts, sent.as_ref().err(), now)).await?;
    }
    Ok(())
}

fn find_due(db: &mut Db, now: Timestamp) -> Result<Vec<(Mail, i64)>, DbError> {
    Ok(mails::table
        .filter(mails::recipient.ne(NOWHERE))
        .filter(mails::sent_at.is_null().and(mails::dead_at.is_null()).and(mails::next_attempt_at.le(now)))
        .order(mails::next_attempt_at)
        .limit(BATCH)
        .select((
            (mails::id, mails::recipient, mails::kind, mails::subject, mails::body, mails::created_at),
            mails::attempts,
        ))
        .load(db)?)
}

async fn send(transport: &AsyncSmtpTransport<Tokio1Executor>, from: &Mailbox, mail: &Mail) -> Result<(), String> {
    let to: Mailbox = mail.recipient.parse().map_err(|_| "the address cannot be used".to_owned())?;
    let message = Message::builder()
        .from(from.clone())
        .to(to)
        .subject(mail.subject.clone())
        .message_id(Some(format!("<mail-{}@{}>", mail.id, from.email.domain())))
        .body(mail.body.clone())
        .map_err(|e| e.to_string())?;
    transport.send(message).await.map(drop).map_err(|e| e.to_string())
}

/// Notes the outcome. A sent mail loses its text, which may hold a token.
fn record(db: &mut Db, id: i64, attempts: i64, error: Option<&String>, now: Timestamp) -> Result<(), DbError> {
    let row = diesel::update(mails::table.find(id));
    match error {
        None => row.set((mails::sent_at.eq(now), mails::body.eq(""))).execute(db)?,
        Some(error) => {
            let attempts = attempts + 1;
            let wait = chrono::Duration::seconds(5 << attempts.min(10));
            row.set((
                mails::attempts.eq(attempts),
                mails::next_attempt_at.eq(now + wait),
                mails::last_error.eq(error),
                mails::dead_at.eq((attempts >= TRIES).then_some(now)),
            ))
            .execute(db)?
        }
    };
    Ok(())
}
