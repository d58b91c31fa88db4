//! The first page: where everything is, and who can log in.

use actix_web::Responder;
use poligon_common::Ctx;
use poligon_core::seed::DemoAccount;

use super::docs::are_open;
use crate::cli::is_production;
use crate::composition;
use poligon_common::html::{Language, PageQuery, escape, page};

/// The first page, with links to everything else.
#[utoipa::path(get, path = "/", params(PageQuery),
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
pub(crate) async fn home_page(ctx: Ctx, language: Language) -> impl Responder {
    let demo = !is_production(&ctx.config);
    let mut main = format!(
        "<h1>Poligon</h1>\n<p>{}</p>\n{}",
        language.pick(
            "A real backend to practise test automation on.",
            "Настоящий бэкенд, на котором учатся автоматизации тестирования."
        ),
        links(language, demo, are_open(&ctx.config)),
    );
    if demo {
        main.push_str(&accounts(language, &composition::demo_accounts()));
    }
    page(language, language.pick("Start", "Начало"), "/", &main)
}

fn links(language: Language, demo: bool, docs: bool) -> String {
    let link = |path: &str, id: &str, text: &str| {
        format!("<li><a href=\"{path}\" data-testid=\"link-{id}\">{text}</a> <code>{path}</code></li>\n")
    };
    let mut list = String::from("<ul>\n");
    if docs {
        list +=
            &link("/docs", "docs", language.pick("API documents, to read and try", "Описание API: читать и пробовать"));
        list += &link("/api/openapi.json", "openapi", language.pick("OpenAPI document", "Документ OpenAPI"));
    }
    list += &link("/dashboard", "dashboard", language.pick("Dashboards", "Дашборды"));
    if demo {
        list += &link("/mailbox", "mailbox", language.pick("Mailbox: every mail sent", "Почта: все письма сервиса"));
    }
    list += &link("/health/ready", "health", language.pick("Health", "Состояние"));
    list += "</ul>\n";
    list
}

fn accounts(language: Language, accounts: &[DemoAccount]) -> String {
    let rows: String = accounts.iter().map(row).collect();
    format!(
        "<h2 id=\"accounts\">{title}</h2>\n<p class=\"note\">{note}</p>\n<div class=\"scroll\"><table \
         aria-labelledby=\"accounts\" data-testid=\"demo-accounts\">\n<thead><tr><th scope=\"col\">{role}</th>\
         <th scope=\"col\">{email}</th><th scope=\"col\">{name}</th><th scope=\"col\">{password}</th><th scope=\"col\">{secret}</th></tr></thead>\n\
         <tbody>\n{rows}</tbody></table></div>\n",
        title = language.pick("Demo accounts", "Учётные записи для примера"),
        note = language
            .pick("They are here in the demo profile only.", "Они есть только в демонстрационном профиле (demo)."),
        role = language.pick("Role", "Роль"),
        email = language.pick("E-mail", "Эл. почта"),
        name = language.pick("User name", "Имя пользователя"),
        password = language.pick("Password", "Пароль"),
        secret = language.pick("TOTP secret", "Секрет TOTP"),
    )
}

fn row(account: &DemoAccount) -> String {
    format!(
        "<tr data-testid=\"demo-account\"><th scope=\"row\">{}</th><td><code>{}</code></td><td><code>{}</code></td>\
         <td><code>{}</code></td><td>{}</td></tr>\n",
        escape(account.role),
        escape(&account.email),
        escape(&account.username),
        escape(account.password),
        account.totp_secret.map(|secret| format!("<code>{}</code>", escape(secret))).unwrap_or_default(),
    )
}
