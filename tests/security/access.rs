//! Who may call what: every operation of the document by every kind of caller, compared with one table, written by
//! hand. Deny by default: what the table lacks fails.

use std::collections::{BTreeMap, BTreeSet};

use poligon_testkit::{Client, Reply, TestApp, built_in_roles};
use serde_json::{Value, json};

use crate::analytics::{self, Sights, sights_of};
use crate::boards::{self, Work, work_of};
use crate::content::{self, Texts, texts_of};
use crate::document::{Document, Operation};
use crate::network::{self, Talk, talk_of};
use crate::policy::{ANYBODY, OBJECTS, POLICY, PUBLIC, ROLES, USER};
use crate::requests::{Goods, Target, request};
use crate::world::{
    PASSWORD, goods, image_of, order_by, payment_by, person, register, review_by, shipment_to, snapshot, start,
};

/// Whether everybody may call what asks for this.
fn is_open(access: &str) -> bool {
    access == PUBLIC || access == ANYBODY
}

fn policy() -> BTreeMap<&'static str, &'static str> {
    POLICY
        .iter()
        .chain(network::POLICY)
        .chain(boards::POLICY)
        .chain(content::POLICY)
        .chain(analytics::POLICY)
        .copied()
        .collect()
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

fn on_boards(operation: &Operation) -> bool {
    operation.path.starts_with("/api/tasks/")
}

fn of_content(operation: &Operation) -> bool {
    operation.path.starts_with("/api/content/")
}

fn of_figures(operation: &Operation) -> bool {
    operation.path.starts_with("/api/analytics/")
}

/// Whether it takes nobody's session away.
fn leaves_sessions(operation: &Operation) -> bool {
    in_shop(operation)
        || in_network(operation)
        || on_boards(operation)
        || of_content(operation)
        || of_figures(operation)
}

/// Whether an answer is the refusal of a caller as such.
fn is_denial(reply: &Reply) -> bool {
    matches!(reply.problem_code(), "unauthenticated" | "invalid_token" | "forbidden")
}

/// Every twelfth operation, from the `part`th on, so that no test takes longer than tests may. First all those who are
/// refused, between two looks at everything, then all those who are admitted.
async fn admits_whom_the_table_admits(app: TestApp, part: usize) {
    let policy = policy();
    let operations: Vec<(Operation, &str)> = Document::read()
        .operations
        .into_iter()
        .skip(part)
        .step_by(12)
        .map(|operation| {
            let access = policy.get(operation.id.as_str()).copied();
            let access = access.unwrap_or_else(|| panic!("{} is not in the table", operation.id));
            (operation, access)
        })
        .collect();
    let mut kept: BTreeMap<&str, Vec<Caller>> = BTreeMap::new(); // for operations that take nobody's session away
    for (_, access) in &operations {
        if !kept.contains_key(access) {
            kept.insert(access, callers(&app, access).await);
        }
    }
    app.grant("spare", &["users:read"]).await;
    let victim = person(&app, "victim").await;
    let target = target(&app, &victim).await;
    refuses_the_others(&app, &operations, &kept, &victim, &target).await;
    for (operation, access) in &operations {
        let own = if leaves_sessions(operation) { Vec::new() } else { callers(&app, access).await };
        let all = if own.is_empty() { &kept[access] } else { &own };
        // The first who is admitted may spoil it. Whoever comes behind is let in all the same, and finds nothing.
        let target = if operation.is_read() { target.clone() } else { expendable(&app, operation).await };
        for caller in all.iter().filter(|caller| caller.permitted) {
            let reply = request(&caller.client, operation, &target).send().await;
            assert!(!is_denial(&reply) && reply.status < 500, "{} by {}: {}", operation.id, caller.who, reply.text);
        }
    }
}

/// Whoever is not admitted is refused, and everything is as it was.
async fn refuses_the_others(
    app: &TestApp,
    operations: &[(Operation, &str)],
    callers: &BTreeMap<&str, Vec<Caller>>,
    victim: &Client,
    target: &Target,
) {
    let admin = app.sign_in_as(&["admin"]).await;
    let before = snapshot(&admin, victim).await;
    let mut denied = 0;
    for (operation, access) in operations {
        for caller in callers[access].iter().filter(|caller| !caller.permitted) {
            let reply = request(&caller.client, operation, target).send().await;
            let (status, code) = if caller.known { (403, "forbidden") } else { (401, "unauthenticated") };
            assert_eq!((reply.status, reply.problem_code()), (status, code), "{} by {}", operation.id, caller.who);
            denied += 1;
        }
    }
    let tried = || operations.iter().map(|(operation, _)| operation.id.as_str()).collect::<Vec<_>>().join(", ");
    assert_eq!(snapshot(&admin, victim).await, before, "a denied request has changed something, one of {}", tried());
    assert!(denied > 15, "only {denied} requests were denied");
}

async fn every_operation_admits_whom_the_table_admits(app: TestApp) {
    admits_whom_the_table_admits(app, 0).await;
}

async fn the_second_twelfth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 1).await;
}

