//! Who may call what: every operation of the document by every kind of caller, compared with one table, written by
//! hand. Deny by default: what the table lacks fails.

use std::collections::{BTreeMap, BTreeSet};

use poligon_testkit::{Client, Reply, TestApp, built_in_roles};
use serde_json::json;

use crate::document::{Document, Operation};
use crate::network::{self, Talk, talk_of};
use crate::requests::{Goods, Target, request};
use crate::world::{
    PASSWORD, goods, image_of, order_by, payment_by, person, register, review_by, shipment_to, snapshot, start,
};

/// The policy: the permission that an operation asks for, or one of these three.
pub(crate) const PUBLIC: &str = "nobody in particular";
pub(crate) const USER: &str = "a logged-in user";
pub(crate) const ANYBODY: &str = "anybody, by name when logged in";

const POLICY: &[(&str, &str)] = &[
    ("auth_register", PUBLIC),
    ("auth_verify_email", PUBLIC),
    ("auth_resend_verification", PUBLIC),
    ("auth_get_me", USER),
    ("auth_patch_me", USER),
    ("auth_delete_me", USER),
    ("auth_change_password", USER),
    ("auth_change_email", USER),
    ("auth_login", PUBLIC),
    ("auth_verify_login", PUBLIC),
    ("auth_get_second_factor", USER),
    ("auth_begin_totp", USER),
    ("auth_confirm_totp", USER),
    ("auth_delete_totp", USER),
    ("auth_create_recovery_codes", USER),
    ("auth_step_up", USER),
    ("auth_refresh", PUBLIC),
    ("auth_logout", USER),
    ("auth_forgot_password", PUBLIC),
    ("auth_reset_password", PUBLIC),
    ("auth_list_sessions", USER),
    ("auth_delete_session", USER),
    ("auth_list_users", "users:read"),
    ("auth_get_user", "users:read"),
    ("auth_patch_user", "users:manage"),
    ("auth_put_user_roles", "roles:grant"),
    ("auth_lock_user", "users:lock"),
    ("auth_unlock_user", "users:lock"),
    ("auth_list_roles", "roles:read"),
    ("auth_get_role", "roles:read"),
    ("auth_list_permissions", "roles:read"),
    ("auth_create_role", "roles:manage"),
    ("auth_put_role", "roles:manage"),
    ("auth_delete_role", "roles:manage"),
    ("auth_list_audit", "audit:read"),
    ("ecommerce_list_categories", PUBLIC),
    ("ecommerce_get_category", PUBLIC),
    ("ecommerce_create_category", "categories:write"),
    ("ecommerce_put_category", "categories:write"),
    ("ecommerce_patch_category", "categories:write"),
    ("ecommerce_delete_category", "categories:write"),
    ("ecommerce_list_products", ANYBODY),
    ("ecommerce_get_product", ANYBODY),
    ("ecommerce_create_product", "products:write"),
    ("ecommerce_put_product", "products:write"),
    ("ecommerce_patch_product", "products:write"),
    ("ecommerce_put_product_status", "products:write"),
    ("ecommerce_delete_product", "products:write"),
    ("ecommerce_create_variant", "products:write"),
    ("ecommerce_patch_variant", "products:write"),
    ("ecommerce_delete_variant", "products:write"),
    ("ecommerce_list_stock", "stock:write"),
    ("ecommerce_change_stock", "stock:write"),
    // Pictures and CSV.
    ("ecommerce_list_images", ANYBODY),
    ("ecommerce_get_image_file", ANYBODY),
    ("ecommerce_create_image", "products:write"),
    ("ecommerce_patch_image", "products:write"),
    ("ecommerce_delete_image", "products:write"),
    ("ecommerce_export_catalogue", "products:write"),
    ("ecommerce_import_catalogue", "products:write"),
    // Reviews.
    ("ecommerce_list_product_reviews", ANYBODY),
    ("ecommerce_create_review", USER),
    ("ecommerce_list_reviews", "reviews:moderate"),
    ("ecommerce_list_my_reviews", USER),
    ("ecommerce_get_review", ANYBODY),
    ("ecommerce_patch_review", USER),
    ("ecommerce_delete_review", USER),
    ("ecommerce_put_review_status", "reviews:moderate"),
    ("ecommerce_vote_on_review", USER),
    ("ecommerce_delete_review_vote", USER),
    // Shipping methods.
    ("ecommerce_list_rates", PUBLIC),
    ("ecommerce_list_shipping_zones", ANYBODY),
    ("ecommerce_get_shipping_zone", ANYBODY),
    ("ecommerce_create_shipping_zone", "shipping:write"),
    ("ecommerce_put_shipping_zone", "shipping:write"),
    ("ecommerce_patch_shipping_zone", "shipping:write"),
    ("ecommerce_delete_shipping_zone", "shipping:write"),
    ("ecommerce_create_shipping_method", "shipping:write"),
    ("ecommerce_get_shipping_method", ANYBODY),
    ("ecommerce_put_shipping_method", "shipping:write"),
    ("ecommerce_patch_shipping_method", "shipping:write"),
    ("ecommerce_delete_shipping_method", "shipping:write"),
    // Carts and coupons.
    ("ecommerce_get_cart", ANYBODY),
    ("ecommerce_add_to_cart", ANYBODY),
    ("ecommerce_delete_cart", ANYBODY),
    ("ecommerce_patch_cart_item", ANYBODY),
    ("ecommerce_delete_cart_item", ANYBODY),
    ("ecommerce_put_cart_coupon", ANYBODY),
    ("ecommerce_delete_cart_coupon", ANYBODY),
    ("ecommerce_list_coupons", "coupons:write"),
    ("ecommerce_get_coupon", "coupons:write"),
    ("ecommerce_create_coupon", "coupons:write"),
    ("ecommerce_patch_coupon", "coupons:write"),
    ("ecommerce_delete_coupon", "coupons:write"),
    // Orders and returns.
    ("ecommerce_place_order", USER),
    ("ecommerce_list_orders", USER),
    ("ecommerce_get_order", USER),
    ("ecommerce_cancel_order", USER),
    ("ecommerce_list_order_timeline", USER),
    ("ecommerce_put_order_status", "orders:write"),
    ("ecommerce_put_order_address", "orders:write"),
    ("ecommerce_create_order_note", "orders:write"),
    ("ecommerce_create_return", USER),
    ("ecommerce_list_order_returns", USER),
    ("ecommerce_list_returns", "orders:read"),
    ("ecommerce_get_return", USER),
    ("ecommerce_cancel_return", USER),
    ("ecommerce_put_return_status", "orders:write"),
    // Payments.
    ("ecommerce_create_payment", USER),
    ("ecommerce_list_order_payments", USER),
    ("ecommerce_get_payment", USER),
    ("ecommerce_confirm_payment", USER),
    ("ecommerce_capture_payment", "payments:write"),
    ("ecommerce_cancel_payment", USER),
    ("ecommerce_create_refund", "payments:write"),
    ("ecommerce_receive_webhook", PUBLIC),
    ("ecommerce_get_sandbox", PUBLIC),
    ("ecommerce_challenge_page", PUBLIC),
    ("ecommerce_approve_challenge", PUBLIC),
    ("ecommerce_fail_challenge", PUBLIC),
    // Shipments.
    ("ecommerce_create_shipment", "orders:fulfil"),
    ("ecommerce_list_shipments", USER),
    ("ecommerce_get_shipment", USER),
    ("ecommerce_patch_shipment", "orders:fulfil"),
    ("ecommerce_cancel_shipment", "orders:fulfil"),
    ("ecommerce_create_shipment_event", "orders:fulfil"),
    ("ecommerce_list_shipment_events", USER),
    // Operation.
    ("operation_health_live", PUBLIC),
    ("operation_health_ready", PUBLIC),
    ("operation_health_details", "system:read"),
    ("operation_read_metrics", PUBLIC),
    ("operation_read_openapi", PUBLIC),
    ("operation_read_asyncapi", PUBLIC),
    ("operation_docs_page", PUBLIC),
    ("operation_docs_file", PUBLIC),
    ("operation_style_sheet", PUBLIC),
    ("operation_problem_page", PUBLIC),
    ("operation_home_page", PUBLIC),
    ("operation_mailbox_page", PUBLIC),
    ("operation_list_messages", PUBLIC),
];

