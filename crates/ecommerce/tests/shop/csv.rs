//! The catalogue as CSV: out, in, and every bad cell by name.

use poligon_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::world::{PRODUCTS, category, make, money, path_of, product, staff, start};

const IMPORT: &str = "/api/ecommerce/catalogue/import";
const EXPORT: &str = "/api/ecommerce/catalogue/export";
const HEAD: &str = "product,title,description,status,category,tags,attributes,sku,options,price,currency,compare_at_price,weight_g,track_stock,stock";

async fn import(client: &Client, mode: &str, file: impl Into<Vec<u8>>) -> Reply {
    let path = format!("{IMPORT}?mode={mode}");
    client.post(&path).header("content-type", "text/csv; charset=utf-8").body(file).send().await
}

async fn export(client: &Client) -> String {
    let reply = client.get(EXPORT).send().await.expect(200);
    assert!(reply.header("content-type").is_some_and(|v| v.starts_with("text/csv; charset=utf-8")));
    reply.text
}

/// A report as numbers: created, updated, skipped, rows, errors.
fn counts(report: &Value) -> [i64; 5] {
    ["created", "updated", "skipped", "rows", "errors_total"].map(|name| report[name].as_i64().expect(name))
}

/// Row, column and code of each error.
fn errors(report: &Value) -> Vec<(i64, &str, &str)> {
    let all = report["errors"].as_array().expect("errors").iter();
    all.map(|e| (e["row"].as_i64().unwrap(), e["column"].as_str().unwrap(), e["code"].as_str().unwrap())).collect()
}

async fn total(client: &Client) -> i64 {
    let mut all = 0;
    for status in ["active", "draft", "archived"] {
        let page = client.get(&format!("{PRODUCTS}?include_total=true&status={status}")).send().await.expect(200).body;
        all += page["total"].as_i64().unwrap();
    }
    all
}