async fn the_third_twelfth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 2).await;
}

async fn the_fourth_twelfth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 3).await;
}

async fn the_fifth_twelfth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 4).await;
}

async fn the_sixth_twelfth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 5).await;
}

async fn the_seventh_twelfth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 6).await;
}

async fn the_eighth_twelfth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 7).await;
}

async fn the_ninth_twelfth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 8).await;
}

async fn the_tenth_twelfth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 9).await;
}

async fn the_eleventh_twelfth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 10).await;
}

async fn the_last_twelfth_does_so_too(app: TestApp) {
    admits_whom_the_table_admits(app, 11).await;
}

/// The victim's account, session and review, and something in every domain.
async fn target(app: &TestApp, victim: &Client) -> Target {
    target_in(app, victim, |_| true).await
}

/// An account and a session, and something in every domain that is meant.
async fn target_in(app: &TestApp, owner: &Client, is_meant: impl Fn(fn(&Operation) -> bool) -> bool) -> Target {
    let goods = if is_meant(in_shop) { goods_of(app, owner).await } else { Goods::NONE };
    let talk = if is_meant(in_network) { talk_of(app, owner).await } else { Talk::NONE };
    let work = if is_meant(on_boards) { work_of(app, owner).await } else { Work::NONE };
    let texts = if is_meant(of_content) { texts_of(app, owner).await } else { Texts::NONE };
    let sights = if is_meant(of_figures) { sights_of(app, owner).await } else { Sights::NONE };
    let session = session_of(owner).await;
    Target { user: owner.user_id.expect("an id"), session, role: "spare".into(), goods, talk, work, texts, sights }
}

async fn session_of(person: &Client) -> i64 {
    let sessions = person.get("/api/auth/sessions").send().await.expect(200).body;
    sessions["items"][0]["id"].as_i64().expect("a session")
}

/// Something in the shop, and what somebody has said of it, ordered, paid for and been sent.
async fn goods_of(app: &TestApp, buyer: &Client) -> Goods {
    let goods = goods(app).await;
    let (review, order) = (review_by(buyer, goods.product).await, order_by(buyer, goods.variant).await);
    let payment = payment_by(buyer, goods.variant).await;
    let admin = app.sign_in_as(&["admin"]).await;
    let (shipment, image) = (shipment_to(&admin, buyer).await, image_of(&admin, goods.product).await);
    Goods { image, review, order, payment, shipment, ..goods }
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
    let work = if on_boards(operation) { work_of(app, &owner).await } else { Work::NONE };
    let texts = if of_content(operation) { texts_of(app, &owner).await } else { Texts::NONE };
    let sights = if of_figures(operation) { sights_of(app, &owner).await } else { Sights::NONE };
    let mut goods = if in_shop(operation) { goods(app).await } else { Goods::NONE };
    if operation.path.contains("/shipments/") {
        goods.shipment = shipment_to(&app.sign_in_as(&["admin"]).await, &app.sign_in_as(&[]).await).await;
    }
    if operation.path.contains("/images/") {
        goods.image = image_of(&app.sign_in_as(&["admin"]).await, goods.product).await;
    }
    Target { user, session: 1, role: name, goods, talk, work, texts, sights }
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
    every_eighth_object_is_its_owners(app, 0).await;
}

