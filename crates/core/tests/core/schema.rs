//! The migrations of both databases are the same steps, and the declared tables are what they make.

use std::collections::BTreeSet;

use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use poligon_core::config::DatabaseConfig;
use poligon_core::db::{Database, Db, DbError, migrate};
use poligon_testkit::{Backend, TestApp, fresh_database};

poligon_testkit::tests! {
    every_declared_table_can_be_loaded,
    the_migrations_go_up_down_and_up_again,
    names_that_become_one_keep_their_owners,
}

#[test]
fn both_databases_have_the_same_steps() {
    fn names<B: diesel::backend::Backend>(source: &impl MigrationSource<B>) -> Vec<String> {
        let steps: Vec<Box<dyn Migration<B>>> = source.migrations().unwrap();
        let mut names: Vec<_> = steps.iter().map(|step| step.name().to_string()).collect();
        names.sort();
        names
    }
    let postgres = names::<diesel::pg::Pg>(&migrate::POSTGRES);
    assert!(!postgres.is_empty());
    assert_eq!(postgres, names::<diesel::sqlite::Sqlite>(&migrate::SQLITE));
    let versions: BTreeSet<_> = postgres.iter().map(|name| name.split('_').next().unwrap()).collect();
    assert_eq!(versions.len(), postgres.len(), "every step has its own number");
}

/// Loads nothing from every table named, which fails when the table or one of its columns is not there.
macro_rules! load_each {
    ($db:expr, $($table:ident)*) => {{
        $(poligon_core::schema::$table::table.limit(0).execute($db)?;)*
        [$(stringify!($table)),*].len()
    }};
}

fn load_every_table(db: &mut Db) -> Result<usize, DbError> {
    Ok(load_each!(db, users sessions roles role_permissions user_roles outbox outbox_deliveries jobs leases mails
        idempotency_keys stray_files audit_log))
}

async fn every_declared_table_can_be_loaded(backend: Backend) {
    let ctx = TestApp::builder(backend).without_server().await;
    let loaded = ctx.db.read(load_every_table).await.unwrap();
    let declared = include_str!("../../src/schema.rs").matches("diesel::table!").count();
    assert_eq!(loaded, declared, "a table was declared and is not in the list of this test");
}

async fn the_migrations_go_up_down_and_up_again(backend: Backend) {
    let (url, _kept) = fresh_database(backend);
    let database = Database::open(&DatabaseConfig { url, ..DatabaseConfig::default() }).unwrap();
    let mut db = database.connect().unwrap();
    let steps = migrate::status(&mut db).unwrap();
    assert!(steps.iter().all(|step| !step.applied));
    for _ in 0..2 {
        assert_eq!(migrate::up(&mut db).unwrap().len(), steps.len());
        assert_eq!(migrate::pending(&mut db).unwrap(), 0);
        assert_eq!(migrate::up(&mut db).unwrap(), Vec::<String>::new(), "nothing is left to do");
        load_every_table(&mut db).unwrap();
        for _ in &steps {
            migrate::down(&mut db).unwrap();
        }
        assert_eq!(migrate::pending(&mut db).unwrap(), steps.len());
        load_every_table(&mut db).expect_err("the tables are gone");
    }
}

/// People whose names were two before i and l became one: nobody loses their row, and nobody else gets the name.
async fn names_that_become_one_keep_their_owners(backend: Backend) {
    use poligon_core::schema::users::dsl;
    let (url, _kept) = fresh_database(backend);
    let database = Database::open(&DatabaseConfig { url, ..DatabaseConfig::default() }).unwrap();
    let mut db = database.connect().unwrap();
    migrate::up(&mut db).unwrap();
    while migrate::down(&mut db).unwrap().is_some_and(|step| !step.ends_with("_alike_names")) {}
    let before = ["blll", "bili", "bill", "lrlna", "irina", "vera", "mike"];
    for (id, name) in (1_i64..).zip(before) {
        let now = poligon_core::Clock::system().now();
        let row = (dsl::id.eq(id), dsl::username.eq(name), dsl::username_key.eq(name), dsl::display_name.eq(name));
        diesel::insert_into(dsl::users)
            .values((row.0, row.1, row.2, row.3, dsl::created_at.eq(now)))
            .execute(&mut db)
            .unwrap();
    }
    migrate::up(&mut db).unwrap();
    let after: Vec<String> = dsl::users.order(dsl::id).select(dsl::username_key).load(&mut db).unwrap();
    assert_eq!(after, ["blll", "blll#2", "blll#3", "lrlna", "lrlna#5", "vera", "mlke"]);
}