async fn what_goes_out_comes_in_again(app: TestApp) {
    let staff = staff(&app).await;
    let kitchen = category(&staff, "Kitchen", None).await;
    make(&staff, &json!({
        "title": "=HYPERLINK(\"http://evil\") «Нева», \"quoted\"", "slug": "neva", "status": "active", "category_id": kitchen,
        "description": "-1+1|cmd\nsecond line, with a comma\n'quoted'", "tags": ["a,b", "new"], "attributes": {"@x": "=1", "y": "\"z\""},
        "variants": [
            {"sku": "-N-1", "options": {"size": "+L"}, "price": money(2_500), "compare_at_price": money(3_000), "stock": 4, "weight_g": 9},
            {"sku": "N-2", "options": {"size": "S"}, "price": money(2_000), "track_stock": false},
        ],
    })).await;
    make(&staff, &product("'Plain", "P-1", 100)).await;
    let archived = make(&staff, &product("Old", "O-1", 100)).await;
    staff.delete(&path_of(&archived)).send().await.expect(204);
    let file = export(&staff).await;
    for cell in ["=HYPERLINK", "-1+1", "-N-1"] {
        assert!(file.contains(&format!("'{cell}")), "{cell} is harmless in {file}");
    }
    let mut reader = ::csv::Reader::from_reader(file.as_bytes());
    for record in reader.records() {
        let record = record.unwrap();
        assert!(record.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{record:?}");
    }
    // Into the shop that it came from: nothing changes.
    let report = import(&staff, "all_or_nothing", file.clone()).await.expect(200).body;
    assert_eq!(counts(&report), [0, 4, 0, 4, 0]);
    assert_eq!(export(&staff).await, file);
    // Into another shop: everything is there.
    let other = start(app.backend).await;
    let owner = crate::world::staff(&other).await;
    category(&owner, "Kitchen", None).await;
    for mode in ["all_or_nothing", "skip_bad"] {
        let report = import(&owner, mode, file.clone()).await.expect(200).body;
        assert_eq!(counts(&report)[3..], [4, 0], "{report}");
        assert_eq!(export(&owner).await, file);
    }
    let seen = other.client().get(&format!("{PRODUCTS}/neva")).send().await.expect(200).body;
    let was = app.client().get(&format!("{PRODUCTS}/neva")).send().await.expect(200).body;
    for name in ["title", "description", "tags", "attributes", "price", "price_max", "in_stock", "categories"] {
        assert_eq!(seen[name], was[name], "{name}");
    }
    let found = other.client().get(&format!("{PRODUCTS}?q=нева")).send().await.expect(200).body;
    assert_eq!(found["items"][0]["slug"], "neva", "it can be searched for");
    let journal = format!("/api/ecommerce/variants/{}/stock", seen["variants"][0]["id"]);
    let entries = owner.get(&journal).send().await.expect(200).body["items"].clone();
    assert_eq!((entries.as_array().unwrap().len(), &entries[0]["delta"]), (1, &json!(4)));
}

async fn files_of_every_program_are_understood(app: TestApp) {
    let staff = staff(&app).await;
    for (n, file) in [
        "product,title,sku,price\np-N,A title,S-N,100\n".to_owned(),
        "\u{feff}product,title,sku,price\r\np-N,A title,S-N,100\r\n".to_owned(),
        "product,title,sku,price\r\np-N,A title,S-N,100".to_owned(),
        "price,sku,title,product\n100,S-N,A title,p-N\n\n\n".to_owned(),
        "\"product\",\"title\",\"sku\",\"price\"\n\"p-N\",\"A title\",\"S-N\",\"100\"\n".to_owned(),
        "product,title,sku,price,currency,stock,status\np-N,A title,S-N,100,USD,7,\n".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let file = file.replace("-N", &format!("-{n}"));
        let report = import(&staff, "all_or_nothing", file).await.expect(200).body;
        assert_eq!(counts(&report), [1, 0, 0, 1, 0], "file {n}: {report}");
        let seen = staff.get(&format!("{PRODUCTS}/p-{n}")).send().await.expect(200).body;
        assert_eq!((&seen["title"], &seen["status"]), (&json!("A title"), &json!("draft")), "file {n}");
    }
    for (file, detail) in [
        ("", "columns"),
        ("product,sku,colour\n", "columns"),
        ("product,sku,sku\n", "columns"),
        ("product,title\n", "columns"),
        ("product;sku;price\n", "columns"),
        ("\u{0}\u{1}", "columns"),
    ] {
        for mode in ["all_or_nothing", "skip_bad"] {
            let refused = import(&staff, mode, file).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.body["errors"][0]["code"], detail, "{file:?}: {}", refused.text);
        }
    }
    let report = import(&staff, "all_or_nothing", "product,sku\n").await.expect(200).body;
    assert_eq!(counts(&report), [0, 0, 0, 0, 0]);
}