/// What each built-in role may do.
const ROLES: [(&str, &[&str]); 6] = [
    (
        "admin",
        &[
            "users:read",
            "users:manage",
            "users:lock",
            "roles:read",
            "roles:grant",
            "roles:manage",
            "audit:read",
            "system:read",
            "products:write",
            "categories:write",
            "stock:write",
            // Carts and coupons.
            "coupons:write",
            // Orders and returns.
            "orders:read",
            "orders:write",
            // Payments.
            "payments:write",
            // Shipments.
            "orders:fulfil",
            // Shipping methods.
            "shipping:write",
            // Reviews.
            "reviews:moderate",
            // The social network.
            "social:moderate",
        ],
    ),
    (
        "manager",
        &[
            "products:write",
            "categories:write",
            "stock:write",
            // Carts and coupons.
            "coupons:write",
            // Orders and returns.
            "orders:read",
            "orders:write",
            // Payments.
            "payments:write",
            // Shipments.
            "orders:fulfil",
            // Shipping methods.
            "shipping:write",
            // Reviews.
            "reviews:moderate",
        ],
    ),
    ("moderator", &["users:read", "users:lock", "reviews:moderate", "social:moderate"]),
    ("editor", &[]),
    ("author", &[]),
    ("auditor", &["users:read", "roles:read", "audit:read", "system:read"]),
];

