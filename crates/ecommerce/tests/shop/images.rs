//! Pictures of products: uploaded, shown, served, put in order and removed.

use std::collections::BTreeSet;
use std::time::Duration;

use image::{DynamicImage, GenericImageView as _, ImageFormat};
use poligon_testkit::{Client, Part, Reply, TestApp};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::pictures::{encoded, file, held, opaque, png, segment, with_alpha, with_inserted};
use crate::world::{PRODUCTS, make, path_of, product, staff, start};

const SIZES: [&str; 4] = ["original", "large", "medium", "small"];

async fn a_product(staff: &Client) -> Value {
    let sku = format!("K-{}", poligon_core::random::id().unwrap());
    make(staff, &product("Kettle", &sku, 100)).await
}

fn images_of(product: &Value) -> String {
    format!("{}/images", path_of(product))
}

async fn upload(staff: &Client, product: &Value, picture: Vec<u8>, alt: &str) -> Reply {
    staff.post(&images_of(product)).form(&[file(picture), Part::text("alt", alt)]).send().await
}

/// The picture behind an address.
async fn fetch(client: &Client, url: &Value) -> (Reply, DynamicImage) {
    let reply = client.get(url.as_str().expect("an address")).send().await.expect(200);
    let format = match reply.header("content-type") {
        Some("image/jpeg") => ImageFormat::Jpeg,
        Some("image/png") => ImageFormat::Png,
        other => panic!("{other:?}"),
    };
    let image = image::load_from_memory_with_format(&reply.bytes, format).expect("a picture");
    (reply, image)
}