/// A row, and column and code of each of its errors.
type BadRow = (&'static [u8], Vec<(&'static str, &'static str)>);

/// A file in which every row but the first and the last is bad, and what is wrong with each.
fn bad_file() -> (Vec<u8>, Vec<(i64, &'static str, &'static str)>) {
    let rows: Vec<BadRow> = vec![
        (b"good-1,Good,,active,,,,G-1,,100,USD,,,,5", vec![]),
        (b"Bad Slug,T,,,,,,B-1,,1,,,,,", vec![("product", "slug")]),
        (b",T,,,,,,B-2,,1,,,,,", vec![("product", "required")]),
        (b"p-1,,,,,,,B-3,,1,,,,,", vec![("title", "required")]),
        (b"p-2,T,,sold,,,,B-4,,1,,,,,", vec![("status", "unknown_value")]),
        (b"p-3,T,,,nowhere,,,B-5,,1,,,,,", vec![("category", "unknown_category")]),
        (b"p-4,T,,,,\"{}\",,B-6,,1,,,,,", vec![("tags", "type")]),
        (b"p-5,T,,,,,\"[1]\",B-7,,1,,,,,", vec![("attributes", "type")]),
        (b"p-6,T,,,,,,B 8,,1,,,,,", vec![("sku", "sku")]),
        (b"p-7,T,,,,,,B-9,\"{\"\"a:b\"\":\"\"c\"\"}\",1,,,,,", vec![("options", "option")]),
        (
            b"p-8,T,,,,,,B-10,,-1,EUR,1,x,maybe,1.5",
            vec![
                ("price", "range"),
                ("weight_g", "range"),
                ("track_stock", "type"),
                ("stock", "range"),
                ("currency", "currency"),
            ],
        ),
        (b"p-9,T,,,,,,B-11,,,,,,,", vec![("price", "required")]),
        (b"p-10,T,,,,,,B-12,,100,,100,,,", vec![("compare_at_price", "above_price")]),
        (b"p-11,T,,,,,,G-1,,1,,,,,", vec![("sku", "duplicate")]),
        (b"p-12,T,,,,,,TAKEN,,1,,,,,", vec![("sku", "sku_taken")]),
        (b"p-13,T", vec![("", "columns")]),
        (b"p-14,\xff\xfe,,,,,,B-15,,1,,,,,", vec![("title", "encoding")]),
        (b"p-15,T,\"a\0b\",,,,,B-16,,1,,,,,", vec![("description", "characters")]),
        (b"good-1,Good,,active,,,,G-2,,100,USD,,,,5", vec![("product", "not_together")]),
        (b"good-2,Good,,active,,,,G-3,,100,USD,,,,", vec![]),
        (b"good-2,Other,,active,,,,G-4,,100,USD,,,,", vec![("product", "differs")]),
        (b"good-2,Good,,active,,,,G-5,,200,USD,,,,", vec![]),
    ];
    let mut file = HEAD.as_bytes().to_vec();
    let mut wrong = Vec::new();
    for (n, (row, wants)) in (2..).zip(rows) {
        file.extend_from_slice(b"\r\n");
        file.extend_from_slice(row);
        wrong.extend(wants.into_iter().map(|(column, code)| (n, column, code)));
    }
    (file, wrong)
}

async fn bad_rows_change_nothing_or_are_left_out(app: TestApp) {
    let staff = staff(&app).await;
    let taken = make(&staff, &product("Taken", "TAKEN", 100)).await;
    let (file, wanted) = bad_file();
    let refused = import(&staff, "all_or_nothing", file.clone()).await.expect_problem(422, "validation_failed");
    let mut pointers: Vec<String> = wanted
        .iter()
        .map(|(row, column, _)| if column.is_empty() { format!("/{row}") } else { format!("/{row}/{column}") })
        .collect();
    pointers.sort();
    assert_eq!(refused.pointers(), pointers);
    assert_eq!(refused.body["errors_total"], wanted.len());
    assert_eq!(total(&staff).await, 1, "nothing was changed");
    let report = import(&staff, "skip_bad", file.clone()).await.expect(200).body;
    let mut told = errors(&report);
    told.sort_unstable();
    let mut wanted = wanted;
    wanted.sort_unstable();
    assert_eq!(told, wanted);
    assert_eq!(counts(&report), [3, 0, 19, 22, i64::try_from(wanted.len()).unwrap()]);
    assert_eq!(total(&staff).await, 3);
    let good = app.client().get(&format!("{PRODUCTS}/good-2")).send().await.expect(200).body;
    assert_eq!((&good["price"], &good["price_max"], &good["in_stock"]), (&money(100), &money(200), &json!(false)));
    let report = import(&staff, "skip_bad", file).await.expect(200).body;
    assert_eq!(counts(&report)[..3], [0, 3, 19], "a second time");
    assert_eq!(staff.get(&path_of(&taken)).send().await.expect(200).body["title"], "Taken");
}

async fn a_file_changes_what_it_names(app: TestApp) {
    let staff = staff(&app).await;
    let mut body = product("Kettle", "K-1", 100);
    body["attributes"] = json!({"material": "steel"});
    body["variants"] = json!([{"sku": "K-1", "price": money(100), "stock": 10, "options": {"size": "S"}}, {"sku": "K-2", "price": money(200), "stock": 1}]);
    let made = make(&staff, &body).await;
    let path = path_of(&made);
    app.client().get(&path).send().await.expect(200);
    app.client().get(PRODUCTS).send().await.expect(200);
    let file = "product,title,tags,sku,options,price,stock\nkettle,Teapot,\"[\"\"gift\"\"]\",K-1,\"{\"\"size\"\":\"\"L\"\"}\",50,3\n";
    let report = import(&staff, "skip_bad", file).await.expect(200).body;
    assert_eq!(counts(&report), [0, 1, 0, 1, 0]);
    let seen = app.client().get(&path).send().await.expect(200).body;
    assert_eq!(
        (&seen["title"], &seen["tags"], &seen["attributes"]),
        (&json!("Teapot"), &json!(["gift"]), &json!({"material": "steel"}))
    );
    assert_eq!((&seen["price"], &seen["price_max"], &seen["version"]), (&money(50), &money(200), &json!(2)));
    assert_eq!((&seen["variants"][0]["available"], &seen["variants"][1]["available"]), (&json!(3), &json!(1)));
    assert_eq!(app.client().get(PRODUCTS).send().await.expect(200).body["items"][0]["title"], "Teapot");
    for (query, count) in
        [("q=teapot", 1), ("q=kettle", 0), ("tag=gift", 1), ("option=size:L", 1), ("option=size:S", 0)]
    {
        let found = app.client().get(&format!("{PRODUCTS}?{query}")).send().await.expect(200).body;
        assert_eq!(found["items"].as_array().unwrap().len(), count, "{query}");
    }
    let journal = format!("/api/ecommerce/variants/{}/stock", made["variants"][0]["id"]);
    let last = staff.get(&journal).send().await.expect(200).body["items"][0].clone();
    assert_eq!((&last["delta"], &last["reason"], &last["note"]), (&json!(-7), &json!("correction"), &json!("import")));
    // A state that cannot be reached, and a stock that the caller may not change.
    staff.delete(&path).send().await.expect(204);
    let revive = "product,status,sku\nkettle,active,K-1\n";
    let refused = import(&staff, "all_or_nothing", revive).await.expect_problem(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["code"], "invalid_transition");
    app.grant("clerk", &["products:write"]).await;
    let clerk = app.sign_in_as(&["clerk"]).await;
    let refused = import(&clerk, "all_or_nothing", "product,sku,stock\nkettle,K-1,9\n").await;
    assert_eq!(refused.expect_problem(422, "validation_failed").body["errors"][0]["code"], "forbidden");
    let report = import(&clerk, "all_or_nothing", "product,sku,stock\nkettle,K-1,3\n").await.expect(200).body;
    assert_eq!(counts(&report), [0, 1, 0, 1, 0], "as it is on hand");
}

async fn a_file_with_a_key_is_taken_once(app: TestApp) {
    let staff = staff(&app).await;
    for (n, mode) in ["all_or_nothing", "skip_bad"].into_iter().enumerate() {
        let made = make(&staff, &product("Kettle", &format!("K-{n}"), 100)).await;
        let path = format!("/api/ecommerce/variants/{}/stock", made["variants"][0]["id"]);
        let file = format!("product,sku,stock\n{},K-{n},10\n", made["slug"].as_str().unwrap());
        let send = async |mode: &str, file: &str| {
            let request = staff.post(&format!("{IMPORT}?mode={mode}")).header("content-type", "text/csv");
            request.header("idempotency-key", &format!("file-{n}")).body(file.as_bytes().to_vec()).send().await
        };
        let first = send(mode, &file).await.expect(200);
        staff.post(&path).json(&json!({"delta": -3, "reason": "lost"})).send().await.expect(200);
        let again = send(mode, &file).await.expect(200);
        assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body), "{mode}");
        let stock =
            async || staff.get(&path_of(&made)).send().await.expect(200).body["variants"][0]["stock_on_hand"].clone();
        assert_eq!(stock().await, json!(7), "{mode}");
        let other = if mode == "skip_bad" { "all_or_nothing" } else { "skip_bad" };
        for (mode, file) in [(mode, file.replace("10", "11")), (other, file.clone())] {
            send(mode, &file).await.expect_problem(422, "idempotency_key_reused");
        }
        // Without a key it sets what it names, whatever has happened since.
        import(&staff, mode, file).await.expect(200);
        assert_eq!(stock().await, json!(10), "{mode}");
    }
}