/// Whether everybody may call what asks for this.
fn is_open(access: &str) -> bool {
    access == PUBLIC || access == ANYBODY
}

/// Operations on an object by its id that not everybody may call: how the owner is answered, and how a stranger. Neither has a role.
const OBJECTS: &[(&str, u16, u16)] = &[
    ("auth_delete_session", 204, 404),
    ("auth_get_user", 403, 403),
    ("auth_patch_user", 403, 403),
    ("auth_put_user_roles", 403, 403),
    ("auth_lock_user", 403, 403),
    ("auth_unlock_user", 403, 403),
    ("ecommerce_put_category", 403, 403),
    ("ecommerce_patch_category", 403, 403),
    ("ecommerce_delete_category", 403, 403),
    ("ecommerce_put_product", 403, 403),
    ("ecommerce_patch_product", 403, 403),
    ("ecommerce_put_product_status", 403, 403),
    ("ecommerce_delete_product", 403, 403),
    ("ecommerce_create_variant", 403, 403),
    ("ecommerce_patch_variant", 403, 403),
    ("ecommerce_delete_variant", 403, 403),
    ("ecommerce_list_stock", 403, 403),
    ("ecommerce_change_stock", 403, 403),
    // Pictures and CSV.
    ("ecommerce_create_image", 403, 403),
    ("ecommerce_patch_image", 403, 403),
    ("ecommerce_delete_image", 403, 403),
    // Reviews. The owner has one of the product already; nobody but them and moderators knows of it yet.
    ("ecommerce_create_review", 409, 201),
    ("ecommerce_patch_review", 200, 404),
    ("ecommerce_delete_review", 204, 404),
    ("ecommerce_put_review_status", 403, 403),
    ("ecommerce_vote_on_review", 409, 404),
    ("ecommerce_delete_review_vote", 409, 404),
    // Shipping methods.
    ("ecommerce_put_shipping_zone", 403, 403),
    ("ecommerce_patch_shipping_zone", 403, 403),
    ("ecommerce_delete_shipping_zone", 403, 403),
    ("ecommerce_create_shipping_method", 403, 403),
    ("ecommerce_put_shipping_method", 403, 403),
    ("ecommerce_patch_shipping_method", 403, 403),
    ("ecommerce_delete_shipping_method", 403, 403),
    // Carts and coupons.
    ("ecommerce_get_coupon", 403, 403),
    ("ecommerce_patch_coupon", 403, 403),
    ("ecommerce_delete_coupon", 403, 403),
    // Orders and returns.
    ("ecommerce_get_order", 200, 404),
    ("ecommerce_cancel_order", 200, 404),
    ("ecommerce_list_order_timeline", 200, 404),
    ("ecommerce_put_order_status", 403, 403),
    ("ecommerce_put_order_address", 403, 403),
    ("ecommerce_create_order_note", 403, 403),
    ("ecommerce_create_return", 422, 404), // the table's body names a line of no order
    ("ecommerce_list_order_returns", 200, 404),
    ("ecommerce_get_return", 404, 404), // there is none: see the tests of the shop
    ("ecommerce_cancel_return", 404, 404),
    ("ecommerce_put_return_status", 403, 403),
    // Payments.
    ("ecommerce_create_payment", 201, 404),
    ("ecommerce_list_order_payments", 200, 404),
    ("ecommerce_get_payment", 200, 404),
    ("ecommerce_confirm_payment", 409, 404), // there is no challenge
    ("ecommerce_capture_payment", 403, 403),
    ("ecommerce_cancel_payment", 200, 404),
    ("ecommerce_create_refund", 403, 403),
    // Shipments.
    ("ecommerce_create_shipment", 403, 403),
    ("ecommerce_list_shipments", 200, 404),
    ("ecommerce_get_shipment", 200, 404),
    ("ecommerce_patch_shipment", 403, 403),
    ("ecommerce_cancel_shipment", 403, 403),
    ("ecommerce_create_shipment_event", 403, 403),
    ("ecommerce_list_shipment_events", 200, 404),
];

