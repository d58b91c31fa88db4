//! A request of each operation that succeeds for whoever may make it: what is refused was refused for its caller.

use poligon_testkit::{Client, Request};
use serde_json::{Value, json};

use crate::document::Operation;
use crate::world::PASSWORD;

/// On what the requests work.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Somebody's account.
    pub(crate) user: i64,
    /// Somebody's session.
    pub(crate) session: i64,
    /// A role that is not built in, and that nobody has.
    pub(crate) role: String,
}

/// The path of an operation, with its variable parts filled.
pub(crate) fn path(operation: &Operation, target: &Target) -> String {
    let id = if operation.path.contains("/sessions/") { target.session } else { target.user };
    let filled = operation.path.replace("{id}", &id.to_string()).replace("{name}", &target.role);
    let filled = filled.replace("{code}", "not_found").replace("{file}", "swagger-ui.css");
    assert!(!filled.contains('{'), "{}: what stands in {}? Say so here", operation.id, operation.path);
    filled
}

/// The body of an operation that takes one.
pub(crate) fn body(operation: &Operation) -> Value {
    let token = "a-token-that-nobody-was-given";
    match operation.id.as_str() {
        "auth_register" => crate::world::registration("newcomer"),
        "auth_login" => json!({"username": "nobody", "password": PASSWORD}),
        "auth_refresh" => json!({"refresh_token": token}),
        "auth_verify_email" => json!({"token": token}),
        "auth_reset_password" => json!({"token": token, "password": "eleven quiet rivers"}),
        "auth_resend_verification" | "auth_forgot_password" => json!({"email": "nobody@example.com"}),
        "auth_logout" => json!({"scope": "all"}),
        "auth_patch_me" | "auth_patch_user" => json!({"display_name": "Another Name"}),
        "auth_change_password" => json!({"current_password": PASSWORD, "new_password": "eleven quiet rivers"}),
        "auth_change_email" => json!({"current_password": PASSWORD, "new_email": "elsewhere@example.com"}),
        "auth_put_user_roles" => json!({"roles": []}),
        "auth_lock_user" => json!({"reason": "spam"}),
        "auth_create_role" => json!({"name": "made-here", "permissions": []}),
        "auth_put_role" => json!({"description": "changed", "permissions": []}),
        other => panic!("{other}: what does its body look like? Say so here"),
    }
}

/// The whole request.
pub(crate) fn request(client: &Client, operation: &Operation, target: &Target) -> Request {
    let request = client.request(operation.method.clone(), &path(operation, target));
    if operation.takes_body() { request.json(&body(operation)) } else { request }
}
