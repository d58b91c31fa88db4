//! What those read who have gone from a group: what was said to them, as it was said.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::chat_members::removing;
use crate::chats::{MESSAGES, at, befriend, group, items, say, seen};
use crate::world::{person, start};

async fn who_has_gone_reads_no_later_change(app: TestApp) {
    let (ann, bob, cal) = (person(&app).await, person(&app).await, person(&app).await);
    befriend(&ann, &bob).await;
    befriend(&ann, &cal).await;
    let chat = group(&ann, &[&bob, &cal]).await;
    let first = say(&ann, &chat, "First").await;
    let path = format!("{MESSAGES}/{}", first["id"]);
    ann.patch(&path).json(&json!({"body": "First, mended"})).send().await.expect(200);
    let answer = json!({"body": "An answer", "reply_to": first["id"]});
    let second = ann.post(&format!("{}/messages", at(&chat))).json(&answer).send().await.expect(201).body;
    bob.put(&format!("{path}/reaction")).json(&json!({"kind": "like"})).send().await.expect(200);
    removing(&bob, &chat, &bob).send().await.expect(204);
    let listed = async |who: &Client| -> Vec<Value> {
        let page = who.get(&format!("{}/messages", at(&chat))).send().await.expect(200);
        items(&page)
    };
    let before = listed(&bob).await;
    ann.patch(&path).json(&json!({"body": "Something else"})).send().await.expect(200);
    ann.patch(&format!("{MESSAGES}/{}", second["id"])).json(&json!({"body": "Another"})).send().await.expect(200);
    cal.put(&format!("{path}/reaction")).json(&json!({"kind": "love"})).send().await.expect(200);

    let after = listed(&bob).await;
    assert_eq!(after[1], before[1]);
    assert_eq!((&after[0]["body"], &after[0]["html"]), (&before[0]["body"], &before[0]["html"]));
    assert_eq!((&after[0]["version"], &after[0]["edited_at"]), (&before[0]["version"], &before[0]["edited_at"]));
    // That more have reacted is not told, and what is their own still is.
    assert_eq!(after[0]["reactions"]["love"], 0);
    assert_eq!(after[0]["mine"], before[0]["mine"]);
    let one = bob.get(&path).send().await.expect(200).body;
    assert_eq!(one["body"], "First, mended");
    assert_eq!(seen(&bob, &chat).await["last_message"]["body"], "An answer");

    let of_cal = listed(&cal).await;
    assert_eq!((&of_cal[1]["body"], &of_cal[0]["body"]), (&json!("Another"), &json!("Something else")));
    assert_eq!(of_cal[0]["reactions"]["love"], 1);
    // What is taken back is taken back from everybody.
    ann.delete(&path).send().await.expect(204);
    assert_eq!((&listed(&bob).await[0]["body"], &listed(&bob).await[0]["status"]), (&json!(""), &json!("deleted")));
}

poligon_testkit::tests! { start => who_has_gone_reads_no_later_change }
