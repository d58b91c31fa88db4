//! The social network's part of the tables, and of what requests work on.

use poligon_testkit::{Client, Part, TestApp};
use serde_json::{Value, json};

use crate::policy::{ANYBODY, PUBLIC, USER};
use crate::requests::PNG;

const MODERATE: &str = "social:moderate";

/// Who may call what.
pub(crate) const POLICY: &[(&str, &str)] = &[
    // Posts and media.
    ("social_list_posts", ANYBODY),
    ("social_create_post", USER),
    ("social_get_post", ANYBODY),
    ("social_patch_post", USER),
    ("social_delete_post", USER),
    ("social_list_post_revisions", ANYBODY),
    ("social_put_post_bookmark", USER),
    ("social_delete_post_bookmark", USER),
    ("social_get_post_visibility", MODERATE),
    ("social_put_post_status", MODERATE),
    ("social_put_comments_lock", USER),
    ("social_create_media", USER),
    ("social_list_media", USER),
    ("social_get_media", USER),
    ("social_patch_media", USER),
    ("social_delete_media", USER),
    ("social_get_media_file", ANYBODY),
    // Comments and reactions.
    ("social_create_comment", USER),
    ("social_list_comments", ANYBODY),
    ("social_get_comment", ANYBODY),
    ("social_patch_comment", USER),
    ("social_delete_comment", USER),
    ("social_put_comment_lock", USER),
    ("social_put_comment_status", MODERATE),
    ("social_like_post", USER),
    ("social_unlike_post", USER),
    ("social_put_post_reaction", USER),
    ("social_delete_post_reaction", USER),
    ("social_list_post_reactions", ANYBODY),
    ("social_put_comment_reaction", USER),
    ("social_delete_comment_reaction", USER),
    ("social_list_comment_reactions", ANYBODY),
    ("social_put_message_reaction", USER),
    ("social_delete_message_reaction", USER),
    ("social_list_message_reactions", USER),
    // People.
    ("social_list_users", ANYBODY),
    ("social_get_me", USER),
    ("social_patch_me", USER),
    ("social_get_user", ANYBODY),
    ("social_list_followers", ANYBODY),
    ("social_list_following", ANYBODY),
    ("social_list_friends", ANYBODY),
    ("social_list_follow_requests", USER),
    ("social_list_friend_requests", USER),
    ("social_list_blocks", USER),
    ("social_list_mutes", USER),
    ("social_follow_user", USER),
    ("social_unfollow_user", USER),
    ("social_remove_follower", USER),
    ("social_accept_follow", USER),
    ("social_decline_follow", USER),
    ("social_befriend_user", USER),
    ("social_unfriend_user", USER),
    ("social_accept_friend", USER),
    ("social_decline_friend", USER),
    ("social_block_user", USER),
    ("social_unblock_user", USER),
    ("social_mute_user", USER),
    ("social_unmute_user", USER),
    // Conversations.
    ("social_create_chat", USER),
    ("social_list_chats", USER),
    ("social_get_chat", USER),
    ("social_patch_chat", USER),
    ("social_list_chat_members", USER),
    ("social_add_chat_members", USER),
    ("social_remove_chat_member", USER),
    ("social_put_chat_role", USER),
    ("social_accept_chat", USER),
    ("social_decline_chat", USER),
    ("social_list_messages", USER),
    ("social_send_message", USER),
    ("social_put_read_marker", USER),
    ("social_search_chat", USER),
    ("social_search_messages", USER),
    ("social_get_message", USER),
    ("social_patch_message", USER),
    ("social_delete_message", USER),
    // Sockets and streams. A socket asks who one is by itself.
    ("social_create_ticket", USER),
    ("social_open_socket", PUBLIC),
    ("social_stream_events", USER),
    // Notifications and moderation.
    ("social_list_notifications", USER),
    ("social_count_unread", USER),
    ("social_read_notifications", USER),
    ("social_read_notification", USER),
    ("social_delete_notification", USER),
    ("social_get_preferences", USER),
    ("social_patch_preferences", USER),
    ("social_create_report", USER),
    ("social_list_reports", MODERATE),
    ("social_list_my_reports", USER),
    ("social_get_report", USER),
    ("social_put_report_assignment", MODERATE),
    ("social_put_report_status", MODERATE),
    ("social_list_moderation_log", MODERATE),
    ("social_delete_suspension", MODERATE),
];