async fn a_picture_is_shown_everywhere(app: TestApp) {
    let staff = staff(&app).await;
    let made = a_product(&staff).await;
    let client = app.client();
    assert_eq!(client.get(PRODUCTS).send().await.expect(200).body["items"][0]["image"], Value::Null);
    let reply = upload(&staff, &made, png(1_600, 900), " A blue kettle ").await.expect(201);
    assert_eq!(reply.header("location"), Some(images_of(&made).as_str()));
    let image = &reply.body;
    let (id, urls) = (&image["id"], &image["urls"]);
    assert_eq!(
        (&image["alt"], &image["position"], &image["product_id"]),
        (&json!("A blue kettle"), &json!(0), &made["id"])
    );
    assert_eq!((&image["width"], &image["height"]), (&json!(1_600), &json!(900)));
    for (size, sides) in SIZES.into_iter().zip([(1_600, 900), (1_200, 675), (480, 270), (160, 90)]) {
        let (reply, picture) = fetch(&client, &urls[size]).await;
        assert_eq!(picture.dimensions(), sides, "{size}");
        assert_eq!(reply.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(reply.header("content-disposition"), Some("inline"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("content-length"), Some(reply.bytes.len().to_string().as_str()));
        let tag = reply.header("etag").expect("a tag");
        let path = urls[size].as_str().unwrap();
        let again = client.get(path).header("if-none-match", tag).send().await.expect(304);
        assert_eq!((again.header("etag"), again.bytes.len()), (Some(tag), 0));
        let head = client.request(reqwest::Method::HEAD, path).send().await.expect(200);
        assert_eq!((head.header("content-length"), head.bytes.len()), (reply.header("content-length"), 0));
    }
    let shown = client.get(&path_of(&made)).send().await.expect(200).body;
    assert_eq!(shown["images"], json!([image]));
    let listed = client.get(PRODUCTS).send().await.expect(200).body["items"][0]["image"].clone();
    assert_eq!(listed, json!({"id": id, "alt": "A blue kettle", "urls": urls}));
    let all = client.get(&format!("{}?include_total=true", images_of(&made))).send().await.expect(200).body;
    assert_eq!(all, json!({"items": [image], "next_cursor": null, "total": 1}));
    let found = client.get(&format!("{PRODUCTS}?q=kettle")).send().await.expect(200).body;
    assert_eq!(found["items"][0]["image"], listed);
}

async fn pictures_of_every_kind_are_made_anew(app: TestApp) {
    let staff = staff(&app).await;
    let made = a_product(&staff).await;
    let (plain, clear) = (opaque(300, 200), with_alpha(300, 200));
    let jpeg = encoded(&plain, ImageFormat::Jpeg);
    for (what, bytes, media_type) in [
        ("PNG", encoded(&plain, ImageFormat::Png), "image/jpeg"),
        ("PNG with alpha", encoded(&clear, ImageFormat::Png), "image/png"),
        ("PNG with an alpha that hides nothing", encoded(&plain.to_rgba8().into(), ImageFormat::Png), "image/jpeg"),
        ("PNG of 16 bits", encoded(&plain.to_rgb16().into(), ImageFormat::Png), "image/jpeg"),
        ("PNG of 16 bits with alpha", encoded(&clear.to_rgba16().into(), ImageFormat::Png), "image/png"),
        ("grey PNG", encoded(&plain.to_luma8().into(), ImageFormat::Png), "image/jpeg"),
        ("grey PNG with alpha", encoded(&clear.to_luma_alpha8().into(), ImageFormat::Png), "image/png"),
        ("JPEG", jpeg.clone(), "image/jpeg"),
        ("grey JPEG", encoded(&plain.to_luma8().into(), ImageFormat::Jpeg), "image/jpeg"),
        ("GIF", encoded(&plain, ImageFormat::Gif), "image/jpeg"),
        ("GIF with alpha", encoded(&clear, ImageFormat::Gif), "image/png"),
        ("WebP", encoded(&plain, ImageFormat::WebP), "image/jpeg"),
        ("WebP with alpha", encoded(&clear, ImageFormat::WebP), "image/png"),
    ] {
        let image = upload(&staff, &made, bytes, what).await.expect(201).body;
        assert_eq!((&image["width"], &image["height"]), (&json!(300), &json!(200)), "{what}");
        for (size, sides) in SIZES.into_iter().zip([(300, 200), (300, 200), (300, 200), (160, 107)]) {
            let (reply, picture) = fetch(&app.client(), &image["urls"][size]).await;
            assert_eq!(
                (reply.header("content-type"), picture.dimensions()),
                (Some(media_type), sides),
                "{what} {size}"
            );
            if media_type == "image/png" {
                assert_eq!(picture.get_pixel(0, 0).0[3], 0, "{what} {size}: something shows through");
            }
        }
        staff.delete(&format!("/api/ecommerce/images/{}", image["id"])).send().await.expect(204);
    }
    // As the camera was held: the left edge, which has no red, comes to the top.
    let turned = with_inserted(&jpeg, 2, &segment(0xe1, &held(6)));
    let image = upload(&staff, &made, turned, "").await.expect(201).body;
    assert_eq!((&image["width"], &image["height"]), (&json!(200), &json!(300)));
    for size in SIZES {
        let (_, picture) = fetch(&app.client(), &image["urls"][size]).await;
        let (width, height) = picture.dimensions();
        let red = |y| picture.get_pixel(width / 2, y).0[0];
        assert!(red(1) < 30 && red(height - 2) > 220, "{size}: {} {}", red(1), red(height - 2));
    }
}

async fn pictures_stand_in_an_order(app: TestApp) {
    let staff = staff(&app).await;
    let made = a_product(&staff).await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        ids.push(upload(&staff, &made, png(4, 4), name).await.expect(201).id());
    }
    let order = async || {
        let shown = app.client().get(&path_of(&made)).send().await.expect(200).body["images"].clone();
        let images = shown.as_array().unwrap();
        assert!(images.iter().enumerate().all(|(n, image)| image["position"] == json!(n)), "{shown}");
        let listed = app.client().get(PRODUCTS).send().await.expect(200).body["items"][0]["image"].clone();
        assert_eq!(listed["id"], images.first().map_or(Value::Null, |first| first["id"].clone()));
        images.iter().map(|image| image["alt"].as_str().unwrap()).collect::<String>()
    };
    let path = |n: usize| format!("/api/ecommerce/images/{}", ids[n]);
    let patch = async |n: usize, body: Value| staff.patch(&path(n)).json(&body).send().await;
    assert_eq!(order().await, "abcd");
    for (n, position, wanted) in [(3, 0, "dabc"), (3, 2, "abdc"), (0, 3, "bdca"), (0, 3, "bdca"), (1, 19, "dcab")] {
        patch(n, json!({"position": position})).await.expect(200);
        assert_eq!(order().await, wanted);
    }
    let first = patch(3, json!({"alt": "D"})).await.expect(200).body;
    assert_eq!((&first["alt"], &first["position"], order().await.as_str()), (&json!("D"), &json!(0), "Dcab"));
    assert_eq!(app.client().get(PRODUCTS).send().await.expect(200).body["items"][0]["image"]["alt"], "D");
    for (body, pointer) in [
        (json!({"position": -1}), "/position"),
        (json!({"position": 20}), "/position"),
        (json!({"alt": "a".repeat(301)}), "/alt"),
        (json!({"alt": null}), "/alt"),
        (json!({"file": "x"}), "/file"),
    ] {
        let refused = patch(0, body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer]);
    }
    staff.delete(&path(3)).send().await.expect(204);
    staff.delete(&path(3)).send().await.expect_problem(404, "not_found");
    patch(3, json!({})).await.expect_problem(404, "not_found");
    assert_eq!(order().await, "cab");
    let page = app.client().get(&format!("{}?limit=2", images_of(&made))).send().await.expect(200);
    let next = format!("{}?limit=2&cursor={}", images_of(&made), page.body["next_cursor"].as_str().unwrap());
    let rest = app.client().get(&next).send().await.expect(200).body;
    assert_eq!((&rest["items"][0]["alt"], &rest["next_cursor"]), (&json!("b"), &Value::Null));
    for n in 0..3 {
        staff.delete(&path(n)).send().await.expect(204);
    }
    assert_eq!(order().await, "");
}

