//! Where media stand: covers, and what texts lead to. What stands somewhere stays.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::media::{MEDIA, PDF, png, private, upload, url};
use crate::world::{
    ARTICLES, BLOGS, acting, approve, article, at, author, blog, editor, items, join, made, patching, person, publish,
    published, start,
};

async fn usage(who: &Client, medium: &Value) -> Value {
    who.get(&format!("{}/usage", at(MEDIA, medium))).send().await.expect(200).body
}

async fn total(who: &Client, medium: &Value) -> i64 {
    usage(who, medium).await["total"].as_i64().unwrap()
}

async fn a_cover_is_shown_everywhere(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let cover = upload(&ann, "cover.png", png(600, 300, 1)).await;
    ann.patch(&at(MEDIA, &cover)).json(&json!({"alt": "A \"cover\""})).send().await.expect(200);
    let article = published(&ann, &ed, json!({"title": "One", "body": "x", "cover_id": cover["id"]})).await;
    assert_eq!(article["cover"]["id"], cover["id"]);
    let nobody = app.client();
    let seen = nobody.get(&at(ARTICLES, &article)).send().await.expect(200).body;
    assert_eq!((&seen["cover"]["alt"], &seen["cover"]["width"]), (&json!("A \"cover\""), &json!(600)));
    assert_eq!(seen["cover"]["urls"], cover["urls"]);
    let listed = nobody.get(ARTICLES).send().await.expect(200);
    assert_eq!(items(&listed)[0]["cover"], seen["cover"]);
    let page = nobody.get(&format!("{}/page", at(ARTICLES, &article))).send().await.expect(200).text;
    assert!(page.contains("data-testid=\"cover\"") && page.contains("alt=\"A &quot;cover&quot;\""), "{page}");
    // Of the draft beside it.
    let other = upload(&ann, "other.png", png(60, 60, 2)).await;
    let draft = patching(&ann, &article, json!({"cover_id": other["id"]})).send().await.expect(200).body;
    assert_eq!(draft["cover"]["id"], other["id"]);
    assert_eq!(nobody.get(&at(ARTICLES, &article)).send().await.expect(200).body["cover"]["id"], cover["id"]);
    // Words about it change for everybody at once.
    ann.patch(&at(MEDIA, &cover)).json(&json!({"alt": "New"})).send().await.expect(200);
    assert_eq!(nobody.get(&at(ARTICLES, &article)).send().await.expect(200).body["cover"]["alt"], "New");
    let without = patching(&ann, &article, json!({"cover_id": null})).send().await.expect(200).body;
    assert_eq!(without["cover"], Value::Null);
}

/// An editor's image comes back with the revision that it was the cover of.
async fn a_cover_that_comes_back_is_used(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let cover = upload(&ed, "cover.png", png(60, 30, 1)).await;
    let article = made(&ann, json!({"title": "One", "body": "x"})).await;
    patching(&ed, &article, json!({"cover_id": cover["id"]})).send().await.expect(200);
    patching(&ann, &article, json!({"cover_id": null})).send().await.expect(200);
    assert_eq!(total(&ed, &cover).await, 0);
    let back = ann.post(&format!("{}/revisions/2/restore", at(ARTICLES, &article))).send().await.expect(200);
    assert_eq!((&back.body["cover"]["id"], total(&ed, &cover).await), (&cover["id"], 1));
    ed.delete(&at(MEDIA, &cover)).send().await.expect_problem(409, "media_used");
}