fn policy() -> BTreeMap<&'static str, &'static str> {
    POLICY.iter().chain(network::POLICY).copied().collect()
}

async fn the_table_and_the_document_are_one_list(_: TestApp) {
    let documented: BTreeMap<String, String> =
        Document::read().operations.into_iter().map(|operation| (operation.id, operation.access)).collect();
    let table: BTreeMap<String, String> =
        policy().into_iter().map(|(id, access)| (id.to_owned(), access.to_owned())).collect();
    assert_eq!(documented, table);
    let declared: BTreeSet<&str> = poligon_gateway::permissions().iter().map(|permission| permission.name).collect();
    assert_eq!(ROLES[0].1.iter().copied().collect::<BTreeSet<_>>(), declared, "the administrator has them all");
    assert_eq!(ROLES.map(|(name, _)| name).to_vec(), built_in_roles());
}

/// A caller, and whether the policy lets them.
struct Caller {
    who: String,
    client: Client,
    known: bool,
    permitted: bool,
}

/// Every kind of caller of an operation that asks for `access`.
async fn callers(app: &TestApp, access: &str) -> Vec<Caller> {
    let declared: Vec<&str> = poligon_gateway::permissions().iter().map(|permission| permission.name).collect();
    let others: Vec<&str> = declared.into_iter().filter(|name| *name != access).collect();
    let slug = access.replace([':', ' '], "-");
    let (exact, rest) = (format!("only-{slug}"), format!("all-but-{slug}"));
    app.grant(&exact, if access.contains(':') { std::slice::from_ref(&access) } else { &[] }).await;
    app.grant(&rest, &others).await;
    let person = access == USER;
    let nobody = Caller { who: "nobody".into(), client: app.client(), known: false, permitted: is_open(access) };
    let mut all = vec![nobody];
    let mut kinds: Vec<(&str, bool)> = ROLES.iter().map(|(name, may)| (*name, may.contains(&access))).collect();
    kinds.extend([(exact.as_str(), access.contains(':')), (rest.as_str(), false)]);
    for (role, may) in kinds {
        let client = app.sign_in_as(&[role]).await;
        all.push(Caller { who: role.to_owned(), client, known: true, permitted: may || person || is_open(access) });
    }
    let client = app.sign_in_as(&[]).await;
    all.push(Caller { who: "a plain user".into(), client, known: true, permitted: person || is_open(access) });
    all
}