async fn pictures_of_what_is_not_for_sale_are_the_staffs(app: TestApp) {
    let staff = staff(&app).await;
    let made = a_product(&staff).await;
    let image = upload(&staff, &made, png(4, 4), "").await.expect(201).body;
    let url = image["urls"]["small"].as_str().unwrap();
    let stranger = app.sign_in_as(&[]).await;
    let paths = [images_of(&made), url.to_owned()];
    for path in &paths {
        app.client().get(path).send().await.expect(200);
    }
    staff.put(&format!("{}/status", path_of(&made))).json(&json!({"status": "draft"})).send().await.expect(200);
    for path in &paths {
        app.client().get(path).send().await.expect_problem(404, "not_found");
        stranger.get(path).send().await.expect_problem(404, "not_found");
        app.client().with_token("no token").get(path).send().await.expect_problem(401, "invalid_token");
        staff.get(path).send().await.expect(200);
    }
    assert_eq!(staff.get(url).send().await.expect(200).header("cache-control"), Some("private, no-store"));
    let form = [file(png(4, 4))];
    app.client().post(&paths[0]).form(&form).send().await.expect_problem(401, "unauthenticated");
    stranger.post(&paths[0]).form(&form).send().await.expect_problem(403, "forbidden");
    let path = format!("/api/ecommerce/images/{}", image["id"]);
    stranger.patch(&path).json(&json!({"alt": "x"})).send().await.expect_problem(403, "forbidden");
    stranger.delete(&path).send().await.expect_problem(403, "forbidden");
    for path in ["999999/small", "0/small", "x/small", "1/huge", "1/", "1/small/x", "1/..%2f..%2fsigning.secret"] {
        let path = format!("/api/ecommerce/images/{path}");
        staff.get(&path).send().await.expect_problem(404, "not_found");
    }
    staff.post(&format!("{PRODUCTS}/999999/images")).form(&form).send().await.expect_problem(404, "not_found");
    staff.get(&format!("{PRODUCTS}/999999/images")).send().await.expect_problem(404, "not_found");
}

