//! Card numbers and security codes reach no table, whatever is done with them.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Nullable, Text};
use poligon_core::db::{Db, DbError};
use poligon_core::on_each;
use poligon_core::security::tokens::fingerprint_bytes;
use poligon_testkit::{Backend, TestApp};
use serde_json::json;

use super::*;

/// A security code that stands nowhere else.
const CVC: &str = "7391";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Nullable<Text>)]
    text: Option<String>,
}

async fn lines(app: &TestApp, sql: String) -> Vec<String> {
    let read = move |db: &mut Db| {
        let rows: Vec<Line> = on_each!(db, c => sql_query(sql.as_str()).load(c))?;
        Ok::<_, DbError>(rows.into_iter().filter_map(|row| row.text).collect())
    };
    app.ctx.db.read_primary(read).await.unwrap()
}

/// Every row of every table, as text.
async fn everything_stored(app: &TestApp) -> String {
    if app.backend == Backend::Embedded {
        let path = poligon_core::db::sqlite_path(&app.ctx.config.database.url).unwrap();
        let file = std::fs::read(&path).unwrap();
        let log = std::fs::read(path.with_extension("db-wal")).unwrap();
        return String::from_utf8_lossy(&[file, log].concat()).into_owned();
    }
    let tables = "SELECT quote_ident(table_name) AS text FROM information_schema.tables WHERE table_schema = 'public'";
    let mut all = String::new();
    for table in lines(app, tables.to_owned()).await {
        all += &lines(app, format!("SELECT string_agg(t::text, ' ') AS text FROM {table} t")).await.concat();
    }
    all
}

async fn card_numbers_are_not_stored(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let mut bodies = Vec::new();
    for number in [VISA, DECLINED, CHALLENGE, LATER] {
        let mut body = with_card(number);
        body["method"]["card"]["cvc"] = json!(CVC);
        body["method"]["card"]["holder"] = json!("Xaver Quittung");
        let request = buyer.post(&of_order(order(&app, &buyer).await)).header("idempotency-key", &number[12..]);
        request.json(&body).send().await.expect(201);
        bodies.push(serde_json::to_vec(&body).unwrap());
    }
    // Refused ones, too.
    let mut body = with_card("4111111111111111");
    body["method"]["card"]["cvc"] = json!(CVC);
    let refused = buyer.post(&of_order(order(&app, &buyer).await)).header("idempotency-key", "refused").json(&body);
    refused.send().await.expect(422);
    let stored = everything_stored(&app).await;
    assert!(stored.contains("tok_challenge") && stored.contains("captured"), "this looks at the wrong place");
    for secret in [VISA, DECLINED, CHALLENGE, LATER, "4111111111111111", CVC, "Xaver Quittung", "424242424242"] {
        assert!(!stored.contains(secret), "{secret} is in the database");
    }
    // A bare hash of the body would give the number away: ten billion guesses are minutes.
    for body in bodies {
        assert!(!stored.contains(&fingerprint_bytes(&body)), "the hash of a body is in the database");
    }
}

poligon_testkit::tests! { start => card_numbers_are_not_stored }
