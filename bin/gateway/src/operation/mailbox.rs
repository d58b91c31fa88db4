//! The mail that the service has written, for people and for scripts. In the demo profile only: mails hold tokens.

use actix_web::Responder;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, Problem, Query};
use poligon_core::Timestamp;
use poligon_core::db::DbError;
use poligon_core::mail::{self, Mail};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::cli::is_production;
use poligon_common::html::{Language, PageQuery, escape, page};

/// Mails on the page, newest first.
const MOST: i64 = 50;

/// Whose mail.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Recipient {
    /// Only mail to this address, as it was written.
    to: Option<String>,
}

impl Recipient {
    /// The address, if one is given: a form sends an empty one.
    fn address(self) -> Option<String> {
        self.to.map(|to| to.trim().to_owned()).filter(|to| !to.is_empty())
    }
}

/// A mail.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    /// Its number; later mails have larger ones.
    id: i64,
    /// The address.
    to: String,
    /// Which mail it is: `verify_email`, `reset_password`, …
    kind: String,
    /// The subject.
    subject: String,
    /// The text.
    body: String,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Mail> for Message {
    fn from(mail: Mail) -> Self {
        let Mail { id, recipient, kind, subject, body, created_at } = mail;
        Self { id, to: recipient, kind, subject, body, created_at }
    }
}

fn only_in_demo(ctx: &Ctx) -> Result<(), Problem> {
    if is_production(&ctx.config) { Err(Problem::not_found()) } else { Ok(()) }
}

/// Mails, newest first. In the demo profile only.
#[utoipa::path(get, path = "/mailbox/messages", params(Recipient, PageParams),
    responses((status = 200, description = "The mails", body = Listing<Message>),
        (status = 404, description = "`not_found`: not in this profile")))]
pub(crate) async fn list_messages(
    ctx: Ctx,
    page: Page,
    Query(recipient): Query<Recipient>,
) -> Result<impl Responder, Problem> {
    only_in_demo(&ctx)?;
    let (to, before) = (recipient.address(), page.after::<i64>()?);
    let (fetch, count) = (page.fetch(), page.include_total);
    let (mails, total) = ctx
        .db
        .read_primary(move |db| {
            let mails = mail::page_of_mails(db, to.as_deref(), before, fetch)?;
            let total = if count { Some(mail::count_mails(db, to.as_deref())?) } else { None };
            Ok::<_, DbError>((mails, total))
        })
        .await?;
    Ok(page.answer(mails.into_iter().map(Message::from).collect(), total, |message| message.id))
}

/// The newest mails, as a page. In the demo profile only.
#[utoipa::path(get, path = "/mailbox", params(Recipient, PageQuery),
    responses((status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 404, description = "`not_found`: not in this profile")))]
pub(crate) async fn mailbox_page(
    ctx: Ctx,
    language: Language,
    Query(recipient): Query<Recipient>,
) -> Result<impl Responder, Problem> {
    only_in_demo(&ctx)?;
    let to = recipient.address();
    let asked = to.clone();
    let mails = ctx.db.read_primary(move |db| mail::list_mails(db, asked.as_deref(), MOST)).await?;
    let title = language.pick("Mailbox", "Почта");
    let mut main = format!("<h1>{title}</h1>\n{}", filter(language, to.as_deref().unwrap_or_default()));
    if mails.is_empty() {
        main += &nothing(language);
    }
    main.extend(mails.iter().map(message));
    Ok(page(language, title, "/mailbox", &main))
}

fn filter(language: Language, to: &str) -> String {
    format!(
        "<form method=\"get\" action=\"/mailbox\" role=\"search\">\n<div><label for=\"to\">{label}</label>\
         <input id=\"to\" name=\"to\" type=\"search\" autocomplete=\"off\" value=\"{to}\" data-testid=\"filter-to\">\
         </div>\n<input type=\"hidden\" name=\"lang\" value=\"{lang}\">\n\
         <button data-testid=\"filter-submit\">{show}</button>\n</form>\n",
        label = language.pick("Recipient's address", "Адрес получателя"),
        to = escape(to),
        lang = language.pick("en", "ru"),
        show = language.pick("Show", "Показать"),
    )
}

fn nothing(language: Language) -> String {
    format!("<p data-testid=\"no-mail\">{}</p>", language.pick("There is no mail.", "Писем нет."))
}

fn message(mail: &Mail) -> String {
    format!(
        "<article data-testid=\"mail\" data-mail-id=\"{id}\" data-mail-kind=\"{kind}\">\n\
         <h2 data-testid=\"mail-subject\">{subject}</h2>\n<p class=\"note\"><span data-testid=\"mail-to\">{to}</span> · \
         <time datetime=\"{at}\">{at}</time> · <code>{kind}</code></p>\n<pre data-testid=\"mail-body\">{body}</pre>\n\
         </article>\n",
        id = mail.id,
        kind = escape(&mail.kind),
        subject = escape(&mail.subject),
        to = escape(&mail.recipient),
        at = mail.created_at,
        body = escape(&mail.body),
    )
}