async fn a_product_has_twenty_pictures_at_most(app: TestApp) {
    let staff = staff(&app).await;
    let made = a_product(&staff).await;
    for _ in 0..12 {
        upload(&staff, &made, png(4, 4), "").await.expect(201);
    }
    let sent: Vec<_> = (0..16)
        .map(|_| {
            let (staff, made) = (staff.clone(), made.clone());
            tokio::spawn(async move { upload(&staff, &made, png(4, 4), "").await })
        })
        .collect();
    let (mut won, mut lost) = (0, 0);
    for reply in sent {
        let reply = reply.await.unwrap();
        if reply.status == 201 {
            won += 1;
        } else {
            reply.expect_problem(409, "too_many_images");
            lost += 1;
        }
    }
    assert_eq!((won, lost), (8, 8));
    upload(&staff, &made, png(4, 4), "").await.expect_problem(409, "too_many_images");
    let shown = staff.get(&path_of(&made)).send().await.expect(200).body;
    let positions: BTreeSet<i64> =
        shown["images"].as_array().unwrap().iter().map(|image| image["position"].as_i64().unwrap()).collect();
    assert_eq!(positions, (0..20).collect());
}

async fn moves_and_removals_at_once_leave_no_gap(app: TestApp) {
    let staff = staff(&app).await;
    let made = a_product(&staff).await;
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(upload(&staff, &made, png(4, 4), "").await.expect(201).id());
    }
    let mut sent = Vec::new();
    for (n, id) in ids.iter().enumerate() {
        let path = format!("/api/ecommerce/images/{id}");
        let request =
            if n % 3 == 0 { staff.delete(&path) } else { staff.patch(&path).json(&json!({"position": 9 - n})) };
        sent.push(tokio::spawn(request.send()));
        if n % 3 == 0 {
            sent.push(tokio::spawn(staff.delete(&path).send()));
        }
    }
    let mut statuses = Vec::new();
    for reply in sent {
        statuses.push(reply.await.unwrap().status);
    }
    let of = |status| statuses.iter().filter(|&&s| s == status).count();
    assert_eq!((of(200), of(204), of(404)), (6, 4, 4), "{statuses:?}");
    let shown = staff.get(&path_of(&made)).send().await.expect(200).body["images"].clone();
    assert!(shown.as_array().unwrap().iter().enumerate().all(|(n, image)| image["position"] == json!(n)), "{shown}");
    let first = app.client().get(PRODUCTS).send().await.expect(200).body["items"][0]["image"]["id"].clone();
    assert_eq!(first, shown[0]["id"]);
}

async fn a_repeated_upload_with_a_key_makes_one_picture(app: TestApp) {
    let staff = staff(&app).await;
    let made = a_product(&staff).await;
    let send = async |picture: Vec<u8>, alt: &str| {
        let form = [file(picture), Part::text("alt", alt)];
        staff.post(&images_of(&made)).header("idempotency-key", "once").form(&form).send().await
    };
    let first = send(png(9, 9), "x").await.expect(201);
    let again = send(png(9, 9), "x").await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    send(png(9, 8), "x").await.expect_problem(422, "idempotency_key_reused");
    send(png(9, 9), "y").await.expect_problem(422, "idempotency_key_reused");
    let shown = staff.get(&path_of(&made)).send().await.expect(200).body;
    assert_eq!(shown["images"].as_array().unwrap().len(), 1);
}

async fn files_come(app: &TestApp, wanted: usize) {
    for _ in 0..200 {
        if app.stored_files().len() == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} files, and not {wanted}: {:?}", app.stored_files().len(), app.stored_files());
}

async fn files_without_a_picture_are_removed(app: TestApp) {
    let staff = staff(&app).await;
    let made = a_product(&staff).await;
    let keep = upload(&staff, &made, png(4, 4), "").await.expect(201).body;
    let gone = upload(&staff, &made, png(4, 4), "").await.expect(201).id();
    assert_eq!(app.stored_files().len(), 8);
    staff.delete(&format!("/api/ecommerce/images/{gone}")).send().await.expect(204);
    staff.get(&format!("/api/ecommerce/images/{gone}/small")).send().await.expect_problem(404, "not_found");
    app.clock().advance(chrono::Duration::minutes(2));
    files_come(&app, 4).await;
    // An upload that ended between its files and its row: what is left of it goes an hour later.
    break_pictures(&app).await;
    upload(&staff, &made, png(4, 4), "").await.expect(500);
    mend_pictures(&app).await;
    assert_eq!(app.stored_files().len(), 8);
    app.clock().advance(chrono::Duration::minutes(30));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(app.stored_files().len(), 8, "it may still come to its row");
    app.clock().advance(chrono::Duration::minutes(40));
    files_come(&app, 4).await;
    fetch(&app.client(), &keep["urls"]["original"]).await;
}

