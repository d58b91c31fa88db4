//! Reviews: written, read, changed, moderated, voted on.

use poligon_testkit::{Backend, Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::world::{PRODUCTS, make, order_of, path_of, placing, product, staff, titles};

pub(crate) const REVIEWS: &str = "/api/ecommerce/reviews";

/// The shop, with moderators.
pub(crate) async fn start(backend: Backend) -> TestApp {
    let app = crate::world::start(backend).await;
    app.grant("moderators", &["reviews:moderate"]).await;
    app
}

pub(crate) async fn moderator(app: &TestApp) -> Client {
    app.sign_in_as(&["moderators"]).await
}

pub(crate) fn text(rating: i64) -> Value {
    json!({"rating": rating, "title": "Boils water", "body": "Every day."})
}

pub(crate) fn at(review: &Value) -> String {
    format!("{REVIEWS}/{}", review["id"])
}

/// A review by somebody new; answers them and the review.
async fn posted(app: &TestApp, product: &Value, rating: i64) -> (Client, Value) {
    let author = app.sign_in_as(&[]).await;
    let path = format!("{}/reviews", path_of(product));
    let review = author.post(&path).json(&text(rating)).send().await.expect(201).body;
    (author, review)
}

async fn decide(moderator: &Client, review: &Value, status: &str) -> Reply {
    moderator.put(&format!("{}/status", at(review))).json(&json!({"status": status})).send().await
}

/// An approved review by somebody new.
async fn approved(app: &TestApp, moderator: &Client, product: &Value, rating: i64) -> (Client, Value) {
    let (author, review) = posted(app, product, rating).await;
    (author, decide(moderator, &review, "approved").await.expect(200).body)
}

/// What everybody sees of a product's rating, in its page and in the list, which must agree.
pub(crate) async fn rating_of(app: &TestApp, product: &Value) -> Value {
    let rating = app.client().get(&path_of(product)).send().await.expect(200).body["rating"].clone();
    let list = app.client().get(&format!("{PRODUCTS}?limit=100")).send().await.expect(200).body;
    let listed = list["items"].as_array().unwrap().iter().find(|item| item["id"] == product["id"]).unwrap().clone();
    assert_eq!(listed["rating"], json!({"average": rating["average"], "count": rating["count"]}));
    rating
}

fn stars(average: impl Into<Value>, histogram: [i64; 5]) -> Value {
    let [one, two, three, four, five] = histogram;
    let histogram = json!({"1": one, "2": two, "3": three, "4": four, "5": five});
    json!({"average": average.into(), "count": one + two + three + four + five, "histogram": histogram})
}

async fn a_review_is_seen_and_counts_once_it_is_approved(app: TestApp) {
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let path = format!("{}/reviews", path_of(&kettle));
    let author = app.sign_in_as(&[]).await;
    let body = json!({"rating": 4, "title": "  Boils water ", "body": "Every **day**.\r\nНа даче."});
    let made = author.post(&path).json(&body).send().await.expect(201);
    let review = &made.body;
    assert_eq!(made.header("location"), Some(at(review).as_str()));
    assert_eq!((&review["title"], &review["body"]), (&json!("Boils water"), &json!("Every **day**.\nНа даче.")));
    assert_eq!((&review["status"], &review["next_statuses"]), (&json!("pending"), &json!([])));
    assert_eq!(review["author"]["id"].as_i64(), author.user_id);
    assert_eq!(review["product"], json!({"id": kettle["id"], "slug": "kettle", "title": "Kettle"}));
    assert_eq!((&review["verified"], &review["my_vote"]), (&json!(false), &Value::Null));
    // Nobody else knows of it yet.
    for other in [app.client(), app.sign_in_as(&[]).await] {
        other.get(&at(review)).send().await.expect_problem(404, "not_found");
        assert_eq!(other.get(&path).send().await.expect(200).body["items"], json!([]));
    }
    assert_eq!(&author.get(&at(review)).send().await.expect(200).body, review);
    assert_eq!(rating_of(&app, &kettle).await, stars(Value::Null, [0; 5]));
    let seen = moderator.get(&at(review)).send().await.expect(200).body;
    assert_eq!(seen["next_statuses"], json!(["approved", "rejected"]));
    let told = json!({"status": "approved", "note": "Thank you"});
    let decided = moderator.put(&format!("{}/status", at(review))).json(&told).send().await.expect(200).body;
    assert_eq!((&decided["status"], &decided["next_statuses"]), (&json!("approved"), &json!(["rejected"])));
    let public = app.client().get(&at(review)).send().await.expect(200).body;
    assert_eq!((&public["moderation_note"], &public["moderated_at"]), (&Value::Null, &Value::Null));
    assert_eq!(app.client().get(&path).send().await.expect(200).body["items"], json!([public]));
    assert_eq!(author.get(&at(review)).send().await.expect(200).body["moderation_note"], "Thank you");
    assert_eq!(rating_of(&app, &kettle).await, stars(4.0, [0, 0, 0, 1, 0]));
}

async fn a_bad_review_is_refused_by_name(app: TestApp) {
    let staff = staff(&app).await;
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let path = format!("{}/reviews", path_of(&kettle));
    let author = app.sign_in_as(&[]).await;
    let with = |changes: Value| {
        let mut body = text(5);
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    for (body, pointer) in [
        (json!({"title": "Good"}), "/rating"),
        (json!({"rating": 5}), "/title"),
        (with(json!({"rating": 0})), "/rating"),
        (with(json!({"rating": 6})), "/rating"),
        (with(json!({"rating": 4.5})), "/rating"),
        (with(json!({"rating": "5"})), "/rating"),
        (with(json!({"title": "   "})), "/title"),
        (with(json!({"title": "two\nlines"})), "/title"),
        (with(json!({"title": "a".repeat(121)})), "/title"),
        (with(json!({"body": "a".repeat(5_001)})), "/body"),
        (with(json!({"body": "bell \u{7}"})), "/body"),
        (with(json!({"body": null})), "/body"),
        (with(json!({"status": "approved"})), "/status"),
        (with(json!({"verified": true})), "/verified"),
        (with(json!({"user_id": 1})), "/user_id"),
        (with(json!({"helpful_count": 9})), "/helpful_count"),
    ] {
        let refused = author.post(&path).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    let twice = author.post(&path).json(&json!({"rating": 9, "title": ""})).send().await;
    assert_eq!(twice.expect_problem(422, "validation_failed").pointers(), ["/rating", "/title"]);
    app.client().post(&path).json(&text(5)).send().await.expect_problem(401, "unauthenticated");
    author.post(&format!("{PRODUCTS}/999999/reviews")).json(&text(5)).send().await.expect_problem(404, "not_found");
    assert_eq!(author.get(&format!("{REVIEWS}/mine")).send().await.expect(200).body["items"], json!([]));
    author.post(&path).json(&json!({"rating": 5, "title": "No words"})).send().await.expect(201);
    author.post(&path).json(&text(5)).send().await.expect_problem(409, "review_exists");
}

async fn a_repeated_request_with_a_key_makes_one_review(app: TestApp) {
    let staff = staff(&app).await;
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let path = format!("{}/reviews", path_of(&kettle));
    let author = app.sign_in_as(&[]).await;
    let send = |rating| author.post(&path).header("idempotency-key", "once").json(&text(rating)).send();
    let first = send(5).await.expect(201);
    let again = send(5).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    send(4).await.expect_problem(422, "idempotency_key_reused");
}

async fn reviews_of_what_is_not_for_sale_are_not_shown(app: TestApp) {
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let path = format!("{}/reviews", path_of(&kettle));
    let (author, review) = approved(&app, &moderator, &kettle, 5).await;
    staff.delete(&path_of(&kettle)).send().await.expect(204);
    for other in [app.client(), app.sign_in_as(&[]).await] {
        other.get(&path).send().await.expect_problem(404, "not_found");
        other.get(&at(&review)).send().await.expect_problem(404, "not_found");
    }
    let stranger = app.sign_in_as(&[]).await;
    stranger.post(&path).json(&text(5)).send().await.expect_problem(404, "not_found");
    stranger.patch(&at(&review)).json(&json!({"rating": 1})).send().await.expect_problem(404, "not_found");
    stranger.delete(&at(&review)).send().await.expect_problem(404, "not_found");
    let vote = stranger.post(&format!("{}/vote", at(&review))).json(&json!({"helpful": true})).send().await;
    vote.expect_problem(404, "not_found");
    author.get(&at(&review)).send().await.expect(200);
    assert_eq!(moderator.get(&path).send().await.expect(200).body["items"].as_array().unwrap().len(), 1);
    assert_eq!(staff.get(&path).send().await.expect(200).body["items"].as_array().unwrap().len(), 1);
}

async fn an_edited_review_counts_once(app: TestApp) {
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let (author, review) = approved(&app, &moderator, &kettle, 5).await;
    approved(&app, &moderator, &kettle, 2).await;
    assert_eq!(rating_of(&app, &kettle).await, stars(3.5, [0, 1, 0, 0, 1]));
    let edit = async |patch: Value| author.patch(&at(&review)).json(&patch).send().await.expect(200).body;
    let spaces = edit(json!({"title": "Boils  water", "body": "Every\n\nday."})).await;
    assert_eq!((&spaces["status"], &spaces["body"]), (&json!("approved"), &json!("Every\n\nday.")), "spaces only");
    assert_eq!(edit(json!({})).await["status"], "approved");
    assert_eq!(rating_of(&app, &kettle).await["count"], 2);
    for (n, (patch, rating)) in
        [(json!({"rating": 3}), 3), (json!({"body": "Not every day."}), 3), (json!({"title": "Boils", "rating": 1}), 1)]
            .into_iter()
            .enumerate()
    {
        assert_eq!(edit(patch.clone()).await["status"], "pending", "{patch}");
        app.client().get(&at(&review)).send().await.expect_problem(404, "not_found");
        assert_eq!(rating_of(&app, &kettle).await, stars(2.0, [0, 1, 0, 0, 0]), "{patch}");
        assert_eq!(edit(json!({"rating": rating})).await["status"], "pending");
        decide(&moderator, &review, "approved").await.expect(200);
        let mut histogram = [0, 1, 0, 0, 0];
        histogram[usize::try_from(rating).unwrap() - 1] += 1;
        let average = [2.5, 2.5, 1.5][n];
        assert_eq!(rating_of(&app, &kettle).await, stars(average, histogram), "{patch}");
    }
    decide(&moderator, &review, "rejected").await.expect(200);
    assert_eq!(edit(json!({"rating": 4})).await["status"], "pending", "what was rejected gets another look");
}

async fn moderation_goes_only_the_ways_that_there_are(app: TestApp) {
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let (author, review) = posted(&app, &kettle, 4).await;
    let refused = async |to: &str, from: &str| {
        let refused = decide(&moderator, &review, to).await.expect_problem(409, "invalid_transition");
        assert_eq!((&refused.body["from"], &refused.body["to"]), (&json!(from), &json!(to)));
    };
    refused("pending", "pending").await;
    let rejected = decide(&moderator, &review, "rejected").await.expect(200).body;
    assert_eq!(rejected["next_statuses"], json!(["approved"]));
    refused("rejected", "rejected").await;
    refused("pending", "rejected").await;
    assert_eq!(rating_of(&app, &kettle).await["count"], 0);
    decide(&moderator, &review, "approved").await.expect(200);
    refused("approved", "approved").await;
    refused("pending", "approved").await;
    assert_eq!(rating_of(&app, &kettle).await["count"], 1);
    decide(&moderator, &review, "rejected").await.expect(200);
    assert_eq!(rating_of(&app, &kettle).await["count"], 0);
    for (body, pointer) in [
        (json!({"status": "gone"}), "/status"),
        (json!({}), "/status"),
        (json!({"status": "approved", "note": "a".repeat(501)}), "/note"),
        (json!({"status": "approved", "rating": 5}), "/rating"),
    ] {
        let wrong = moderator.put(&format!("{}/status", at(&review))).json(&body).send().await;
        assert_eq!(wrong.expect_problem(422, "validation_failed").pointers(), [pointer], "{body}");
    }
    for other in [&author, &staff] {
        decide(other, &review, "approved").await.expect_problem(403, "forbidden");
        other.get(REVIEWS).send().await.expect_problem(403, "forbidden");
    }
    decide(&moderator, &json!({"id": 999_999}), "approved").await.expect_problem(404, "not_found");
}

async fn only_the_author_changes_a_review_and_only_the_version_that_they_read(app: TestApp) {
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let (author, review) = posted(&app, &kettle, 4).await;
    let stranger = app.sign_in_as(&[]).await;
    let path = at(&review);
    let worse = json!({"rating": 1});
    stranger.patch(&path).json(&worse).send().await.expect_problem(404, "not_found");
    stranger.delete(&path).send().await.expect_problem(404, "not_found");
    moderator.patch(&path).json(&worse).send().await.expect_problem(403, "not_author");
    decide(&moderator, &review, "approved").await.expect(200);
    stranger.patch(&path).json(&worse).send().await.expect_problem(403, "not_author");
    stranger.delete(&path).send().await.expect_problem(403, "not_author");
    let tag = |reply: &Reply| reply.header("etag").expect("a tag").to_owned();
    let first = tag(&author.get(&path).send().await.expect(200));
    // A vote is shown with the review, and is no edit of it.
    stranger.post(&format!("{path}/vote")).json(&json!({"helpful": true})).send().await.expect(200);
    assert_ne!(first, tag(&author.get(&path).send().await.expect(200)));
    let edit = author.patch(&path).header("if-match", &first).json(&worse).send().await.expect(200);
    for request in [
        author.patch(&path).json(&json!({"rating": 2})),
        author.delete(&path),
        moderator.put(&format!("{path}/status")).json(&json!({"status": "approved"})),
        moderator.delete(&path),
    ] {
        request.header("if-match", &first).send().await.expect_problem(412, "precondition_failed");
    }
    for (patch, pointer) in [
        (json!({"rating": null}), "/rating"),
        (json!({"title": ""}), "/title"),
        (json!({"status": "approved"}), "/status"),
        (json!({"helpful_count": 5}), "/helpful_count"),
    ] {
        let refused = author.patch(&path).json(&patch).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{patch}");
    }
    let seen = author.get(&path).send().await.expect(200);
    assert_eq!((tag(&seen), &seen.body), (tag(&edit), &edit.body));
    author.get(&path).header("if-none-match", &tag(&edit)).send().await.expect(304);
}

async fn a_removed_review_is_gone_and_counts_no_more(app: TestApp) {
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let (author, first) = approved(&app, &moderator, &kettle, 5).await;
    let (_, second) = approved(&app, &moderator, &kettle, 1).await;
    author.post(&format!("{}/vote", at(&second))).json(&json!({"helpful": true})).send().await.expect(200);
    for (who, review) in [(&author, &first), (&moderator, &second)] {
        who.delete(&at(review)).send().await.expect(204);
        who.delete(&at(review)).send().await.expect_problem(404, "not_found");
        who.get(&at(review)).send().await.expect_problem(404, "not_found");
    }
    assert_eq!(rating_of(&app, &kettle).await, stars(Value::Null, [0; 5]));
    // Whoever has removed a review may write another.
    author.post(&format!("{}/reviews", path_of(&kettle))).json(&text(3)).send().await.expect(201);
}

async fn the_last_vote_of_each_person_counts(app: TestApp) {
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let (author, review) = approved(&app, &moderator, &kettle, 5).await;
    let path = format!("{}/vote", at(&review));
    let (ann, bob) = (app.sign_in_as(&[]).await, app.sign_in_as(&[]).await);
    let counts = async |who: &Client, helpful: Option<bool>| {
        match helpful {
            Some(helpful) => {
                let reply = who.post(&path).json(&json!({"helpful": helpful})).send().await.expect(200);
                assert_eq!(reply.body["my_vote"], json!(helpful));
            }
            None => drop(who.delete(&path).send().await.expect(204)),
        }
        let seen = app.client().get(&at(&review)).send().await.expect(200).body;
        assert_eq!((&seen["my_vote"], &seen["version"]), (&Value::Null, &review["version"]));
        (seen["helpful_count"].as_i64().unwrap(), seen["unhelpful_count"].as_i64().unwrap())
    };
    assert_eq!(counts(&ann, Some(true)).await, (1, 0));
    assert_eq!(counts(&ann, Some(true)).await, (1, 0));
    assert_eq!(counts(&bob, Some(false)).await, (1, 1));
    assert_eq!(counts(&ann, Some(false)).await, (0, 2));
    assert_eq!(counts(&bob, Some(true)).await, (1, 1));
    let list = bob.get(&format!("{}/reviews", path_of(&kettle))).send().await.expect(200).body;
    assert_eq!(list["items"][0]["my_vote"], true);
    assert_eq!(counts(&ann, None).await, (1, 0));
    ann.delete(&path).send().await.expect_problem(404, "not_found");
    author.post(&path).json(&json!({"helpful": true})).send().await.expect_problem(409, "own_review");
    author.delete(&path).send().await.expect_problem(409, "own_review");
    for body in [json!({}), json!({"helpful": 1}), json!({"helpful": null}), json!({"helpful": true, "by": 5})] {
        ann.post(&path).json(&body).send().await.expect_problem(422, "validation_failed");
    }
    app.client().post(&path).json(&json!({"helpful": true})).send().await.expect_problem(401, "unauthenticated");
    decide(&moderator, &review, "rejected").await.expect(200);
    ann.post(&path).json(&json!({"helpful": true})).send().await.expect_problem(404, "not_found");
}

/// An order of one piece, of which so many have arrived.
async fn ordered(app: &TestApp, customer: &Client, product: &Value, delivered: i64) {
    use diesel::RunQueryDsl as _;
    let variant = product["variants"][0]["id"].as_i64().unwrap();
    let order = placing(customer, &order_of(&[(variant, 1)])).send().await.expect(201).id();
    let arrive = format!("UPDATE order_lines SET shipped = 1, delivered = {delivered} WHERE order_id = {order}");
    let arrive = move |db: &mut poligon_core::db::Db| {
        poligon_core::on_each!(db, c => diesel::sql_query(&arrive).execute(c))?;
        Ok::<_, poligon_core::db::DbError>(())
    };
    app.ctx.db.write(arrive).await.unwrap();
}

async fn who_has_received_a_product_is_verified(app: TestApp) {
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let cup = make(&staff, &product("Cup", "C-1", 100)).await;
    let path = format!("{}/reviews", path_of(&kettle));
    for (bought, delivered, verified) in [(&kettle, 1, true), (&kettle, 0, false), (&cup, 1, false)] {
        let customer = app.sign_in_as(&[]).await;
        ordered(&app, &customer, bought, delivered).await;
        let review = customer.post(&path).json(&text(5)).send().await.expect(201).body;
        assert_eq!(review["verified"], verified);
        decide(&moderator, &review, "approved").await.expect(200);
        customer.patch(&at(&review)).json(&json!({"body": "Every  day."})).send().await.expect(200);
    }
    for (query, expected) in [("verified=true", 1), ("verified=false", 2), ("verified=true&rating=4", 0)] {
        let list = app.client().get(&format!("{path}?{query}&include_total=true")).send().await.expect(200).body;
        assert_eq!((&list["total"], list["items"].as_array().unwrap().len()), (&json!(expected), expected), "{query}");
    }
}

async fn products_are_sorted_and_filtered_by_their_ratings(app: TestApp) {
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    for (n, ratings) in [vec![], vec![5, 4], vec![2], vec![5, 4, 4], vec![4, 5]].into_iter().enumerate() {
        let made = make(&staff, &product(&format!("P{n}"), &format!("S-{n}"), 100)).await;
        for rating in ratings {
            approved(&app, &moderator, &made, rating).await;
        }
    }
    for limit in [1, 2, 3, 100] {
        let client = app.client();
        assert_eq!(titles(&client, "sort=rating", limit).await, ["P4", "P1", "P3", "P2", "P0"]);
        assert_eq!(titles(&client, "sort=rating&rating_min=4", limit).await, ["P4", "P1", "P3"]);
        assert_eq!(titles(&client, "rating_min=5", limit).await, Vec::<String>::new());
    }
    let third = app.client().get(&format!("{PRODUCTS}/p3")).send().await.expect(200).body;
    assert_eq!(third["rating"], stars(4.333, [0, 0, 0, 2, 1]));
}

poligon_testkit::tests! { start =>
    a_review_is_seen_and_counts_once_it_is_approved,
    a_bad_review_is_refused_by_name,
    a_repeated_request_with_a_key_makes_one_review,
    reviews_of_what_is_not_for_sale_are_not_shown,
    an_edited_review_counts_once,
    moderation_goes_only_the_ways_that_there_are,
    only_the_author_changes_a_review_and_only_the_version_that_they_read,
    a_removed_review_is_gone_and_counts_no_more,
    the_last_vote_of_each_person_counts,
    who_has_received_a_product_is_verified,
    products_are_sorted_and_filtered_by_their_ratings,
}
