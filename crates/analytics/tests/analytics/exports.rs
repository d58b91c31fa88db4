//! What is taken away: the same numbers in every form, and no formula.

use std::io::{Cursor, Read as _};

use poligon_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{analyst, ask, instant, start, telling};

const EXPORT: &str = "/api/analytics/export";

async fn export(who: &Client, query: &str) -> Reply {
    who.get(&format!("{EXPORT}?{query}")).send().await.expect(200)
}

/// The cells of a CSV file.
fn table(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The cells of the sheets of a workbook, as they are shown: its parts are XML.
pub(crate) fn workbook(bytes: &[u8]) -> Vec<Vec<Vec<String>>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP file");
    let mut part = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).ok()?.read_to_string(&mut text).ok()?;
        Some(text)
    };
    let strings = part("xl/sharedStrings.xml").unwrap_or_default();
    let strings: Vec<String> = strings.split("<si>").skip(1).map(inner).collect();
    let mut sheets = Vec::new();
    while let Some(sheet) = part(&format!("xl/worksheets/sheet{}.xml", sheets.len() + 1)) {
        assert!(!sheet.contains("<f>"), "a formula");
        let rows = sheet.split("<row ").skip(1).map(|row| {
            let mut cells: Vec<String> = Vec::new();
            for cell in row.split("<c ").skip(1) {
                let place = usize::from(cell.split("r=\"").nth(1).unwrap().as_bytes()[0] - b'A');
                cells.resize(place, String::new()); // empty ones are not written
                let shared = cell.split('>').next().unwrap().contains("t=\"s\"");
                let value = cell.split("<v>").nth(1).map(|rest| rest.split("</v>").next().unwrap().to_owned());
                cells.push(match value {
                    Some(value) if shared => strings[value.parse::<usize>().unwrap()].clone(),
                    Some(value) => value,
                    None => inner(cell),
                });
            }
            cells
        });
        sheets.push(rows.collect());
    }
    sheets
}

/// The text between `<t>` and `</t>`, its entities read.
fn inner(xml: &str) -> String {
    let text = xml.split("<t").nth(1).and_then(|rest| rest.split_once('>')).map_or("", |(_, rest)| rest);
    let text = text.split("</t>").next().unwrap_or_default();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

async fn look(app: &TestApp, paths: &[&str]) {
    let visitor = app.sign_in_as(&[]).await;
    let event = |(n, path): (usize, &&str)| json!({"id": n.to_string(), "kind": "page_view", "path": path, "at": "2026-04-09T10:00:00Z"});
    let events: Vec<Value> = paths.iter().enumerate().map(event).collect();
    telling(&visitor, &json!(events)).send().await.expect(200);
}

async fn a_metric_has_the_same_numbers_in_every_form(app: TestApp) {
    let analyst = analyst(&app).await;
    look(&app, &["/a", "/a", "/b", "/c,\"d\"", "/ё"]).await;
    let query = json!({"metric": "page_views", "from": "2026-04-08", "to": "2026-04-10", "tz": "Europe/Berlin",
        "group_by": "path", "groups": 2, "compare": "previous_period"});
    let screen = ask(&analyst, &query).await;
    let asked = "what=metric&metric=page_views&from=2026-04-08&to=2026-04-10&tz=Europe/Berlin&group_by=path&groups=2&compare=previous_period";
    let csv = export(&analyst, &format!("{asked}&format=csv")).await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"page_views.csv\""));
    let rows = table(&csv.text);
    assert_eq!(rows[0], ["group", "bucket", "start", "end", "value", "compared"]);
    let mut wanted = Vec::new();
    for series in screen["series"].as_array().unwrap() {
        let group = if series["is_rest"] == true { "(others)" } else { series["group"].as_str().unwrap() };
        for (place, bucket) in screen["buckets"].as_array().unwrap().iter().enumerate() {
            wanted.push((
                group.to_owned(),
                bucket["label"].as_str().unwrap().to_owned(),
                series["values"][place].as_f64(),
            ));
        }
        wanted.push((group.to_owned(), "total".to_owned(), series["total"].as_f64()));
    }
    let told = |row: &Vec<String>| (row[0].clone(), row[1].clone(), row[4].parse::<f64>().ok());
    assert_eq!(rows[1..].iter().map(told).collect::<Vec<_>>(), wanted);
    assert_eq!(wanted.len(), 12);

    let json = export(&analyst, &format!("{asked}&format=json")).await;
    let items = json.body["sheets"][0]["items"].as_array().unwrap().clone();
    let told = |item: &Value| {
        (
            item["group"].as_str().unwrap().to_owned(),
            item["bucket"].as_str().unwrap().to_owned(),
            item["value"].as_f64(),
        )
    };
    assert_eq!(items.iter().map(told).collect::<Vec<_>>(), wanted);

    let xlsx = export(&analyst, &format!("{asked}&format=xlsx")).await;
    let sheet = &workbook(&xlsx.bytes)[0];
    assert_eq!(sheet[0], rows[0]);
    let told = |row: &Vec<String>| (row[0].clone(), row[1].clone(), row[4].parse::<f64>().ok());
    assert_eq!(sheet[1..].iter().map(told).collect::<Vec<_>>(), wanted);
}