/// Lets every insert of a picture fail.
async fn break_pictures(app: &TestApp) {
    rename_pictures(app, "ALTER TABLE product_images RENAME COLUMN alt TO broken").await;
}

async fn mend_pictures(app: &TestApp) {
    rename_pictures(app, "ALTER TABLE product_images RENAME COLUMN broken TO alt").await;
}

async fn rename_pictures(app: &TestApp, statement: &'static str) {
    use diesel::connection::SimpleConnection as _;
    let work = move |db: &mut poligon_core::db::Db| {
        poligon_core::on_each!(db, c => c.batch_execute(statement)).map_err(poligon_core::db::DbError::from)
    };
    app.ctx.db.write(work).await.expect("the table can be changed");
}

async fn a_storage_that_fails_is_told(app: TestApp) {
    let staff = staff(&app).await;
    let made = a_product(&staff).await;
    let image = upload(&staff, &made, png(4, 4), "").await.expect(201).body;
    let folder = app.storage_folder();
    let aside = folder.with_extension("aside");
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "").unwrap();
    let url = image["urls"]["small"].as_str().unwrap();
    app.client().get(url).send().await.expect_problem(503, "unavailable");
    upload(&staff, &made, png(4, 4), "").await.expect_problem(503, "unavailable");
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    app.client().get(url).send().await.expect(200);
    upload(&staff, &made, png(4, 4), "").await.expect(201);
}

/// Many large pictures at once: each is made or refused with 503, and the service goes on.
async fn a_flood_of_pictures_is_refused_in_form(app: TestApp) {
    let staff = staff(&app).await;
    let picture = encoded(&opaque(2_400, 1_800), ImageFormat::Jpeg);
    let mut sent = Vec::new();
    for _ in 0..4 {
        let made = a_product(&staff).await;
        for _ in 0..15 {
            let (staff, made, picture) = (staff.clone(), made.clone(), picture.clone());
            sent.push(tokio::spawn(async move { upload(&staff, &made, picture, "").await }));
        }
    }
    app.client().get(PRODUCTS).send().await.expect(200);
    let mut refused = 0;
    for reply in sent {
        let reply = reply.await.unwrap();
        if reply.status != 201 {
            assert!(reply.header("retry-after").is_some(), "{}", reply.text);
            reply.expect_problem(503, "overloaded");
            refused += 1;
        }
    }
    assert!((1..60).contains(&refused), "{refused} were refused");
}

/// A form that comes too slowly is not waited for.
async fn a_slow_form_is_given_up(app: TestApp) {
    let staff = staff(&app).await;
    let made = a_product(&staff).await;
    let (media_type, body) = poligon_testkit::form_body(&[file(png(40, 40))]);
    let address = app.url().trim_start_matches("http://").to_owned();
    let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: {media_type}\r\n\
         Content-Length: {}\r\n\r\n",
        images_of(&made),
        staff.token().unwrap(),
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&body[..200]).await.unwrap();
    let began = std::time::Instant::now();
    let mut answer = vec![0; 64];
    let read = tokio::time::timeout(Duration::from_secs(15), socket.read(&mut answer)).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&answer[..read]).starts_with("HTTP/1.1 408"), "{answer:?}");
    assert!(began.elapsed() > Duration::from_secs(5), "it was given its time");
}

poligon_testkit::tests! { start =>
    a_picture_is_shown_everywhere,
    pictures_of_every_kind_are_made_anew,
    pictures_stand_in_an_order,
    pictures_of_what_is_not_for_sale_are_the_staffs,
    a_product_has_twenty_pictures_at_most,
    moves_and_removals_at_once_leave_no_gap,
    a_repeated_upload_with_a_key_makes_one_picture,
    files_without_a_picture_are_removed,
    a_storage_that_fails_is_told,
    a_flood_of_pictures_is_refused_in_form,
    a_slow_form_is_given_up,
}
