//! Row 2 of the promises: a commit of SQLite is on disk before it is answered. A killed process cannot show that: what
//! it has written stays in the system's memory. So the calls that wait for the disk are counted.

mod embedded {
    use std::net::SocketAddr;
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use crate::process::{Gateway, free_port};
    use crate::world::{World, registration, run_within, until};

    const REGISTRATIONS: usize = 25;

    fn count_syncs(trace: &Path) -> usize {
        let text = std::fs::read_to_string(trace).unwrap_or_default();
        // A call that another thread interrupts has a second line, which begins with `<...`.
        text.lines().filter(|line| line.contains(" fsync(") || line.contains(" fdatasync(")).count()
    }

    #[test]
    fn each_registration_waits_for_the_disk() {
        run_within(Duration::from_mins(2), async {
            let world = World::embedded();
            let trace = world.folder.path().join("trace");
            let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
            let mut command = Command::new("strace");
            world.settle(&mut command);
            // -D: the tracer is the grandchild, so that the process that was started is the gateway.
            command.args(["-D", "-f", "-q", "-e", "trace=fsync,fdatasync", "-o"]).arg(&trace);
            command.arg(env!("CARGO_BIN_EXE_gateway")).args(["serve", "--bind", &address.to_string()]);
            let known = Command::new("strace").arg("-V").stdout(Stdio::null()).status();
            known.expect("this test needs strace: apt-get install strace");
            let mut gateway = Gateway::of(command, &world, address);
            gateway.ready().await;

            let client = gateway.client();
            let before = count_syncs(&trace);
            assert!(before > 0, "the migrations did not wait for the disk, or nothing is traced");
            // Reads wait for nothing, so what is counted below is the registrations' own.
            for _ in 0..REGISTRATIONS {
                client.get("/health/live").send().await.expect(200);
            }
            let idle = count_syncs(&trace) - before;
            assert!(idle < REGISTRATIONS / 2, "{idle} waits for the disk without a write");
            let before = count_syncs(&trace);
            for n in 0..REGISTRATIONS {
                client.post("/api/auth/register").json(&registration(&format!("synced{n}"))).send().await.expect(201);
            }
            until("a wait for the disk for each registration", Duration::from_secs(5), async || {
                count_syncs(&trace) - before >= REGISTRATIONS
            })
            .await;
            println!("{REGISTRATIONS} registrations, {} waits for the disk", count_syncs(&trace) - before);
            gateway.kill();
        });
    }
}
