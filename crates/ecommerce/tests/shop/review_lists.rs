//! Lists of reviews: a product's, one's own, and the queue of the moderators.

use poligon_core::schema::users;
use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::reviews::{REVIEWS, at, moderator, start, text};
use crate::world::{PRODUCTS, make, path_of, product, staff};

/// The titles of a list, all pages of `limit`.
async fn pages(client: &Client, path: &str, query: &str, limit: usize) -> Vec<String> {
    let mut next = format!("{path}?{query}&limit={limit}");
    let mut all = Vec::new();
    loop {
        let page = client.get(&next).send().await.expect(200);
        let items = page.body["items"].as_array().expect("items");
        all.extend(items.iter().map(|item| item["title"].as_str().expect("a title").to_owned()));
        let Some(cursor) = page.body["next_cursor"].as_str() else { return all };
        assert_eq!(items.len(), limit, "a page that is not the last is full");
        assert!(page.header("link").is_some_and(|link| link.contains(cursor)));
        next = format!("{path}?{query}&limit={limit}&cursor={cursor}");
    }
}

/// Seven reviews of one product, of which some share what they are sorted by, and one that is pending.
async fn seven(app: &TestApp) -> (Value, Client) {
    let (staff, moderator) = (staff(app).await, moderator(app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let voters = [app.sign_in_as(&[]).await, app.sign_in_as(&[]).await];
    let path = format!("{}/reviews", path_of(&kettle));
    for (title, rating, votes) in [
        ("a", 3, vec![]),
        ("b", 5, vec![true]),
        ("c", 3, vec![false]),
        ("d", 1, vec![true, true]),
        ("e", 5, vec![true, false]),
        ("f", 4, vec![true]),
        ("g", 3, vec![false, false]),
        ("pending", 1, vec![]),
    ] {
        let author = app.sign_in_as(&[]).await;
        let mut body = text(rating);
        body["title"] = json!(title);
        let review = author.post(&path).json(&body).send().await.expect(201).body;
        if title == "pending" {
            continue;
        }
        let decision = json!({"status": "approved"});
        moderator.put(&format!("{}/status", at(&review))).json(&decision).send().await.expect(200);
        for (voter, helpful) in voters.iter().zip(votes) {
            voter.post(&format!("{}/vote", at(&review))).json(&json!({"helpful": helpful})).send().await.expect(200);
        }
    }
    (kettle, moderator)
}

async fn every_order_has_every_review_once_on_pages_of_any_size(app: TestApp) {
    let (kettle, moderator) = seven(&app).await;
    let path = format!("{}/reviews", path_of(&kettle));
    for (query, expected) in [
        ("", "gfedcba"),
        ("sort=newest", "gfedcba"),
        ("sort=helpful", "dfbeacg"),
        ("sort=rating", "dacgfbe"),
        ("sort=-rating", "ebfgcad"),
        ("rating=3", "gca"),
        ("rating=3&sort=helpful", "acg"),
        ("rating=2", ""),
        ("verified=false", "gfedcba"),
        ("verified=true", ""),
        ("status=approved&sort=rating", "dacgfbe"),
    ] {
        let expected: Vec<String> = expected.chars().map(String::from).collect();
        for limit in [1, 2, 3, 7, 100] {
            for client in [&app.client(), &moderator] {
                assert_eq!(pages(client, &path, query, limit).await, expected, "{query} by {limit}");
            }
        }
    }
    let total = app.client().get(&format!("{path}?rating=3&include_total=true&limit=1")).send().await.expect(200);
    assert_eq!(total.body["total"], 3);
}

async fn a_wrong_filter_is_told(app: TestApp) {
    let (kettle, moderator) = seven(&app).await;
    let path = format!("{}/reviews", path_of(&kettle));
    for (query, pointer) in [
        ("rating=0", "/rating"),
        ("rating=6", "/rating"),
        ("rating=x", "/rating"),
        ("verified=perhaps", "/verified"),
        ("sort=best", "/sort"),
        ("status=gone", "/status"),
        ("limit=101", "/limit"),
        ("cursor=nonsense", "/cursor"),
        ("colour=blue", "/colour"),
    ] {
        let refused = app.client().get(&format!("{path}?{query}")).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), [pointer], "{query}");
    }
    for query in ["product_id=0", "user_id=x", "sort=helpful", "status=gone"] {
        moderator.get(&format!("{REVIEWS}?{query}")).send().await.expect_problem(422, "validation_failed");
    }
    let page = app.client().get(&format!("{path}?sort=rating&limit=1")).send().await.expect(200).body;
    let cursor = page["next_cursor"].as_str().unwrap();
    let other = app.client().get(&format!("{path}?sort=-rating&cursor={cursor}")).send().await;
    assert_eq!(other.expect_problem(422, "validation_failed").pointers(), ["/cursor"]);
    for client in [&app.client(), &moderator] {
        client.get(&format!("{PRODUCTS}/999999/reviews")).send().await.expect_problem(404, "not_found");
    }
    let hidden = format!("{path}?status=pending");
    app.client().get(&hidden).send().await.expect_problem(401, "unauthenticated");
    app.sign_in_as(&[]).await.get(&hidden).send().await.expect_problem(403, "forbidden");
    assert_eq!(pages(&moderator, &path, "status=pending", 5).await, ["pending"]);
}

