//! Message requests: what strangers begin.

use chrono::Duration;
use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::chats::{CHATS, at, befriend, bodies, direct, follow, items, log_of, number, own_chats, say, saying, seen};
use crate::world::{id_of, person, start};

async fn requests(reader: &Client) -> Vec<Value> {
    items(&reader.get(&format!("{CHATS}?requests=true")).send().await.expect(200))
}

/// A stranger's conversation.
async fn asked(app: &TestApp) -> (Client, Client, Value) {
    let (ann, bob) = (person(app).await, person(app).await);
    let chat = direct(&ann, &bob).send().await.expect(201).body;
    (ann, bob, chat)
}

async fn sent_events(app: &TestApp, request: bool) -> i64 {
    let like = format!("%\"request\"%{request}%");
    let query = "SELECT count(*) AS n FROM outbox WHERE topic = 'social.message_sent' AND CAST(payload AS text) LIKE";
    number(app, &format!("{query} '{like}'")).await
}

async fn a_stranger_writes_one_message(app: TestApp) {
    let (ann, bob, chat) = asked(&app).await;
    assert_eq!(seen(&ann, &chat).await["standing"], "active");
    assert_eq!(requests(&bob).await, [Value::Null; 0], "there is nothing to read yet");
    say(&ann, &chat, "Hello").await;
    saying(&ann, &chat, "Hello?").send().await.expect_problem(409, "request_pending");
    assert_eq!((sent_events(&app, true).await, sent_events(&app, false).await), (1, 0));
    assert!(own_chats(&bob).await.is_empty());
    let waiting = requests(&bob).await;
    assert_eq!(
        (waiting.len(), &waiting[0]["standing"], &waiting[0]["unread_count"]),
        (1, &json!("invited"), &json!(1))
    );
    assert_eq!((&waiting[0]["id"], &waiting[0]["last_message"]["body"]), (&chat["id"], &json!("Hello")));
    assert_eq!(bodies(&bob, &chat).await, ["Hello"]);
    // Whoever only looks is not seen to have read.
    bob.put(&format!("{}/read", at(&chat))).json(&json!({"number": 1})).send().await.expect(200);
    let members = items(&ann.get(&format!("{}/members", at(&chat))).send().await.expect(200));
    assert_eq!((members.len(), &members[1]["read_number"]), (2, &Value::Null));
    let accepted = bob.post(&format!("{}/accept", at(&chat))).send().await.expect(200).body;
    assert_eq!((&accepted["standing"], &accepted["unread_count"]), (&json!("active"), &json!(0)));
    bob.post(&format!("{}/accept", at(&chat))).send().await.expect(200);
    ann.post(&format!("{}/accept", at(&chat))).send().await.expect(200);
    assert_eq!((own_chats(&bob).await.len(), requests(&bob).await.len()), (1, 0));
    say(&ann, &chat, "One").await;
    say(&ann, &chat, "Two").await;
    assert_eq!(bodies(&bob, &chat).await, ["Hello", "One", "Two"]);
    let kinds: Vec<String> = log_of(&app, &chat).await.into_iter().map(|event| event.1).collect();
    assert_eq!(kinds, ["message", "member", "message", "message"], "accepted once");
    bob.post(&format!("{}/decline", at(&chat))).send().await.expect_problem(409, "invalid_transition");
    assert_eq!(sent_events(&app, false).await, 2);
}

async fn writing_back_accepts(app: TestApp) {
    let (ann, bob, chat) = asked(&app).await;
    say(&ann, &chat, "Hello").await;
    say(&bob, &chat, "Hi").await;
    say(&ann, &chat, "How are you?").await;
    assert_eq!((own_chats(&bob).await.len(), bodies(&bob, &chat).await.len()), (1, 3));
}

async fn who_begins_the_same_accepts(app: TestApp) {
    let (ann, bob, chat) = asked(&app).await;
    let same = direct(&bob, &ann).send().await.expect(200).body;
    assert_eq!((&same["id"], &same["standing"]), (&chat["id"], &json!("active")));
    say(&ann, &chat, "One").await;
    say(&ann, &chat, "Two").await;
}

