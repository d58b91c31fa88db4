//! PostgreSQL over TLS: every command works through the bridge and leaves nothing among the temporary files.

mod services {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, chown};
    use std::path::Path;
    use std::time::Duration;

    use tempfile::TempDir;

    use crate::process::ended;
    use crate::servers::{Postgres, postgres_user};
    use crate::world::{PASSWORD, World, run_within};

    /// A certificate of its own and the key of it, readable by PostgreSQL alone.
    fn certificate() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        for (name, text) in [("crt", made.cert.pem()), ("key", made.signing_key.serialize_pem())] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            own(&path);
        }
        own(folder.path());
        folder
    }

    fn own(path: &Path) {
        if let Some((user, group)) = postgres_user() {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }

    /// The bridges' folders among the temporary files.
    fn folders(temporary: &Path) -> Vec<String> {
        let names = fs::read_dir(temporary).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.starts_with("poligon-tls-")).collect()
    }

    #[test]
    fn no_command_leaves_a_folder_behind() {
        run_within(Duration::from_mins(2), async {
            let keys = certificate();
            let path = |name: &str| keys.path().join(name).display().to_string();
            let options =
                ["ssl=on".into(), format!("ssl_cert_file={}", path("crt")), format!("ssl_key_file={}", path("key"))];
            let postgres = Postgres::start(&options.each_ref().map(String::as_str)).await;
            let mut world = World::embedded();
            let temporary = world.folder.path().join("tmp");
            fs::create_dir(&temporary).unwrap();
            world.set("TMPDIR", &temporary.display().to_string());
            world.set("DATABASE_URL", &format!("{}?sslmode=require", postgres.url()));
            world.set("POLIGON_PROFILE", "demo"); // in production the missing mail server would be a fault
            let person =
                ["user", "create", "--email", "olga.new@example.com", "--username", "olga.new", "--password-stdin"];
            let commands: [&[&str]; 6] = [
                &["migrate", "up"],
                &["migrate", "status"],
                &["seed", "--profile", "demo"],
                &["export", "products"],
                &["doctor"],
                &person,
            ];
            for arguments in commands {
                let mut command = world.command(arguments);
                let out = with_input(&mut command, PASSWORD);
                assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
                assert_eq!(folders(&temporary), Vec::<String>::new(), "{arguments:?}");
            }
            let refused: [&[&str]; 2] = [
                &["user", "grant", "nobody", "admin"],
                &["serve", "--profile", "production", "--bind", "127.0.0.1:0"], // the demo is in it
            ];
            for arguments in refused {
                let out = world.command(arguments).output().unwrap();
                assert!(!out.status.success(), "{arguments:?}");
                assert_eq!(folders(&temporary), Vec::<String>::new(), "{arguments:?}");
            }
            let mut gateway = world.gateway().await;
            assert!(!folders(&temporary).is_empty(), "the control: a gateway that serves has a bridge");
            gateway.signal("TERM");
            let status = ended(&mut gateway.child, Duration::from_secs(30)).await.expect("it ends");
            assert!(status.success(), "{status}");
            assert_eq!(folders(&temporary), Vec::<String>::new(), "serve");
        });
    }

    fn with_input(command: &mut std::process::Command, line: &str) -> std::process::Output {
        use std::io::Write as _;
        use std::process::Stdio;
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(writeln!(child.stdin.take().unwrap(), "{line}")); // most commands read nothing
        child.wait_with_output().unwrap()
    }
}