async fn a_cover_is_a_public_image_of_ones_own(app: TestApp) {
    let (ann, bob, ed) = (author(&app).await, author(&app).await, editor(&app).await);
    let pdf = upload(&ann, "a.pdf", PDF).await;
    let hidden = private(&ann, "a.png", png(20, 20, 1)).await;
    let bobs = upload(&bob, "b.png", png(20, 20, 2)).await;
    let article = article(&ann, "One").await;
    let place = blog(&ann, "Place").await;
    for (id, code) in [
        (pdf["id"].clone(), "not_an_image"),
        (hidden["id"].clone(), "private_media"),
        (bobs["id"].clone(), "unknown_media"),
        (json!(999_999), "unknown_media"),
    ] {
        let new = json!({"title": "Two", "cover_id": id});
        for request in [
            patching(&ann, &article, json!({"cover_id": id})),
            ann.put(&at(ARTICLES, &article)).json(&new),
            ann.post(ARTICLES).json(&new),
            ann.post(BLOGS).json(&new),
            ann.patch(&at(BLOGS, &place)).json(&json!({"cover_id": id})),
        ] {
            let refused = request.send().await.expect_problem(422, "validation_failed");
            assert_eq!((refused.pointers(), &refused.body["errors"][0]["code"]), (vec!["/cover_id"], &json!(code)));
        }
    }
    // Editors take anybody's.
    patching(&ed, &article, json!({"cover_id": bobs["id"]})).send().await.expect(200);
    // It stays when somebody saves who could not choose it.
    let saved = patching(&ann, &article, json!({"title": "Three"})).send().await.expect(200).body;
    assert_eq!(saved["cover"]["id"], bobs["id"]);
    assert_eq!(total(&bob, &bobs).await, 1);
}

async fn what_stands_somewhere_stays(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let in_text = upload(&ann, "a.png", png(20, 20, 1)).await;
    let linked = upload(&ann, "b.pdf", PDF).await;
    let cover = upload(&ann, "c.png", png(20, 20, 3)).await;
    let body = format!("![a]({})\n\n[the plan]({})", url(&in_text, "large"), url(&linked, "original"));
    let article = made(&ann, json!({"title": "One", "body": body, "cover_id": cover["id"]})).await;
    assert!(article["html"].as_str().unwrap().contains(&format!("href=\"{}\"", url(&linked, "original"))));
    for medium in [&in_text, &linked, &cover] {
        let used = usage(&ann, medium).await;
        assert_eq!((&used["total"], &used["items"][0]["url"]), (&json!(1), &json!(at(ARTICLES, &article))));
        let refused = ann.delete(&at(MEDIA, medium)).send().await.expect_problem(409, "media_used");
        assert!(refused.text.contains("1 articles or blogs"), "{}", refused.text);
        let hiding = ann.patch(&at(MEDIA, medium)).json(&json!({"visibility": "private"}));
        hiding.send().await.expect_problem(409, "media_used");
    }
    let used = ann.get(&format!("{MEDIA}?used=true&include_total=true")).send().await.expect(200);
    assert_eq!(used.body["total"], 3);
    publish(&ann, &ed, &article).await;
    // The draft shows nothing any more, and what is published does.
    patching(&ann, &article, json!({"body": "x", "cover_id": null})).send().await.expect(200);
    assert_eq!(total(&ann, &in_text).await, 1);
    ann.delete(&at(MEDIA, &in_text)).send().await.expect_problem(409, "media_used");
    approve(&ann, &ed, &article).await;
    acting(&ed, &article, "publish").send().await.expect(200);
    for medium in [&in_text, &linked, &cover] {
        assert_eq!(total(&ann, medium).await, 0);
        ann.delete(&at(MEDIA, medium)).send().await.expect(204);
    }
    // An earlier revision comes back without what is gone.
    let path = format!("{}/revisions/1/restore", at(ARTICLES, &article));
    let restored = ann.post(&path).send().await.expect(200).body;
    assert_eq!(restored["cover"], Value::Null);
}

async fn what_goes_sets_free(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let medium = upload(&ann, "a.png", png(20, 20, 1)).await;
    let body = json!({"title": "One", "body": format!("![a]({})", url(&medium, "small"))});
    let article = published(&ann, &ed, body).await;
    // A draft that is given up, and what is withdrawn.
    patching(&ann, &article, json!({"body": "x"})).send().await.expect(200);
    ann.delete(&format!("{}/draft", at(ARTICLES, &article))).send().await.expect(204);
    assert_eq!(total(&ann, &medium).await, 1);
    patching(&ann, &article, json!({"body": "x"})).send().await.expect(200);
    acting(&ed, &article, "unpublish").send().await.expect(200);
    assert_eq!(total(&ann, &medium).await, 0);
    let place =
        ann.post(BLOGS).json(&json!({"title": "Place", "cover_id": medium["id"]})).send().await.expect(201).body;
    assert_eq!(place["cover"]["id"], medium["id"]);
    assert_eq!(usage(&ann, &medium).await["items"][0]["kind"], "blog");
    ann.delete(&at(MEDIA, &medium)).send().await.expect_problem(409, "media_used");
    ann.delete(&at(BLOGS, &place)).send().await.expect(204);
    let again = made(&ann, json!({"title": "Two", "cover_id": medium["id"]})).await;
    ann.delete(&at(ARTICLES, &again)).send().await.expect(204);
    ann.delete(&at(MEDIA, &medium)).send().await.expect(204);
}