async fn bad_requests_are_refused(app: TestApp) {
    let staff = staff(&app).await;
    let file = "product,title,sku,price\np,T,S,1\n";
    staff.post(IMPORT).json(&json!({})).send().await.expect_problem(415, "unsupported_media_type");
    staff.post(IMPORT).body(file).send().await.expect_problem(415, "unsupported_media_type");
    import(&staff, "some", file).await.expect_problem(422, "validation_failed");
    let stranger = app.sign_in_as(&[]).await;
    import(&stranger, "skip_bad", file).await.expect_problem(403, "forbidden");
    stranger.get(EXPORT).send().await.expect_problem(403, "forbidden");
    app.client().get(EXPORT).send().await.expect_problem(401, "unauthenticated");
    // A quote that is never closed is not read into the memory up to its end.
    let open = [b"product,title,sku,price\np,\"".to_vec(), vec![b'a'; 5 << 20]].concat();
    let refused = import(&staff, "all_or_nothing", open.clone()).await.expect_problem(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["code"], "too_long");
    let report = import(&staff, "skip_bad", open).await.expect(200).body;
    assert_eq!((counts(&report)[4], errors(&report)[0].2), (1, "too_long"));
    assert_eq!(total(&staff).await, 0);
    assert_eq!(export(&staff).await.trim_end(), HEAD);
    // Only so many errors are told, and all are counted.
    let many = format!("product,sku\n{}", "Bad Slug,S\n".repeat(3_000));
    let report = import(&staff, "skip_bad", many).await.expect(200).body;
    assert_eq!((errors(&report).len(), counts(&report)), (1_000, [0, 0, 3_000, 3_000, 3_000]));
}