async fn friends_and_those_who_are_followed_are_no_strangers(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    follow(&app, &bob, &ann).await;
    let chat = direct(&ann, &bob).send().await.expect(201).body;
    assert_eq!(seen(&bob, &chat).await["standing"], "active");
    // Following does not make somebody less of a stranger to whom they follow.
    follow(&app, &ann, &eve).await;
    let chat = direct(&ann, &eve).send().await.expect(201).body;
    assert_eq!(seen(&eve, &chat).await["standing"], "invited");
    say(&ann, &chat, "Hello").await;
    saying(&ann, &chat, "Hello?").send().await.expect_problem(409, "request_pending");
    befriend(&app, &ann, &eve).await;
    say(&ann, &chat, "Friend!").await;
    assert_eq!((seen(&eve, &chat).await["standing"].clone(), bodies(&eve, &chat).await.len()), (json!("active"), 2));
}

async fn what_is_declined_is_asked_again_a_day_later(app: TestApp) {
    let (ann, bob, chat) = asked(&app).await;
    say(&ann, &chat, "Hello").await;
    let decline = |who: &Client| who.post(&format!("{}/decline", at(&chat))).send();
    decline(&ann).await.expect_problem(409, "invalid_transition");
    decline(&bob).await.expect(204);
    decline(&bob).await.expect_problem(404, "not_found");
    assert_eq!((requests(&bob).await.len(), own_chats(&bob).await.len()), (0, 0));
    let told: Vec<String> = log_of(&app, &chat).await.into_iter().map(|event| event.1).collect();
    assert_eq!(told, ["message"], "nobody is told");
    let members = items(&ann.get(&format!("{}/members", at(&chat))).send().await.expect(200));
    assert_eq!(members.len(), 2);
    app.clock().advance(Duration::hours(23));
    let ann = renewed(&app, &ann).await;
    saying(&ann, &chat, "Hello?").send().await.expect_problem(409, "request_pending");
    assert!(requests(&renewed(&app, &bob).await).await.is_empty());
    app.clock().advance(Duration::hours(1));
    let (ann, bob) = (renewed(&app, &ann).await, renewed(&app, &bob).await);
    say(&ann, &chat, "Please").await;
    saying(&ann, &chat, "Please!").send().await.expect_problem(409, "request_pending");
    let waiting = requests(&bob).await;
    assert_eq!((waiting.len(), &waiting[0]["unread_count"]), (1, &json!(1)));
    assert_eq!(bodies(&bob, &chat).await, ["Please"], "what was declined is not shown again");
    bob.post(&format!("{}/decline", at(&chat))).send().await.expect(204);
    // A changed mind.
    bob.post(&format!("{}/accept", at(&chat))).send().await.expect(200);
    say(&ann, &chat, "Thanks").await;
    assert_eq!(bodies(&bob, &chat).await, ["Please", "Thanks"]);
}

/// The same person with a token of now.
pub(crate) async fn renewed(app: &TestApp, who: &Client) -> Client {
    let now = app.clock().now();
    let query = format!("SELECT id AS n FROM sessions WHERE user_id = {}", id_of(who));
    let session = number(app, &query).await;
    let amr = vec!["pwd".to_owned()];
    let token = app.ctx.tokens.issue(id_of(who), session, Vec::new(), amr, now).expect("a token");
    who.with_token(token)
}

async fn a_group_has_no_requests(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    let chat = crate::chats::group(&ann, &[&bob]).await;
    assert_eq!(seen(&bob, &chat).await["standing"], "active");
    for deed in ["accept", "decline"] {
        for who in [&ann, &bob, &eve] {
            who.post(&format!("{}/{deed}", at(&chat))).send().await.expect_problem(404, "not_found");
        }
        app.client().post(&format!("{}/{deed}", at(&chat))).send().await.expect(401);
    }
}

poligon_testkit::tests! { start =>
    a_stranger_writes_one_message,
    writing_back_accepts,
    who_begins_the_same_accepts,
    friends_and_those_who_are_followed_are_no_strangers,
    what_is_declined_is_asked_again_a_day_later,
    a_group_has_no_requests,
}