/// A text leads to files that are there and that everybody may read; what it led to before may be gone since.
async fn a_text_leads_to_what_everybody_may_read(app: TestApp) {
    let ann = author(&app).await;
    let hidden = private(&ann, "a.png", png(20, 20, 1)).await;
    let shown = upload(&ann, "b.png", png(20, 20, 2)).await;
    let show = |url: &str| json!({"title": "One", "body": format!("![a]({url})")});
    let article = made(&ann, show(url(&shown, "small"))).await;
    for (url, code) in [(url(&hidden, "small"), "private_media"), ("/api/content/media/999999/file", "unknown_media")] {
        for request in
            [ann.post(ARTICLES).json(&show(url)), patching(&ann, &article, json!({"body": format!("[a]({url})")}))]
        {
            let refused = request.send().await.expect_problem(422, "validation_failed");
            assert_eq!((refused.pointers(), &refused.body["errors"][0]["code"]), (vec!["/body"], &json!(code)));
        }
        // As text it is no address.
        made(&ann, json!({"title": "Code", "body": format!("`{url}` <img src=\"{url}\">")})).await;
    }
    assert_eq!(total(&ann, &shown).await, 1);
    patching(&ann, &article, json!({"body": "x"})).send().await.expect(200);
    ann.delete(&at(MEDIA, &shown)).send().await.expect(204);
    let restored = ann.post(&format!("{}/revisions/1/restore", at(ARTICLES, &article))).send().await;
    restored.expect(200);
    patching(&ann, &article, json!({"title": "Still"})).send().await.expect(200);
}

/// Whoever leads to a picture of somebody else's does not keep them from removing it, and sees nothing of others' drafts.
async fn others_do_not_hold_it(app: TestApp) {
    let (ann, bob, ed) = (author(&app).await, author(&app).await, editor(&app).await);
    let medium = upload(&ann, "a.png", png(20, 20, 1)).await;
    let show = format!("![a]({})", url(&medium, "small"));
    made(&bob, json!({"title": "Bob's", "body": show})).await;
    assert_eq!(total(&ann, &medium).await, 0);
    // In a blog that both are in it counts; what it is called there is for those who work on it.
    let place = blog(&bob, "Place").await;
    join(&bob, &place, &ann, "author").await;
    let draft = made(&bob, json!({"title": "Secret", "body": show, "blog_id": place["id"]})).await;
    let used = usage(&ann, &medium).await;
    assert_eq!((&used["total"], &used["items"]), (&json!(1), &json!([])));
    publish(&bob, &ed, &draft).await;
    assert_eq!(usage(&ann, &medium).await["items"][0]["title"], "Secret");
    person(&app).await.get(&format!("{}/usage", at(MEDIA, &medium))).send().await.expect_problem(403, "role_too_low");
    // Nothing else that looks like an address is one.
    let odd = "![a](/api/content/media/../articles/1) [b](/api/auth/me) ![c](/api/content/media/1/file/../../x)";
    let html = made(&ann, json!({"title": "Odd", "body": odd})).await["html"].as_str().unwrap().to_owned();
    assert!(!html.contains("/api/"), "{html}");
}

poligon_testkit::tests! {
    start =>
    a_cover_is_shown_everywhere,
    a_cover_that_comes_back_is_used,
    a_cover_is_a_public_image_of_ones_own,
    what_stands_somewhere_stays,
    what_goes_sets_free,
    others_do_not_hold_it,
    a_text_leads_to_what_everybody_may_read,
}