async fn a_dashboard_has_the_same_numbers_in_every_form(app: TestApp) {
    let analyst = analyst(&app).await;
    look(&app, &["/a", "/b", "/a"]).await;
    let place = |y: i64, id: &str, kind: &str, settings: Value| json!({"id": id, "type": kind, "title": "Views: all?", "x": 0, "y": y, "w": 1, "h": 1, "settings": settings});
    let body = json!({"title": "T", "period": {"preset": "last_7_days"}, "widgets": [
        place(0, "views", "line", json!({"metric": "page_views"})),
        place(1, "steps", "funnel", json!({"steps": [{"kind": "page_view", "label": "Looked"}, {"kind": "order"}]})),
        place(2, "kept", "cohort", json!({"interval": "week"})),
        place(3, "words", "text", json!({"markdown": "x"})),
    ]});
    let id = analyst.post("/api/analytics/dashboards").json(&body).send().await.expect(201).id();
    let screen = analyst.get(&format!("/api/analytics/dashboards/{id}/data")).send().await.expect(200).body;
    let all = export(&analyst, &format!("what=dashboard&dashboard_id={id}&format=xlsx")).await;
    let sheets = workbook(&all.bytes);
    assert_eq!(sheets.len(), 3);
    let json = export(&analyst, &format!("what=dashboard&dashboard_id={id}&format=json")).await.body;
    assert_eq!(json["sheets"].as_array().unwrap().len(), 3);
    let values = screen["widgets"][0]["data"]["series"][0]["values"].as_array().unwrap();
    for (n, value) in values.iter().enumerate() {
        assert_eq!(sheets[0][n + 1][4].parse::<f64>().ok(), value.as_f64());
        assert_eq!(json["sheets"][0]["items"][n]["value"], *value);
    }
    let csv = export(&analyst, &format!("what=dashboard&dashboard_id={id}&widget_id=steps&format=csv")).await;
    assert_eq!(csv.text, "step,kind,people,of_first,of_previous\r\nLooked,page_view,1,1.0,\r\n2,order,0,0.0,0.0\r\n");
    assert_eq!(sheets[1][1], ["Looked", "page_view", "1", "1"]);

    let refused = async |query: &str, status: u16, code: &str| {
        analyst.get(&format!("{EXPORT}?{query}")).send().await.expect_problem(status, code);
    };
    refused(&format!("what=dashboard&dashboard_id={id}&format=csv"), 422, "validation_failed").await;
    refused(&format!("what=dashboard&dashboard_id={id}&widget_id=words&format=csv"), 404, "not_found").await;
    refused("what=dashboard&dashboard_id=999999&format=json", 404, "not_found").await;
    refused("what=everything&format=json", 422, "validation_failed").await;
    refused("what=metric&format=json", 422, "validation_failed").await;
    refused("what=facts&format=json", 422, "validation_failed").await;
    refused("what=facts&kind=nothing&format=json", 422, "validation_failed").await;
    // The first dashboard, and what somebody may not see.
    let plain = app.sign_in_as(&[]).await;
    assert_eq!(export(&plain, "what=dashboard&format=json").await.body["sheets"], json!([]));
    plain
        .get(&format!("{EXPORT}?what=metric&metric=orders&format=csv"))
        .send()
        .await
        .expect_problem(403, "metric_forbidden");
    plain
        .get(&format!("{EXPORT}?what=facts&kind=order&format=csv"))
        .send()
        .await
        .expect_problem(403, "metric_forbidden");
}

