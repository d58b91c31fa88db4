//! The `AsyncAPI` document (version 3) of sockets and event streams, made of the types of the frames.

use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::frames::{
    ClientAuth, ClientPing, ClientRead, ClientResume, ClientTyping, ErrorData, FrameKind, PongData, PresenceData,
    ReadData, ReadyData, ResumedData, TypingData,
};
use super::hub::Close;
use super::intake::{FRAMES_AT_ONCE, FRAMES_PER_SECOND, LARGEST};
use super::socket::MOST_BAD;
use crate::chats::MessageResponse;
use crate::notifications::NotificationChange;

const SOCKET: &str = "/api/social/ws";
const STREAM: &str = "/api/social/events";

/// Where a frame stands: in the log of a conversation, among the notifications, or nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    InChat,
    AmongNotifications,
    NowhereWithCursor,
    MaybeWithCursor,
    OfChat,
    Nowhere,
}

/// Every frame of the server, in words, with the schema of its `data`.
const SERVER: [(FrameKind, Stands, &str, &str); 14] = [
    (
        FrameKind::Ready,
        Stands::MaybeWithCursor,
        "ReadyData",
        "The connection is there. Its cursor is where it begins; null while the client may still resume.",
    ),
    (FrameKind::Message, Stands::InChat, "MessageResponse", "A message was sent. One that is gone by now is a stub."),
    (FrameKind::Edit, Stands::InChat, "MessageResponse", "A message was changed."),
    (FrameKind::Delete, Stands::InChat, "DeleteData", "A message was deleted by its author or removed by a moderator."),
    (
        FrameKind::Reaction,
        Stands::InChat,
        "ReactionData",
        "Somebody reacts to a message in another way, or not any more.",
    ),
    (
        FrameKind::Member,
        Stands::InChat,
        "MemberData",
        "Somebody came into a conversation, left it, or has another role.",
    ),
    (FrameKind::Chat, Stands::InChat, "ChatData", "A group was begun or has another title."),
    (
        FrameKind::Read,
        Stands::InChat,
        "ReadData",
        "Somebody has read up to a message. Of several only the last is kept.",
    ),
    (FrameKind::Typing, Stands::OfChat, "TypingData", "Somebody writes. Not stored."),
    (
        FrameKind::Presence,
        Stands::Nowhere,
        "PresenceData",
        "A friend, or the other one of a direct conversation, comes or goes. Not stored.",
    ),
    (
        FrameKind::Notification,
        Stands::AmongNotifications,
        "NotificationChange",
        "A notification is new or has changed.",
    ),
    (FrameKind::Error, Stands::Nowhere, "ErrorData", "A frame of the client could not be taken."),
    (FrameKind::Pong, Stands::Nowhere, "PongData", "The answer to ping."),
    (
        FrameKind::Resumed,
        Stands::NowhereWithCursor,
        "ResumedData",
        "Everything that was missed has been told, and what is new follows. Who began without a cursor has one now.",
    ),
];

/// Every frame of the client: its type, its schema, and what it is for.
const CLIENT: [(&str, &str, &str); 5] = [
    ("auth", "ClientAuth", "Who the client is: the first frame of a socket that was opened without a ticket."),
    ("resume", "ClientResume", "Asks for everything behind a cursor: once, as the first frame after ready."),
    ("typing", "ClientTyping", "Tells the others of a conversation that the person writes."),
    ("read", "ClientRead", "Moves the person's read marker, as PUT /api/social/chats/{id}/read does."),
    ("ping", "ClientPing", "Asks whether the server is there."),
];

/// The document.
pub fn asyncapi() -> Value {
    let of_server: Vec<String> = SERVER.iter().map(|(kind, ..)| kind.name().to_owned()).collect();
    let of_client: Vec<String> = CLIENT.iter().map(|(name, ..)| client_name(name)).collect();
    let all: Vec<String> = of_server.iter().chain(&of_client).cloned().collect();
    // What a stream answers to is `Last-Event-ID` alone.
    let of_stream: Vec<String> =
        of_server.iter().filter(|name| !["error", "pong"].contains(&name.as_str())).cloned().collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Poligon: what happens, as it happens",
            "version": env!("CARGO_PKG_VERSION"),
            "description": description(),
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "socket": channel(SOCKET, "A WebSocket: one for all conversations and notifications of a person.", &all, &json!({
                "ws": {"method": "GET", "query": {"type": "object", "properties": {
                    "ticket": {"type": "string", "description": "A ticket of POST /api/social/ws/tickets"},
                    "cursor": {"type": "string", "description": "Beside a ticket: where to begin"},
                }}},
            })),
            "events": channel(STREAM, "Server-Sent Events: id is the cursor, event the type, data the frame.", &of_stream, &json!({
                "http": {"method": "GET", "headers": {"type": "object", "properties": {"Last-Event-ID": {
                    "type": "string", "description": "The cursor of the last event that was worked on",
                }}}},
            })),
        },
        "operations": {
            "tell": operation("send", "socket", &of_server),
            "hear": operation("receive", "socket", &of_client),
            "stream": operation("send", "events", &of_stream),
        },
        "components": {"messages": messages(), "schemas": schemas()},
    })
}