fn in_shop(operation: &Operation) -> bool {
    operation.path.starts_with("/api/ecommerce/")
}

fn in_network(operation: &Operation) -> bool {
    operation.path.starts_with("/api/social/")
}

/// Whether it takes nobody's session away.
fn leaves_sessions(operation: &Operation) -> bool {
    in_shop(operation) || in_network(operation)
}

/// Whether an answer is the refusal of a caller as such.
fn is_denial(reply: &Reply) -> bool {
    matches!(reply.problem_code(), "unauthenticated" | "invalid_token" | "forbidden")
}

/// Every eighth operation, from the `part`th on, so that no test takes longer than tests may.
async fn admits_whom_the_table_admits(app: TestApp, part: usize) {
    let admin = app.sign_in_as(&["admin"]).await;
    let victim = person(&app, "victim").await;
    app.grant("spare", &["users:read"]).await;
    let policy = policy();
    let target = target(&app, &victim).await; // stays as it is: whoever is admitted gets something to spoil
    let mut denied = 0;
    let mut kept: BTreeMap<&str, Vec<Caller>> = BTreeMap::new(); // for operations that take nobody's session away
    for operation in Document::read().operations.into_iter().skip(part).step_by(8) {
        let access =
            policy.get(operation.id.as_str()).unwrap_or_else(|| panic!("{} is not in the table", operation.id));
        if !leaves_sessions(&operation) || !kept.contains_key(access) {
            kept.insert(access, callers(&app, access).await);
        }
        let (refused, admitted): (Vec<_>, Vec<_>) = kept[access].iter().partition(|caller| !caller.permitted);
        let before = snapshot(&admin, &victim).await;
        for caller in refused {
            let reply = request(&caller.client, &operation, &target).send().await;
            let (status, code) = if caller.known { (403, "forbidden") } else { (401, "unauthenticated") };
            assert_eq!((reply.status, reply.problem_code()), (status, code), "{} by {}", operation.id, caller.who);
            denied += 1;
        }
        assert_eq!(snapshot(&admin, &victim).await, before, "{}: a denied request has changed something", operation.id);
        for caller in admitted {
            let target = if operation.is_read() { target.clone() } else { expendable(&app, &operation).await };
            let reply = request(&caller.client, &operation, &target).send().await;
            assert!(!is_denial(&reply) && reply.status < 500, "{} by {}: {}", operation.id, caller.who, reply.text);
        }
        if !leaves_sessions(&operation) {
            kept.remove(access);
        }
    }
    assert!(denied > 25, "only {denied} requests were denied");
}

async fn every_operation_admits_whom_the_table_admits(app: TestApp) {
    admits_whom_the_table_admits(app, 0).await;
}

async fn the_second_eighth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 1).await;
}

async fn the_third_eighth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 2).await;
}

async fn the_fourth_eighth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 3).await;
}

async fn the_fifth_eighth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 4).await;
}

async fn the_sixth_eighth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 5).await;
}

async fn the_seventh_eighth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 6).await;
}

async fn the_last_eighth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 7).await;
}

/// The victim's account, session and review, and something in the shop.
async fn target(app: &TestApp, victim: &Client) -> Target {
    let sessions = victim.get("/api/auth/sessions").send().await.expect(200).body;
    let session = sessions["items"][0]["id"].as_i64().expect("a session");
    let goods = goods(app).await;
    let (review, order) = (review_by(victim, goods.product).await, order_by(victim, goods.variant).await);
    let payment = payment_by(victim, goods.variant).await;
    let admin = app.sign_in_as(&["admin"]).await;
    let (shipment, image) = (shipment_to(&admin, victim).await, image_of(&admin, goods.product).await);
    let goods = Goods { image, review, order, payment, shipment, ..goods };
    let talk = talk_of(app, victim).await;
    Target { user: victim.user_id.expect("an id"), session, role: "spare".into(), goods, talk }
}

