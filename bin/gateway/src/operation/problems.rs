//! `/problems/<code>`: what each refusal means, as a page. Where the `type` of every problem leads.

use actix_web::Responder;
use poligon_common::{Path, Problem};

use crate::composition;
use poligon_common::html::{Language, PageQuery, escape, page};

/// What a code means and what to do.
#[utoipa::path(get, path = "/problems/{code}",
    params(("code" = String, Path, description = "`code` of a problem"), PageQuery),
    responses((status = 200, description = "The explanation", body = String, content_type = "text/html")))]
pub(crate) async fn problem_page(Path(code): Path<String>, language: Language) -> Result<impl Responder, Problem> {
    let kinds = composition::problem_kinds();
    let kind = kinds.into_iter().find(|kind| kind.code == code).ok_or_else(Problem::not_found)?;
    let body = format!(
        "<h1>{title}</h1>\n<p><code data-testid=\"problem-code\">{code}</code> · HTTP {status}</p>\n\
         <p lang=\"en\" data-testid=\"problem-help\">{help}</p>",
        title = escape(kind.title),
        code = escape(kind.code),
        status = kind.status,
        help = escape(kind.help),
    );
    Ok(page(language, kind.title, &format!("/problems/{}", kind.code), &body))
}