fn description() -> String {
    let closes: Vec<String> =
        Close::ALL.iter().map(|close| format!("- {}: {}", close.code(), close.reason())).collect();
    let (second, once) = (FRAMES_PER_SECOND, FRAMES_AT_ONCE);
    format!(
        "Every frame is one JSON object. `n` counts the frames of a connection from 1. What stands in the log of a \
         conversation has its `chat_id` and its `seq` there, in order and without repetition; a `seq` is left out where \
         something is not for this person. A notification has the `seq` of its change. These frames name a `cursor`: who \
         connects again and shows that of the last frame that they have worked on is told exactly what came after. It is \
         shown in `auth`, or beside a ticket; else in `resume`, as the first frame and within a second. Then `ready` names \
         no cursor, and the one that the client has stays good until `resumed`.\n\n\
         A client sends messages of at most {LARGEST} bytes, {second} frames a second and {once} at once; {MOST_BAD} may be \
         wrong, and one more every ten seconds. \
         A socket is closed with one of these codes:\n\n{}",
        closes.join("\n")
    )
}

fn messages() -> Map<String, Value> {
    let server = SERVER.iter().map(|(kind, _, _, words)| {
        let name = kind.name();
        (name.to_owned(), message(name, &frame_name(name), words))
    });
    server.chain(CLIENT.iter().map(|(name, schema, words)| (client_name(name), message(name, schema, words)))).collect()
}

/// Both sides have a frame `typing`, which are not the same.
fn client_name(name: &str) -> String {
    format!("client.{name}")
}

fn channel(address: &str, words: &str, messages: &[String], bindings: &Value) -> Value {
    let refer = |name: &String| (name.clone(), json!({"$ref": format!("#/components/messages/{name}")}));
    let messages: Map<String, Value> = messages.iter().map(refer).collect();
    json!({"address": address, "description": words, "messages": messages, "bindings": bindings})
}

fn operation(action: &str, channel: &str, messages: &[String]) -> Value {
    let refer = |name: &String| json!({"$ref": format!("#/channels/{channel}/messages/{name}")});
    let messages: Vec<Value> = messages.iter().map(refer).collect();
    json!({"action": action, "channel": {"$ref": format!("#/channels/{channel}")}, "messages": messages})
}

fn message(name: &str, schema: &str, words: &str) -> Value {
    json!({"name": name, "summary": words, "payload": {"$ref": format!("#/components/schemas/{schema}")}})
}

/// The name of a frame's schema: `ReadyFrame` of `ready`.
fn frame_name(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}Frame", first.to_ascii_uppercase())
}

fn schemas() -> Map<String, Value> {
    let mut all = Vec::new();
    add::<ReadyData>(&mut all);
    add::<ReadData>(&mut all);
    add::<TypingData>(&mut all);
    add::<PresenceData>(&mut all);
    add::<ErrorData>(&mut all);
    add::<PongData>(&mut all);
    add::<ResumedData>(&mut all);
    add::<ClientAuth>(&mut all);
    add::<ClientResume>(&mut all);
    add::<ClientTyping>(&mut all);
    add::<ClientRead>(&mut all);
    add::<ClientPing>(&mut all);
    add::<MessageResponse>(&mut all);
    add::<NotificationChange>(&mut all);
    let as_json = |(name, schema): (String, RefOr<Schema>)| Some((name, serde_json::to_value(schema).ok()?));
    let mut schemas: Map<String, Value> = all.into_iter().filter_map(as_json).collect();
    for (name, schema, _) in CLIENT {
        schemas[schema]["properties"]["type"] = json!({"const": name});
    }
    schemas.extend(events());
    schemas.extend(SERVER.iter().map(|(kind, stands, data, _)| (frame_name(kind.name()), frame(*kind, *stands, data))));
    schemas
}

/// What the log says beside messages.
fn events() -> [(String, Value); 4] {
    let object = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "additionalProperties": false, "properties": properties});
    let number = json!({"type": "integer", "minimum": 1});
    let delete = object(&["message_id", "number"], json!({"message_id": number, "number": number}));
    let reaction = object(
        &["message_id", "user_id", "kind"],
        json!({
            "message_id": number,
            "user_id": number,
            "kind": {"type": ["string", "null"], "description": "How the person reacts now; null: not any more"},
        }),
    );
    let member = object(
        &["user_id", "change", "role"],
        json!({
            "user_id": number,
            "change": {"type": "string", "enum": ["joined", "left", "removed", "role"]},
            "role": {"type": "string", "enum": ["owner", "admin", "member"]},
        }),
    );
    let chat = object(&["title"], json!({"title": {"type": "string"}}));
    [("DeleteData", delete), ("ReactionData", reaction), ("MemberData", member), ("ChatData", chat)]
        .map(|(name, schema)| (name.to_owned(), schema))
}

fn add<T: ToSchema + PartialSchema>(all: &mut Vec<(String, RefOr<Schema>)>) {
    all.push((T::name().into_owned(), T::schema()));
    T::schemas(all);
}

/// The schema of a frame of the server.
fn frame(kind: FrameKind, stands: Stands, data: &str) -> Value {
    let number = json!({"type": "integer", "minimum": 1});
    let text = json!({"type": "string", "pattern": "^[A-Za-z0-9_-]+$"});
    let none = json!({"type": "null"});
    let given = |is: bool, schema: &Value| if is { schema.clone() } else { none.clone() };
    let in_log = matches!(stands, Stands::InChat | Stands::AmongNotifications);
    let cursor = match stands {
        Stands::MaybeWithCursor => json!({"type": ["string", "null"]}),
        _ => given(in_log || stands == Stands::NowhereWithCursor, &text),
    };
    json!({
        "type": "object",
        "required": ["type", "n", "chat_id", "seq", "cursor", "data"],
        "additionalProperties": false,
        "properties": {
            "type": {"const": kind.name()},
            "n": number,
            "chat_id": given(matches!(stands, Stands::InChat | Stands::OfChat), &number),
            "seq": given(in_log, &number),
            "cursor": cursor,
            "data": {"$ref": format!("#/components/schemas/{data}")},
        },
    })
}
