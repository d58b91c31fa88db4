//! People for the tests of domains that do not make people themselves.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use poligon_core::on_each;
use poligon_core::schema::{role_permissions, roles, sessions, user_roles, users};
use poligon_core::security::permissions::BUILT_IN_ROLES;
use poligon_core::users::username_key;

use crate::app::TestApp;
use crate::client::Client;

/// Names of the roles that are always there.
pub fn built_in_roles() -> Vec<&'static str> {
    BUILT_IN_ROLES.iter().map(|(name, _)| *name).collect()
}

impl TestApp {
    /// A new person with these roles, logged in. The rows go straight into the database, and the token is minted with
    /// the application's own keys. Roles that are not there are made, without permissions: see [`TestApp::grant`].
    pub async fn sign_in_as(&self, roles: &[&str]) -> Client {
        let given: Vec<String> = roles.iter().map(|&role| role.to_owned()).collect();
        let (names, now) = (given.clone(), self.ctx.clock.now());
        let (user_id, session_id) =
            self.ctx.db.write(move |db| insert_person(db, &names, now)).await.expect("a person can be inserted");
        self.client_of(user_id, session_id, given)
    }

    /// Somebody who is there already, without roles, logged in.
    pub async fn log_in(&self, user_id: i64) -> Client {
        let now = self.ctx.clock.now();
        let session_id = self.ctx.db.write(move |db| insert_session(db, user_id, now)).await.expect("a session");
        self.client_of(user_id, session_id, Vec::new())
    }

    fn client_of(&self, user_id: i64, session_id: i64, roles: Vec<String>) -> Client {
        let amr = vec!["pwd".to_owned()];
        let token = self.ctx.tokens.issue(user_id, session_id, roles, amr, self.ctx.clock.now());
        self.client().with_token(token.expect("a token can be minted")).of_user(user_id)
    }

    /// Gives a role permissions, and makes it if it is not there.
    pub async fn grant(&self, role: &str, permissions: &[&str]) {
        let role = role.to_owned();
        let permissions: Vec<String> = permissions.iter().map(|&name| name.to_owned()).collect();
        let now = self.ctx.clock.now();
        let granted = self.ctx.db.write(move |db| insert_grants(db, &role, &permissions, now)).await;
        granted.expect("permissions can be granted");
        self.ctx.people_changed();
    }
}

fn insert_person(db: &mut Db, roles: &[String], now: Timestamp) -> Result<(i64, i64), DbError> {
    // Unique among the people of this database, whoever made the others.
    let name = format!("person-{}", poligon_core::random::id().expect("randomness"));
    let user_id = diesel::insert_into(users::table)
        .values((
            users::username.eq(&name),
            users::username_key.eq(username_key(&name)),
            users::display_name.eq("A Person"),
            users::created_at.eq(now),
        ))
        .returning(users::id)
        .get_result::<i64>(db)?;
    for role in roles {
        insert_role(db, role, now)?;
        let values = (user_roles::user_id.eq(user_id), user_roles::role.eq(role), user_roles::granted_at.eq(now));
        diesel::insert_into(user_roles::table).values(values).execute(db)?;
    }
    Ok((user_id, insert_session(db, user_id, now)?))
}

fn insert_session(db: &mut Db, user_id: i64, now: Timestamp) -> Result<i64, DbError> {
    let session = diesel::insert_into(sessions::table)
        .values((
            sessions::user_id.eq(user_id),
            sessions::created_at.eq(now),
            sessions::last_seen_at.eq(now),
            sessions::expires_at.eq(now + Duration::days(30)),
            sessions::address.eq("127.0.0.1"),
            sessions::user_agent.eq("testkit"),
            sessions::amr.eq(Json(vec!["pwd".to_owned()])),
        ))
        .returning(sessions::id);
    Ok(session.get_result::<i64>(db)?)
}

fn insert_role(db: &mut Db, role: &str, now: Timestamp) -> Result<(), DbError> {
    let values = (
        roles::name.eq(role),
        roles::description.eq("A role of a test"),
        roles::built_in.eq(built_in_roles().contains(&role)),
        roles::created_at.eq(now),
        roles::updated_at.eq(now),
    );
    on_each!(db, c => diesel::insert_into(roles::table).values(values).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

fn insert_grants(db: &mut Db, role: &str, permissions: &[String], now: Timestamp) -> Result<(), DbError> {
    insert_role(db, role, now)?;
    for permission in permissions {
        let values = (role_permissions::role.eq(role), role_permissions::permission.eq(permission));
        on_each!(db, c =>
            diesel::insert_into(role_permissions::table).values(values).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}
