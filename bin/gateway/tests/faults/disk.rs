//! A disk that is full: writes are refused in the form that everything has, reads go on, and freed space is used
//! without a restart.

mod embedded {
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::time::Duration;

    use poligon_testkit::Client;

    use crate::process::Gateway;
    use crate::world::{World, registration, run_within, sign_in, until};

    /// A small disk, or, for those who may not mount one, a limit to the length of files.
    enum Disk {
        Mounted(PathBuf),
        Limited,
    }

    impl Disk {
        /// A disk of 8 MB at `folder`.
        fn at(folder: &Path) -> Self {
            std::fs::create_dir_all(folder).unwrap();
            let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder).output();
            match mount {
                Ok(out) if out.status.success() => Self::Mounted(folder.to_owned()),
                _ => Self::Limited,
            }
        }

        /// Leaves no more room.
        fn fill(&self, gateway: &Gateway) {
            match self {
                Self::Mounted(folder) => {
                    let full = std::fs::write(folder.join("ballast"), vec![0; 16 << 20]);
                    assert!(full.is_err(), "the disk is not full");
                }
                Self::Limited => limit(gateway, "1024"),
            }
        }

        fn free(&self, gateway: &Gateway) {
            match self {
                Self::Mounted(folder) => std::fs::remove_file(folder.join("ballast")).unwrap(),
                Self::Limited => limit(gateway, "unlimited"),
            }
        }
    }

    fn limit(gateway: &Gateway, bytes: &str) {
        let pid = gateway.child.id().to_string();
        let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status();
        assert!(set.unwrap().success(), "prlimit");
    }

    impl Drop for Disk {
        fn drop(&mut self) {
            if let Self::Mounted(folder) = self {
                drop(Command::new("umount").arg("-l").arg(folder).status());
            }
        }
    }

    /// A process dies of the signal that tells of a file that is too long, unless it is ignored; an ignored one stays
    /// ignored in the program that the shell becomes.
    fn start(world: &World) -> Gateway {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], crate::process::free_port()));
        let mut command = Command::new("sh");
        world.settle(&mut command).args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
        command.arg(env!("CARGO_BIN_EXE_gateway")).args(["serve", "--bind", &address.to_string()]);
        Gateway::of(command, world, address)
    }

    /// Registers until a registration is refused, and answers the refusal's text.
    async fn until_refused(client: &Client) -> String {
        for n in 0..2_000 {
            let body = registration(&format!("filling{n}"));
            let reply = client.post("/api/auth/register").json(&body).send().await;
            if reply.status != 201 {
                assert!(matches!(reply.status, 503 | 507), "{}", reply.text);
                assert!(!reply.problem_code().is_empty(), "{}", reply.text);
                assert!(reply.header("retry-after").is_some(), "{}", reply.text);
                return reply.text;
            }
        }
        panic!("2000 registrations, and the disk is not full");
    }

    #[test]
    fn a_full_disk_refuses_writes_and_nothing_else() {
        run_within(Duration::from_mins(2), async {
            let world = World::embedded();
            let disk = Disk::at(&world.folder.path().join("data"));
            let mut gateway = start(&world);
            gateway.ready().await;
            let client = gateway.client();
            let person = sign_in(&client, "regular").await;
            disk.fill(&gateway);
            let text = until_refused(&client).await.to_lowercase();
            for inside in ["sqlite", "disk", "full", ".db", "poligon_", "i/o", "insert"] {
                assert!(!text.contains(inside), "tells {inside}: {text}");
            }
            for _ in 0..20 {
                person.get("/api/auth/me").send().await.expect(200);
            }
            client.get("/health/live").send().await.expect(200);
            disk.free(&gateway);
            until("registrations work again", Duration::from_secs(5), async || {
                let body = registration(&format!("after{}", crate::world::random_below(u64::MAX)));
                client.post("/api/auth/register").json(&body).send().await.status == 201
            })
            .await;
            person.get("/api/auth/me").send().await.expect(200);
        });
    }
}
