//! The AsyncAPI document, and whether what goes over the wire is as it says.

use std::sync::LazyLock;

use poligon_testkit::TestApp;
use serde_json::{Value, json};

use super::{WS, connect, group, happen, live, open, read, start, write};
use crate::world::person;

static DOCUMENT: LazyLock<Value> = LazyLock::new(poligon_social::asyncapi);

/// Fails when a frame is not as the document says.
pub(crate) fn assert_described(frame: &Value) {
    let name = frame["type"].as_str().unwrap_or_default();
    let message = &DOCUMENT["components"]["messages"][name];
    assert!(message.is_object(), "the document has no {name}: {frame}");
    let wrong = check(&message["payload"], frame, "");
    assert!(wrong.is_empty(), "{wrong:?} in {frame}");
}

/// What of a value is not as a schema says: as much of JSON Schema as the document uses.
fn check(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(path) = schema["$ref"].as_str() {
        let target = DOCUMENT.pointer(path.trim_start_matches('#')).unwrap_or_else(|| panic!("{path} leads nowhere"));
        return check(target, value, at);
    }
    let mut wrong = Vec::new();
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is not looked at"),
    };
    if !types.is_empty() && !types.iter().any(|kind| is(kind)) {
        wrong.push(format!("{at} is no {types:?}"));
    }
    if schema.get("const").is_some_and(|constant| constant != value) {
        wrong.push(format!("{at} is not {}", schema["const"]));
    }
    if schema["enum"].as_array().is_some_and(|known| !known.contains(value)) {
        wrong.push(format!("{at} is none of {}", schema["enum"]));
    }
    if let (Some(least), Some(number)) = (schema["minimum"].as_f64(), value.as_f64())
        && number < least
    {
        wrong.push(format!("{at} is less than {least}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            wrong.push(format!("{at}/{name} is missing"));
        }
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(known) => wrong.extend(check(known, member, &format!("{at}/{name}"))),
            None if schema["additionalProperties"] == false => wrong.push(format!("{at}/{name} is unknown")),
            None => {}
        }
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        wrong.extend(check(&schema["items"], item, &format!("{at}/{n}")));
    }
    wrong
}

#[test]
fn the_check_can_fail() {
    let good =
        json!({"type": "read", "n": 1, "chat_id": 1, "seq": 1, "cursor": "AQ", "data": {"user_id": 1, "number": 1}});
    assert_described(&good);
    for (pointer, bad) in [
        ("/n", json!(0)),
        ("/chat_id", json!(null)),
        ("/seq", json!("1")),
        ("/cursor", json!(null)),
        ("/data", json!({"user_id": 1})),
        ("/data/number", json!("x")),
    ] {
        let mut frame = good.clone();
        *frame.pointer_mut(pointer).unwrap() = bad;
        let schema = &DOCUMENT["components"]["messages"]["read"]["payload"];
        assert!(!check(schema, &frame, "").is_empty(), "{pointer}");
    }
    let mut more = good;
    more["other"] = json!(1);
    assert!(!check(&DOCUMENT["components"]["messages"]["read"]["payload"], &more, "").is_empty());
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn look(value: &Value, seen: &mut usize) {
        match value {
            Value::Object(members) => {
                if let Some(path) = members.get("$ref").and_then(Value::as_str) {
                    assert!(DOCUMENT.pointer(path.trim_start_matches('#')).is_some(), "{path} leads nowhere");
                    *seen += 1;
                }
                members.values().for_each(|member| look(member, seen));
            }
            Value::Array(items) => items.iter().for_each(|item| look(item, seen)),
            _ => {}
        }
    }
    let mut seen = 0;
    look(&DOCUMENT, &mut seen);
    assert!(seen > 50);
    assert_eq!(DOCUMENT["asyncapi"], "3.0.0");
    assert_eq!(DOCUMENT["channels"]["socket"]["address"], "/api/social/ws");
    assert_eq!(DOCUMENT["channels"]["events"]["address"], "/api/social/events");
    let names = DOCUMENT["components"]["messages"].as_object().unwrap();
    assert_eq!(names.len(), 14 + 4);
    for (name, schema) in
        [("auth", "AuthFrame"), ("resume", "ResumeFrame"), ("typing", "TypingFrame"), ("ping", "PingFrame")]
    {
        let schema = &DOCUMENT["components"]["schemas"][schema];
        assert_eq!(schema["properties"]["type"]["const"], name);
        assert!(schema["required"].as_array().unwrap().contains(&json!("type")), "{schema}");
        assert_eq!(schema["additionalProperties"], false, "{schema}");
    }
}

/// Every frame that comes is checked on its way: this makes one of each kind that a log has, and those beside.
async fn every_kind_of_frame_is_as_the_document_says(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let mut socket = live(&app, &bob).await;
    for kind in ["edit", "delete", "reaction", "member", "chat"] {
        happen(&app, chat, &ann, kind, None).await;
        let frame = socket.next_of(kind).await;
        assert_eq!(frame["data"], json!({"kind": kind}));
    }
    write(&app, chat, &ann, "hello").await;
    socket.next_of("message").await;
    read(&app, chat, &ann, 1).await;
    let frame = socket.next_of("read").await;
    assert_eq!((&frame["chat_id"], &frame["seq"]), (&json!(chat), &json!(7)));
    socket.send(&json!({"type": "nonsense"})).await;
    socket.next_of("error").await;
    let cursor = socket.cursor.clone();
    let mut again = connect(&app, &bob).await;
    again.send(&json!({"type": "resume", "cursor": cursor})).await;
    assert_eq!(again.next_of("resumed").await["data"]["frames"], 0);
    let mut refused = open(&app, WS, &[]).await.unwrap();
    refused.send(&json!({"type": "auth", "token": "x"})).await;
    assert_eq!(refused.next_of("error").await["data"]["code"], "invalid_token");
}

poligon_testkit::tests! { start => every_kind_of_frame_is_as_the_document_says }
