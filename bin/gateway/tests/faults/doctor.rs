//! `gateway doctor` tells of a clock that is off.

#[cfg(feature = "services")]
mod services {
    use std::time::Duration;

    use diesel::connection::SimpleConnection as _;
    use poligon_core::db::Db;
    use poligon_testkit::Backend;

    use crate::world::{World, run_within};

    /// What `doctor` says of the clock, and whether it is content with everything.
    fn examine(world: &World) -> (String, bool) {
        let out = world.command(&["doctor"]).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        let line = text.lines().find(|line| line.contains(" clock: ")).unwrap_or_else(|| panic!("no clock in {text}"));
        (line.to_owned(), out.status.success())
    }

    #[test]
    fn a_database_whose_clock_is_off_is_reported() {
        run_within(Duration::from_mins(1), async {
            let mut world = World::new(Backend::Services).await;
            world.set("POLIGON_PROFILE", "demo"); // in production the missing mail server would be a fault, too
            assert!(world.command(&["migrate", "up"]).output().unwrap().status.success());
            let (line, content) = examine(&world);
            assert!(content && line.starts_with("ok "), "{line}");
            // The server's clock is the machine's, so it is the database that gets a clock of its own.
            let Db::Postgres(mut connection) = world.database() else { panic!("PostgreSQL") };
            let wrong = "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql
                             AS $$ SELECT pg_catalog.clock_timestamp() - interval '5 seconds' $$;
                         ALTER DATABASE postgres SET search_path = public, pg_catalog;";
            connection.batch_execute(wrong).unwrap();
            let (line, content) = examine(&world);
            assert!(!content && line.starts_with("FAULT "), "{line}");
            assert!(line.contains("NTP"), "it does not say how to mend it: {line}");
        });
    }
}