async fn the_queue_is_of_all_products_the_oldest_first(app: TestApp) {
    let (kettle, moderator) = seven(&app).await;
    let cup = make(&staff(&app).await, &product("Cup", "C-1", 100)).await;
    let author = app.sign_in_as(&[]).await;
    let mut body = text(2);
    body["title"] = json!("of a cup");
    author.post(&format!("{}/reviews", path_of(&cup))).json(&body).send().await.expect(201);
    for limit in [1, 2, 100] {
        assert_eq!(pages(&moderator, REVIEWS, "status=pending", limit).await, ["pending", "of a cup"]);
        assert_eq!(pages(&moderator, REVIEWS, "status=pending&sort=newest", limit).await, ["of a cup", "pending"]);
        assert_eq!(pages(&moderator, REVIEWS, "", limit).await.len(), 9);
    }
    let of_kettle = format!("product_id={}&rating=1", kettle["id"]);
    assert_eq!(pages(&moderator, REVIEWS, &of_kettle, 5).await, ["d", "pending"]);
    let of_author = format!("user_id={}", author.user_id.unwrap());
    assert_eq!(pages(&moderator, REVIEWS, &of_author, 5).await, ["of a cup"]);
    app.client().get(REVIEWS).send().await.expect_problem(401, "unauthenticated");
    let mine = format!("{REVIEWS}/mine");
    assert_eq!(pages(&author, &mine, "", 5).await, ["of a cup"]);
    assert_eq!(pages(&author, &mine, "status=approved", 5).await, Vec::<String>::new());
    assert_eq!(pages(&author, &mine, &format!("product_id={}", kettle["id"]), 5).await, Vec::<String>::new());
    assert_eq!(pages(&app.sign_in_as(&[]).await, &mine, "", 5).await, Vec::<String>::new());
    app.client().get(&mine).send().await.expect_problem(401, "unauthenticated");
}

async fn an_unchanged_page_is_304_and_private_when_it_is_personal(app: TestApp) {
    let (kettle, moderator) = seven(&app).await;
    let path = format!("{}/reviews", path_of(&kettle));
    for (client, control) in [(app.client(), "public, no-cache"), (moderator, "private, no-cache")] {
        let first = client.get(&path).send().await.expect(200);
        assert_eq!(first.header("cache-control"), Some(control));
        let tag = first.header("etag").expect("a tag");
        client.get(&path).header("if-none-match", tag).send().await.expect(304);
    }
}

async fn who_has_left_is_shown_without_a_name(app: TestApp) {
    use diesel::prelude::*;
    let (kettle, _) = seven(&app).await;
    let path = format!("{}/reviews?limit=1", path_of(&kettle));
    let first = async || app.client().get(&path).send().await.expect(200).body["items"][0].clone();
    let before = first().await;
    let (id, now) = (before["author"]["id"].as_i64().unwrap(), app.ctx.clock.now());
    // As the accounts do it when somebody deletes theirs.
    let left = move |db: &mut _| {
        let values = (
            users::username.eq(format!("deleted-{id}")),
            users::display_name.eq("Deleted user"),
            users::deleted_at.eq(now),
        );
        diesel::update(users::table.find(id)).set(values).execute(db)?;
        Ok::<_, poligon_core::db::DbError>(())
    };
    app.ctx.db.write(left).await.unwrap();
    let after = first().await;
    assert_eq!((&after["id"], &after["body"]), (&before["id"], &before["body"]));
    let name = (&after["author"]["username"], &after["author"]["display_name"]);
    assert_eq!(name, (&json!(format!("deleted-{id}")), &json!("Deleted user")));
}

poligon_testkit::tests! { start =>
    every_order_has_every_review_once_on_pages_of_any_size,
    a_wrong_filter_is_told,
    the_queue_is_of_all_products_the_oldest_first,
    an_unchanged_page_is_304_and_private_when_it_is_personal,
    who_has_left_is_shown_without_a_name,
}