async fn no_text_becomes_a_formula(app: TestApp) {
    let analyst = analyst(&app).await;
    // Paths begin with a slash and names with a letter: what is told by domains has no such rule.
    let now = instant("2026-04-09T10:00:00Z");
    let formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "'x"];
    for (n, text) in formulas.iter().enumerate() {
        let told = json!({"user_id": 1, "order_id": n + 1, "code": text});
        let publish = move |db: &mut _| {
            poligon_core::events::publish(db, "ecommerce.payment_failed", &format!("order:{n}"), &told, now)
        };
        app.ctx.db.write(publish).await.unwrap();
    }
    while app.number("SELECT count(*) AS n FROM analytics_facts WHERE kind = 'payment_failure'").await < 5 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let csv = export(&analyst, "what=facts&kind=payment_failure&format=csv").await;
    let rows = table(&csv.text);
    assert_eq!(rows[0], ["id", "kind", "at", "user_id", "object_id", "first", "second", "amount"]);
    for (row, text) in rows[1..].iter().zip(formulas) {
        assert_eq!(row[5], format!("'{text}"));
    }
    let one =
        export(&analyst, "what=facts&kind=payment_failure&format=csv&filters=%7B%22reason%22:%5B%22%3D1%2B1%22%5D%7D")
            .await;
    assert_eq!(table(&one.text).len(), 2, "{}", one.text);
    assert_eq!(table(&one.text)[1][5], "'=1+1");
    let none =
        export(&analyst, "what=facts&kind=payment_failure&format=csv&filters=%7B%22reason%22:%5B%22other%22%5D%7D")
            .await;
    assert_eq!(table(&none.text).len(), 1);
    for (query, pointers) in [
        (
            "what=facts&kind=payment_failure&format=csv&filters=%7B%22nothing%22:%5B%22x%22%5D%7D",
            vec!["/filters/nothing"],
        ),
        ("what=facts&kind=payment_failure&format=csv&filters=%7B%22reason%22:%5B%5D%7D", vec!["/filters/reason"]),
        (
            "what=facts&kind=payment_failure&format=csv&filters=%7B%22reason%22%3A%5B%22a%5Cu0000%22%5D%7D",
            vec!["/filters"],
        ),
        ("what=facts&kind=order&format=json&group_by=product&segment_id=1", vec!["/group_by", "/segment_id"]),
        ("what=metric&metric=orders&format=json&kind=order&widget_id=a", vec!["/kind", "/widget_id"]),
        ("what=dashboard&format=json&metric=orders&interval=week", vec!["/interval", "/metric"]),
    ] {
        let refused = analyst.get(&format!("{EXPORT}?{query}")).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), pointers, "{query}");
    }
    let grouped = export(&analyst, "what=metric&metric=payment_failures&group_by=reason&format=csv").await;
    assert!(!grouped.text.lines().any(|line| line.starts_with(['=', '+', '-', '@'])), "{}", grouped.text);
    let xlsx = export(&analyst, "what=facts&kind=payment_failure&format=xlsx").await;
    let sheets = workbook(&xlsx.bytes); // which looks for formulas
    let texts: Vec<&str> = sheets[0][1..].iter().map(|row| row[5].as_str()).collect();
    assert_eq!(texts, formulas);
    let json = export(&analyst, "what=facts&kind=payment_failure&format=json").await.body;
    assert_eq!(json["items"][0]["first"], "=1+1");
}

async fn facts_come_as_they_are_in_order(app: TestApp) {
    let analyst = analyst(&app).await;
    // Several pages, with equal instants across their ends.
    let rows = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 4500) \
        INSERT INTO analytics_facts (source, kind, at, user_id, first, second, amount) \
        SELECT 'x:' || n, 'order', 1775000000000 + (n * 7919 % 1500) * 4000, n % 7, '', '', n FROM n";
    app.sql(rows).await;
    for format in ["csv", "json", "xlsx"] {
        let reply = export(&analyst, &format!("what=facts&kind=order&format={format}")).await;
        let rows: Vec<(String, i64)> = match format {
            "json" => reply.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| (item["at"].as_str().unwrap().to_owned(), item["id"].as_i64().unwrap()))
                .collect(),
            "csv" => table(&reply.text)[1..].iter().map(|row| (row[2].clone(), row[0].parse().unwrap())).collect(),
            _ => workbook(&reply.bytes)[0][1..].iter().map(|row| (row[2].clone(), row[0].parse().unwrap())).collect(),
        };
        assert_eq!(rows.len(), 4500, "{format}");
        assert!(rows.is_sorted(), "{format}");
        assert!(rows.windows(2).all(|pair| pair[0] != pair[1]), "{format}");
    }
    let few = export(&analyst, "what=facts&kind=order&format=csv&from=2026-03-31&to=2026-03-31&tz=UTC").await;
    let day =
        app.number("SELECT count(*) AS n FROM analytics_facts WHERE at >= 1774915200000 AND at < 1775001600000").await;
    assert_eq!(i64::try_from(table(&few.text).len()).unwrap() - 1, day);
    assert!(day > 0 && day < 4500);
    let none = export(&analyst, "what=facts&kind=order&format=json&from=2020-01-01&to=2020-01-02").await;
    assert_eq!(none.body, json!({"items": []}));
}