/// The most memory that this process has held since the last call, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024;
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    peak
}

async fn many_rows_take_bounded_memory(app: TestApp) {
    let staff = staff(&app).await;
    let rows = 10_000;
    let mut file = "product,title,description,status,sku,options,price,stock\n".to_owned();
    for n in 0..rows {
        let of = n / 4;
        let line = format!(
            "bulk-{of},Bulk {of},Something to describe,active,BULK-{n},\"{{\"\"n\"\":\"\"{n}\"\"}}\",{},{}\n",
            100 + n,
            n % 7
        );
        file.push_str(&line);
    }
    let before = if cfg!(target_os = "linux") {
        peak();
        peak()
    } else {
        0
    };
    for (mode, wanted) in [("all_or_nothing", [rows, 0, 0, rows, 0]), ("skip_bad", [0, rows, 0, rows, 0])] {
        let report = import(&staff, mode, file.clone()).await.expect(200).body;
        assert_eq!(counts(&report), wanted, "{mode}");
    }
    let out = export(&staff).await;
    assert_eq!(i64::try_from(out.lines().count()).unwrap(), rows + 1);
    if cfg!(target_os = "linux") {
        let grown = peak().saturating_sub(before);
        assert!(grown < 64, "the memory grew by {grown} MiB for a file of {} KiB", file.len() / 1024);
    }
}

poligon_testkit::tests! { start =>
    what_goes_out_comes_in_again,
    files_of_every_program_are_understood,
    bad_rows_change_nothing_or_are_left_out,
    a_file_changes_what_it_names,
    a_file_with_a_key_is_taken_once,
    bad_requests_are_refused,
    many_rows_take_bounded_memory,
}