/// What those who are admitted may spoil: an account, a role and goods of its own.
async fn expendable(app: &TestApp, operation: &Operation) -> Target {
    let name =
        format!("spoilt-{}", poligon_core::random::hex(&poligon_core::random::bytes::<4>().expect("randomness")));
    if operation.path.contains("{name}") {
        app.grant(&name, &[]).await;
    }
    let owner = app.sign_in_as(&[]).await;
    let user = owner.user_id.expect("an id");
    let talk = if in_network(operation) { talk_of(app, &owner).await } else { Talk::NONE };
    let mut goods = if in_shop(operation) { goods(app).await } else { Goods::NONE };
    if operation.path.contains("/shipments/") {
        goods.shipment = shipment_to(&app.sign_in_as(&["admin"]).await, &app.sign_in_as(&[]).await).await;
    }
    if operation.path.contains("/images/") {
        goods.image = image_of(&app.sign_in_as(&["admin"]).await, goods.product).await;
    }
    Target { user, session: 1, role: name, goods, talk }
}

async fn a_custom_role_opens_exactly_its_operations(app: TestApp) {
    let victim = register(&app, "victim").await;
    app.grant("reader", &["users:read"]).await;
    let reader = app.sign_in_as(&["reader"]).await;
    reader.get(&format!("/api/auth/users/{victim}")).send().await.expect(200);
    app.grant("locker", &["users:lock"]).await;
    let locker = app.sign_in_as(&["locker"]).await;
    locker.post(&format!("/api/auth/users/{victim}/lock")).json(&json!({})).send().await.expect(200);
    locker.get(&format!("/api/auth/users/{victim}")).send().await.expect_problem(403, "forbidden");
}

fn object_operations(document: &Document) -> Vec<&Operation> {
    let of_objects = document.operations.iter().filter(|operation| operation.path.contains("{id}"));
    of_objects.filter(|operation| !is_open(&operation.access)).collect()
}

/// An owner, who has a second session to end and still be heard, and a stranger.
async fn two_people(app: &TestApp, n: usize) -> (Client, Client) {
    let owner = person(app, &format!("owner{n}")).await;
    crate::world::log_in(app, &format!("owner{n}")).await;
    (owner, person(app, &format!("stranger{n}")).await)
}