async fn the_second_eighth_is_too(app: TestApp) {
    every_eighth_object_is_its_owners(app, 1).await;
}

async fn the_third_eighth_is_too(app: TestApp) {
    every_eighth_object_is_its_owners(app, 2).await;
}

async fn the_fourth_eighth_is_too(app: TestApp) {
    every_eighth_object_is_its_owners(app, 3).await;
}

async fn the_fifth_eighth_is_too(app: TestApp) {
    every_eighth_object_is_its_owners(app, 4).await;
}

async fn the_sixth_eighth_is_too(app: TestApp) {
    every_eighth_object_is_its_owners(app, 5).await;
}

async fn the_seventh_eighth_is_too(app: TestApp) {
    every_eighth_object_is_its_owners(app, 6).await;
}

async fn the_last_eighth_is_too(app: TestApp) {
    every_eighth_object_is_its_owners(app, 7).await;
}

/// Every eighth operation on objects, from the `part`th on, so that no test takes longer than tests may.
async fn every_eighth_object_is_its_owners(app: TestApp, part: usize) {
    let admin = app.sign_in_as(&["admin"]).await;
    let document = Document::read();
    let table: BTreeMap<&str, (u16, u16)> = OBJECTS
        .iter()
        .chain(network::OBJECTS)
        .chain(boards::OBJECTS)
        .chain(content::OBJECTS)
        .chain(analytics::OBJECTS)
        .map(|(id, own, other)| (*id, (*own, *other)))
        .collect();
    let operations = object_operations(&document);
    assert_eq!(operations.iter().map(|o| o.id.as_str()).collect::<BTreeSet<_>>(), table.keys().copied().collect());
    let (mut pair, mut wrong): (Option<(Client, Client)>, Vec<String>) = (None, Vec::new());
    for (n, operation) in operations.into_iter().enumerate().skip(part).step_by(8) {
        // Where nobody's session is taken away, and nobody becomes anything to the other, it is the same two people.
        let stays = leaves_sessions(operation) && !operation.path.contains("/users/");
        let (owner, stranger) = match &pair {
            Some(pair) if stays => pair.clone(),
            _ => two_people(&app, n).await,
        };
        pair = stays.then(|| (owner.clone(), stranger.clone()));
        let target = target_in(&app, &owner, |domain| domain(operation)).await;
        let (of_owner, of_stranger) = table[operation.id.as_str()];
        let before = if operation.is_read() { Value::Null } else { snapshot(&admin, &owner).await };
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
        if !operation.is_read() {
            assert_eq!(snapshot(&admin, &owner).await, before, "{}: a stranger has changed something", operation.id);
        }
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
    the_second_twelfth_does_so_too,
    the_third_twelfth_does_so_too,
    the_fourth_twelfth_does_so_too,
    the_fifth_twelfth_does_so_too,
    the_sixth_twelfth_does_so_too,
    the_seventh_twelfth_does_so_too,
    the_eighth_twelfth_does_so_too,
    the_ninth_twelfth_does_so_too,
    the_tenth_twelfth_does_so_too,
    the_eleventh_twelfth_does_so_too,
    the_last_twelfth_does_so_too,
    a_custom_role_opens_exactly_its_operations,
    objects_are_their_owners,
    the_second_eighth_is_too,
    the_third_eighth_is_too,
    the_fourth_eighth_is_too,
    the_fifth_eighth_is_too,
    the_sixth_eighth_is_too,
    the_seventh_eighth_is_too,
    the_last_eighth_is_too,
    a_deleted_person_is_refused_everywhere,
    a_locked_person_is_refused_everywhere,
    a_person_whose_role_was_taken_is_a_plain_user,
}