/// Operations on an object that not everybody may call: how the owner is answered, and how a stranger.
pub(crate) const OBJECTS: &[(&str, u16, u16)] = &[
    // A post that everybody sees, with a comment of its author.
    ("social_patch_post", 200, 403),
    ("social_delete_post", 204, 403),
    ("social_put_post_bookmark", 200, 200),
    ("social_delete_post_bookmark", 204, 204),
    ("social_get_post_visibility", 403, 403),
    ("social_put_post_status", 403, 403),
    ("social_put_comments_lock", 200, 403),
    ("social_create_comment", 201, 201),
    ("social_like_post", 200, 200),
    ("social_unlike_post", 204, 204),
    ("social_put_post_reaction", 200, 200),
    ("social_delete_post_reaction", 204, 204),
    ("social_patch_comment", 200, 403),
    ("social_delete_comment", 204, 403),
    ("social_put_comment_lock", 200, 403),
    ("social_put_comment_status", 403, 403),
    ("social_put_comment_reaction", 200, 200),
    ("social_delete_comment_reaction", 204, 204),
    // A picture that stands in nothing.
    ("social_get_media", 200, 404),
    ("social_patch_media", 200, 404),
    ("social_delete_media", 204, 404),
    // What one person is to another: here to themselves, or to the owner.
    ("social_follow_user", 409, 200),
    ("social_unfollow_user", 409, 404),
    ("social_befriend_user", 409, 200),
    ("social_unfriend_user", 409, 404),
    ("social_block_user", 409, 200),
    ("social_unblock_user", 409, 404),
    ("social_mute_user", 409, 200),
    ("social_unmute_user", 409, 404),
    ("social_delete_suspension", 403, 403),
    // A group of the owner with one other.
    ("social_get_chat", 200, 404),
    ("social_patch_chat", 200, 404),
    ("social_list_chat_members", 200, 404),
    ("social_add_chat_members", 201, 404),
    ("social_remove_chat_member", 204, 404),
    ("social_put_chat_role", 200, 404),
    ("social_accept_chat", 404, 404), // there is no request
    ("social_decline_chat", 404, 404),
    ("social_list_messages", 200, 404),
    ("social_send_message", 201, 404),
    ("social_put_read_marker", 200, 404),
    ("social_search_chat", 200, 404),
    ("social_get_message", 200, 404),
    ("social_patch_message", 200, 404),
    ("social_delete_message", 204, 404),
    ("social_put_message_reaction", 200, 404),
    ("social_delete_message_reaction", 204, 404),
    ("social_list_message_reactions", 200, 404),
    // A report of the owner; notifications are made by events: see the tests of the network.
    ("social_read_notification", 404, 404),
    ("social_delete_notification", 404, 404),
    ("social_get_report", 200, 404),
    ("social_put_report_assignment", 403, 403),
    ("social_put_report_status", 403, 403),
];

/// Ids of the network's objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Talk {
    pub(crate) post: i64,
    pub(crate) comment: i64,
    pub(crate) media: i64,
    pub(crate) chat: i64,
    /// The other member of the chat.
    pub(crate) member: i64,
    pub(crate) message: i64,
    pub(crate) report: i64,
}

impl Talk {
    /// None of them is there.
    pub(crate) const NONE: Self = Self {
        post: 999_999,
        comment: 999_999,
        media: 999_999,
        chat: 999_999,
        member: 999_999,
        message: 999_999,
        report: 999_999,
    };

    /// The parts of paths that ids stand behind.
    pub(crate) fn ids(&self) -> [(&'static str, i64); 7] {
        [
            ("/posts/", self.post),
            ("/comments/", self.comment),
            ("/media/", self.media),
            ("/chats/", self.chat),
            ("/messages/", self.message),
            ("/notifications/", 999_999), // made by events only
            ("/reports/", self.report),
        ]
    }
}

/// One of everything, by `owner`: a post with a comment, a picture, a group with a message, a report.
pub(crate) async fn talk_of(app: &TestApp, owner: &Client) -> Talk {
    let api = "/api/social";
    let other = app.sign_in_as(&[]).await;
    let make = async |who: &Client, path: &str, body: Value| {
        who.post(&format!("{api}/{path}")).json(&body).send().await.expect(201).id()
    };
    let post = make(owner, "posts", json!({"body": "Said by its author"})).await;
    let comment = make(owner, &format!("posts/{post}/comment"), json!({"body": "And said more"})).await;
    let member = other.user_id.expect("an id");
    let chat = make(owner, "chats", json!({"kind": "group", "title": "Two", "member_ids": [member]})).await;
    let message = make(owner, &format!("chats/{chat}/messages"), json!({"body": "Hello"})).await;
    let media = picture_of(owner).await;
    let theirs = make(&other, "posts", json!({"body": "Said by somebody else"})).await;
    let report = json!({"object": {"kind": "post", "id": theirs}, "reason": "spam"});
    let report = make(owner, "reports", report).await;
    Talk { post, comment, media, chat, member, message, report }
}

/// A picture that stands in nothing: the owner's first, or a new one. Nobody may have very many of them.
async fn picture_of(owner: &Client) -> i64 {
    let known = owner.get("/api/social/media?limit=1").send().await.expect(200).body;
    if let Some(id) = known["items"][0]["id"].as_i64() {
        return id;
    }
    let form = [Part::file("file", "a.png", "image/png", PNG)];
    owner.post("/api/social/media").form(&form).send().await.expect(201).id()
}

/// The body of an operation that takes one. `id` is somebody's.
pub(crate) fn body(operation: &str) -> Value {
    match operation {
        "social_create_post" => json!({"body": "Made here"}),
        "social_patch_post" | "social_patch_comment" | "social_patch_message" => json!({"body": "Changed"}),
        "social_put_post_status" | "social_put_comment_status" => json!({"status": "removed"}),
        "social_put_comments_lock" | "social_put_comment_lock" => json!({"locked": true}),
        "social_create_media" => json!({"alt": "A picture"}),
        "social_patch_media" => json!({"alt": "Changed"}),
        "social_create_comment" => json!({"body": "A comment"}),
        "social_put_post_reaction" | "social_put_comment_reaction" | "social_put_message_reaction" => {
            json!({"kind": "wow"})
        }
        "social_patch_me" => json!({"bio": "Changed"}),
        "social_create_chat" => json!({"kind": "group", "title": "Made here", "member_ids": []}),
        "social_patch_chat" => json!({"title": "Changed"}),
        "social_add_chat_members" => json!({"user_ids": [1]}),
        "social_put_chat_role" => json!({"role": "admin"}),
        "social_send_message" => json!({"body": "A message"}),
        "social_put_read_marker" => json!({"number": 1}),
        "social_mute_user" | "social_read_notifications" => json!({}),
        "social_patch_preferences" => json!({"reaction": false}),
        "social_create_report" => json!({"object": {"kind": "user", "id": 1}, "reason": "spam"}),
        "social_put_report_assignment" => json!({"assignee_id": "me"}),
        "social_put_report_status" => json!({"status": "rejected", "action": "none"}),
        other => panic!("{other}: what does its body look like? Say so here"),
    }
}
