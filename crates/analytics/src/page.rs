//! The page `/dashboard`, for people. Its files are part of the binary, and a table names them one by one: no path of a
//! client ever reaches a disk.

use std::io::Write as _;
use std::sync::{LazyLock, OnceLock};

use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, CONTENT_ENCODING, Encoding, Header as _, HeaderValue, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use flate2::Compression;
use flate2::write::GzEncoder;
use poligon_common::etag::Tagged;
use poligon_common::html::{Language, Page, PageQuery};
use poligon_common::{Path, Problem};

/// What the page may load: its own files and the API. Charts set styles by script; files are saved from `blob:`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
    connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Files change with the version only, but a browser should see a new version at once.
const REVALIDATE: &str = "public, no-cache";

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

const PAGE: &str = include_str!("../page/index.html");

/// A file of the page.
struct File {
    /// Where it is below `page`; the last part is its name.
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    /// The same packed, from the first time that somebody asks for it so.
    packed: OnceLock<Option<Bytes>>,
}

macro_rules! files {
    ($($content_type:ident: $($path:literal)+;)+) => {
        vec![$($(File {
            path: $path,
            content_type: $content_type,
            bytes: include_bytes!(concat!("../page/", $path)),
            packed: OnceLock::new(),
        },)+)+]
    };
}

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    files! {
        SCRIPT: "a11y.js" "access.js" "api.js" "appearance.js" "board.js" "charts.js" "colours.js" "controls.js"
            "dialogs.js" "dom.js" "editor.js" "exports.js" "filters.js" "form.js" "format.js" "grid.js" "head.js"
            "i18n.js" "icons.js" "kpis.js" "layout.js" "listing.js" "live.js" "login.js" "main.js" "names.js"
            "number.js" "period-field.js" "period.js" "place.js" "preview.js" "reports.js" "segments.js" "settings.js"
            "shares.js" "shell.js" "sidebar.js" "state.js" "stock.js" "tables.js" "texts-en.js" "texts-names-ru.js"
            "texts-ru.js" "texts-views-en.js" "texts-views-ru.js" "theme.js" "thing-dialog.js" "vendor/echarts.js" "views.js"
            "widget-dialog.js" "widget.js";
        STYLE: "style.css" "views.css" "widgets.css";
        PICTURE: "icon.svg";
        TEXT: "vendor/LICENSES.txt";
    }
});

impl File {
    fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// The file as gzip, where that is smaller.
    fn packed(&self) -> Option<&Bytes> {
        let pack = || {
            let mut packer = GzEncoder::new(Vec::with_capacity(self.bytes.len() / 3), Compression::best());
            let packed = packer.write_all(self.bytes).and_then(|()| packer.finish());
            packed.ok().filter(|packed| packed.len() < self.bytes.len()).map(Bytes::from)
        };
        self.packed.get_or_init(pack).as_ref()
    }
}

/// Whether a client prefers gzip to the file as it is.
fn takes_gzip(req: &HttpRequest) -> bool {
    if !req.headers().contains_key(ACCEPT_ENCODING) {
        return false;
    }
    let accepted = AcceptEncoding::parse(req).ok();
    let chosen = accepted.and_then(|accepted| accepted.negotiate([Encoding::gzip(), Encoding::identity()].iter()));
    chosen == Some(Encoding::gzip())
}

/// The page of the dashboards. What it shows, it asks the API for.
#[utoipa::path(get, path = "/dashboard", params(PageQuery),
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
pub async fn dashboard_page(language: Language) -> impl Responder {
    let language = language.pick("en", "ru");
    Page { body: PAGE.replace("{{lang}}", language), policy: POLICY, language }
}

/// A file of the page.
#[utoipa::path(get, path = "/dashboard/{file}", params(("file" = String, Path, description = "Its name", max_length = 64)),
    responses((status = 200, description = "The file", body = String, content_type = "*/*"),
        (status = 304, description = "The copy at hand is fresh")))]
pub async fn dashboard_file(req: HttpRequest, Path(name): Path<String>) -> Result<HttpResponse, Problem> {
    let file = FILES.iter().find(|file| file.name() == name).ok_or_else(Problem::not_found)?;
    // Packing takes long, the first time.
    let packed = if takes_gzip(&req) {
        let packing = actix_web::web::block(|| file.packed().cloned());
        packing.await.map_err(|error| Problem::internal(&error))?
    } else {
        None
    };
    let is_packed = packed.is_some();
    let body = packed.unwrap_or(Bytes::from_static(file.bytes));
    let mut response = Tagged::bytes(body, HeaderValue::from_static(file.content_type), REVALIDATE).respond_to(&req);
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if is_packed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// A file that is forgotten in the table is missing for everybody but its author.
    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        let kept = ["index.html", "vendor.sh", "vendor"];
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut there: BTreeSet<String> = names.filter(|name| !kept.contains(&name.as_str())).collect();
        there.extend(["vendor/echarts.js", "vendor/LICENSES.txt"].map(str::to_owned));
        let served: BTreeSet<String> = FILES.iter().map(|file| file.path.to_owned()).collect();
        assert_eq!(there, served);
    }

    #[test]
    fn what_is_packed_is_the_file() {
        use std::io::Read as _;
        for file in FILES.iter() {
            let Some(packed) = file.packed() else { continue };
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(packed.as_ref()).read_to_end(&mut plain).unwrap();
            assert!(plain == file.bytes && packed.len() < file.bytes.len(), "{}", file.path);
        }
    }
}
