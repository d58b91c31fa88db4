//! What is made of texts: for whom its links to people are, and what there is too much of.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::chat_members::adding;
use crate::chats::{group, id_in, log_of, say};
use crate::comments::{comment, get};
use crate::planted::settle;
use crate::posts::at;
use crate::ties::{blocks, name};
use crate::world::{POSTS, id_of, person, publish, start};

fn links_to(object: &Value, person: &Client) -> bool {
    let html = object["html"].as_str().expect("HTML");
    html.contains(&format!("href=\"/api/social/users/{}\"", id_of(person)))
}

/// Neither in posts and what they said before, nor in comments, messages, and what sockets are told.
async fn hidden_people_are_linked_nowhere(app: TestApp) {
    let (ann, bob, cut, far) = (person(&app).await, person(&app).await, person(&app).await, person(&app).await);
    for (who, called) in [(&cut, "cut"), (&far, "far")] {
        name(&app, who, called).await;
    }
    let text = "Hello @cut and @far, @cut!";
    let post = publish(&ann, text, "public").await;
    ann.patch(&at(&post)).json(&json!({"body": format!("{text} Again")})).send().await.expect(200);
    let said = comment(&ann, id_in(&post), 0, text).await.expect(201).body;
    let chat = group(&ann, &[&bob]).await;
    adding(&ann, &chat, &[&cut]).send().await.expect(201);
    let message = say(&ann, &chat, text).await;
    let of_bob = async || {
        let revisions = bob.get(&format!("{}/revisions", at(&post))).send().await.expect(200).body;
        [
            bob.get(&at(&post)).send().await.expect(200).body,
            revisions["items"][0].clone(),
            get(&bob, id_in(&said)).await.expect(200).body,
            bob.get(&format!("/api/social/messages/{}", message["id"])).send().await.expect(200).body,
        ]
    };
    for object in of_bob().await {
        assert_eq!((links_to(&object, &cut), links_to(&object, &far)), (true, true), "{object}");
    }
    blocks(&app, &bob, &cut).await;
    for object in of_bob().await {
        assert_eq!((links_to(&object, &cut), links_to(&object, &far)), (false, true), "{object}");
        assert!(object["html"].as_str().unwrap().starts_with("<p>Hello @cut and <a"), "{object}");
    }
    assert!(links_to(&message, &cut) && links_to(&said, &cut), "for those who see them");
    ann.patch(&format!("/api/social/messages/{}", message["id"]))
        .json(&json!({"body": "Bye @cut"}))
        .send()
        .await
        .expect(200);
    let log = log_of(&app, &chat).await;
    let told: Vec<&Value> = log.iter().filter(|event| ["message", "edit"].contains(&&*event.1)).map(|e| &e.3).collect();
    assert_eq!(told.len(), 2);
    for event in told {
        assert!(!links_to(event, &cut) && event["html"].as_str().unwrap().contains("@cut"), "{event}");
        assert_eq!(event["reactions"], Value::Null, "counts are for one reader");
    }
}

async fn a_text_is_answered_whatever_it_is_full_of(app: TestApp) {
    let ann = person(&app).await;
    for (body, most) in [
        (">".repeat(5_000), 2_000),
        ("- ".repeat(2_500), 8_000),
        ("*a **b ".repeat(700), 10_000),
        ("#tag ".repeat(1_000), 25_000),
        (format!("#{} ", "ж".repeat(50)).repeat(96), 60_000),
        ("@ann ".repeat(1_000), 25_000),
        ("[".repeat(5_000), 6_000),
    ] {
        let begin: String = body.chars().take(20).collect();
        let post = ann.post(POSTS).json(&json!({"body": body})).send().await.expect(201).body;
        let html = post["html"].as_str().unwrap();
        assert!(html.len() < most, "{begin}: {}", html.len());
        assert!(html.matches("<a ").count() <= 100, "{begin}");
        assert!(html.matches("<blockquote>").count() + html.matches("<ul>").count() <= 16, "{begin}");
    }
}

async fn hashtags_are_found_however_they_are_written(app: TestApp) {
    let ann = person(&app).await;
    let post = publish(&ann, "#Ёлка #one#two @ann@host.example", "public").await;
    assert_eq!((&post["tags"], &post["mentions"]), (&json!(["one", "ёлка"]), &json!([])));
    // The letter in one character, and as two.
    for tag in ["%D1%91%D0%BB%D0%BA%D0%B0", "%D0%B5%CC%88%D0%BB%D0%BA%D0%B0", "%23%D0%95%CC%88%D0%BB%D0%BA%D0%B0"] {
        let found = ann.get(&format!("{POSTS}?tag={tag}")).send().await.expect(200).body;
        assert_eq!(found["items"][0]["id"], post["id"], "{tag}");
    }
    let found = ann.get(&format!("{POSTS}?tag=two")).send().await.expect(200).body;
    assert_eq!(found["items"], json!([]));
}

/// Once, when they can see it.
async fn a_post_that_is_opened_tells_those_whom_it_names(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    name(&app, &bob, "bob").await;
    let post = publish(&ann, "Ask @bob", "private").await;
    let told = async || {
        settle(&app).await;
        let mentions = bob.get("/api/social/notifications?kind=mention").send().await.expect(200).body;
        mentions["items"].as_array().unwrap().len()
    };
    assert_eq!(told().await, 0);
    for (patch, expected) in [
        (json!({"visibility": "friends"}), 0),
        (json!({"visibility": "public"}), 1),
        (json!({"visibility": "private"}), 0),
        (json!({"visibility": "public", "body": "Ask @bob again"}), 1),
    ] {
        ann.patch(&at(&post)).json(&patch).send().await.expect(200);
        assert_eq!(told().await, expected, "{patch}");
    }
}

poligon_testkit::tests! { start =>
    hidden_people_are_linked_nowhere,
    a_text_is_answered_whatever_it_is_full_of,
    hashtags_are_found_however_they_are_written,
    a_post_that_is_opened_tells_those_whom_it_names,
}
