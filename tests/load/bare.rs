//! What HTTP alone allows: actix-web with nothing around it answers so many bytes that are ready, at every path. Measured beside
//! our ready answers by `content.py`.
//!
//! ```sh
//! cargo build --release --package poligon-tests --example bare
//! target/release/examples/bare 18195 33000   # port, bytes
//! ```

use std::io::Error;

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

async fn answer(body: web::Data<Bytes>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(Bytes::clone(&body))
}

#[actix_web::main]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let mut number = || arguments.next().and_then(|argument| argument.parse::<u32>().ok());
    let (Some(port), Some(bytes)) = (number(), number()) else {
        return Err(Error::other("bare PORT BYTES"));
    };
    let port = u16::try_from(port).map_err(Error::other)?;
    let body = web::Data::new(Bytes::from(vec![b'x'; usize::try_from(bytes).map_err(Error::other)?]));
    let app = move || App::new().app_data(body.clone()).default_service(web::to(answer));
    HttpServer::new(app).bind(("127.0.0.1", port))?.run().await
}