async fn objects_are_their_owners(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    let document = Document::read();
    let table: BTreeMap<&str, (u16, u16)> =
        OBJECTS.iter().chain(network::OBJECTS).map(|(id, own, other)| (*id, (*own, *other))).collect();
    let operations = object_operations(&document);
    assert_eq!(operations.iter().map(|o| o.id.as_str()).collect::<BTreeSet<_>>(), table.keys().copied().collect());
    let (mut pair, mut wrong): (Option<(Client, Client)>, Vec<String>) = (None, Vec::new());
    for (n, operation) in operations.into_iter().enumerate() {
        // Where nobody's session is taken away, and nobody becomes anything to the other, it is the same two people.
        let stays = leaves_sessions(operation) && !operation.path.contains("/users/");
        let (owner, stranger) = match &pair {
            Some(pair) if stays => pair.clone(),
            _ => two_people(&app, n).await,
        };
        pair = stays.then(|| (owner.clone(), stranger.clone()));
        let target = target(&app, &owner).await;
        let (of_owner, of_stranger) = table[operation.id.as_str()];
        let before = snapshot(&admin, &owner).await;
        let mut compare = |who: &str, reply: &Reply, wanted: u16| {
            if reply.status != wanted {
                wrong.push(format!("{} by {who}: {} instead of {wanted}: {}", operation.id, reply.status, reply.text));
            }
        };
        compare("a stranger", &request(&stranger, operation, &target).send().await, of_stranger);
        request(&app.client(), operation, &target).send().await.expect_problem(401, "unauthenticated");
        if operation.id == "auth_delete_session" {
            // An administrator has no way into other people's sessions either.
            request(&admin, operation, &target).send().await.expect_problem(404, "not_found");
        }
        assert_eq!(snapshot(&admin, &owner).await, before, "{}: a stranger has changed something", operation.id);
        compare("the owner", &request(&owner, operation, &target).send().await, of_owner);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Sends every operation that is not public, and expects this refusal of each.
async fn refused_everywhere(client: &Client, target: &Target, code: &str, only_permitted: bool) {
    let policy = policy();
    for operation in Document::read().operations {
        let access = policy[operation.id.as_str()];
        if is_open(access) || only_permitted && access == USER {
            continue;
        }
        let reply = request(client, &operation, target).send().await;
        assert_eq!(reply.problem_code(), code, "{}: {} {}", operation.id, reply.status, reply.text);
    }
}

/// A person with an account and the role of an administrator.
async fn powerful(app: &TestApp, admin: &Client, name: &str) -> Client {
    let client = person(app, name).await;
    let path = format!("/api/auth/users/{}/roles", client.user_id.expect("an id"));
    admin.put(&path).json(&json!({"roles": ["admin"]})).send().await.expect(200);
    client.get("/api/auth/users").send().await.expect(200);
    client
}

async fn a_deleted_person_is_refused_everywhere(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    let victim = person(&app, "victim").await;
    let gone = powerful(&app, &admin, "gone").await;
    gone.delete("/api/auth/me").send().await.expect(204);
    refused_everywhere(&gone, &target(&app, &victim).await, "invalid_token", false).await;
    let login = json!({"username": "gone", "password": PASSWORD});
    app.client().post("/api/auth/login").json(&login).send().await.expect_problem(401, "invalid_credentials");
}

async fn a_locked_person_is_refused_everywhere(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    let victim = person(&app, "victim").await;
    let locked = powerful(&app, &admin, "locked").await;
    let path = format!("/api/auth/users/{}/lock", locked.user_id.expect("an id"));
    admin.post(&path).json(&json!({})).send().await.expect(200);
    refused_everywhere(&locked, &target(&app, &victim).await, "invalid_token", false).await;
    let login = json!({"username": "locked", "password": PASSWORD});
    app.client().post("/api/auth/login").json(&login).send().await.expect_problem(403, "account_locked");
}

async fn a_person_whose_role_was_taken_is_a_plain_user(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    let victim = person(&app, "victim").await;
    let demoted = powerful(&app, &admin, "demoted").await;
    let path = format!("/api/auth/users/{}/roles", demoted.user_id.expect("an id"));
    admin.put(&path).json(&json!({"roles": []})).send().await.expect(200);
    let target = target(&app, &victim).await;
    let before = snapshot(&admin, &victim).await;
    refused_everywhere(&demoted, &target, "forbidden", true).await;
    assert_eq!(snapshot(&admin, &victim).await, before);
    demoted.get("/api/auth/me").send().await.expect(200);
}

poligon_testkit::tests! { start =>
    the_table_and_the_document_are_one_list,
    every_operation_admits_whom_the_table_admits,
    the_second_eighth_does_so_too,
    the_third_eighth_does_so_too,
    the_fourth_eighth_does_so_too,
    the_fifth_eighth_does_so_too,
    the_sixth_eighth_does_so_too,
    the_seventh_eighth_does_so_too,
    the_last_eighth_does_so_too,
    a_custom_role_opens_exactly_its_operations,
    objects_are_their_owners,
    a_deleted_person_is_refused_everywhere,
    a_locked_person_is_refused_everywhere,
    a_person_whose_role_was_taken_is_a_plain_user,
}