/// Many facts that are long: more than what is on its way at once.
async fn many_facts(app: &TestApp) {
    app.sql(format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 24000) \
        INSERT INTO analytics_facts (source, kind, at, user_id, first, second, amount) \
        SELECT 'x:' || n, 'order', 1775000000000 + n, 1, '{}', '', n FROM n",
        "long ".repeat(200)
    ))
    .await;
}

/// Asks for facts, and reads the head of the answer and nothing more.
async fn begin(app: &TestApp, who: &Client, format: &str) -> (String, TcpStream) {
    let (address, token) = (app.url().replace("http://", ""), who.token().unwrap());
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "GET {EXPORT}?what=facts&kind=order&format={format} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (String::from_utf8(head).unwrap(), stream)
}

/// Whether the rest of an answer comes to its end.
async fn is_whole(mut stream: TcpStream) -> bool {
    let mut rest = Vec::new();
    let read = stream.read_to_end(&mut rest).await;
    read.is_ok() && rest.ends_with(b"\r\n0\r\n\r\n")
}

async fn facts_are_cut_off_when_whoever_reads_them_may_no_longer(app: TestApp) {
    many_facts(&app).await;
    for format in ["csv", "json", "xlsx"] {
        let reader = analyst(&app).await;
        let (head, stream) = begin(&app, &reader, format).await;
        assert!(head.starts_with("HTTP/1.1 200 OK") && is_whole(stream).await, "{format}: {head}");
        for end in [
            "UPDATE sessions SET revoked_at = created_at WHERE user_id =",
            "UPDATE users SET locked_at = created_at WHERE id =",
            "DELETE FROM user_roles WHERE user_id =",
        ] {
            let reader = analyst(&app).await;
            // The head of a workbook comes before it is made.
            let (head, stream) = begin(&app, &reader, format).await;
            assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
            app.sql(format!("{end} {}", reader.user_id.unwrap())).await;
            assert!(!is_whole(stream).await, "{format}: {end}");
        }
    }
}

async fn whoever_asks_for_a_third_workbook_is_told_to_come_again(app: TestApp) {
    many_facts(&app).await;
    let analyst = analyst(&app).await;
    let underway = [begin(&app, &analyst, "xlsx").await, begin(&app, &analyst, "xlsx").await];
    let third = analyst.get(&format!("{EXPORT}?what=facts&kind=order&format=xlsx")).send().await;
    third.expect_problem(503, "overloaded");
    for (head, stream) in underway {
        assert!(head.starts_with("HTTP/1.1 200 OK") && is_whole(stream).await);
    }
    export(&analyst, "what=facts&kind=payment&format=xlsx").await;
}

async fn workbooks_are_made_in_the_folder_for_data(app: TestApp) {
    let analyst = analyst(&app).await;
    let metric = "what=metric&metric=page_views&format=xlsx";
    export(&analyst, metric).await;
    let folder = app.ctx.config.data_dir.0.clone();
    let elsewhere = folder.with_extension("elsewhere");
    std::fs::rename(&folder, &elsewhere).unwrap();
    std::fs::write(&folder, "no folder, and nobody makes one here").unwrap();
    analyst.get(&format!("{EXPORT}?{metric}")).send().await.expect_problem(500, "internal");
    let facts = analyst.get(&format!("{EXPORT}?what=facts&kind=order&format=xlsx"));
    facts.send().await.expect_problem(500, "internal");
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&elsewhere, &folder).unwrap();
    export(&analyst, metric).await;
}

poligon_testkit::tests! { start =>
    a_metric_has_the_same_numbers_in_every_form,
    a_dashboard_has_the_same_numbers_in_every_form,
    no_text_becomes_a_formula,
    facts_come_as_they_are_in_order,
    facts_are_cut_off_when_whoever_reads_them_may_no_longer,
    whoever_asks_for_a_third_workbook_is_told_to_come_again,
    workbooks_are_made_in_the_folder_for_data,
}
