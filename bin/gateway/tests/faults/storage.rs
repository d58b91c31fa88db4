//! A storage that cannot be written: readiness says so, and says when it is well again.

mod embedded {
    use std::fs;
    use std::time::Duration;

    use crate::world::{World, run_within, sign_in, until};

    /// How long a good finding holds, and a little more.
    const NOTICED: Duration = Duration::from_secs(7);

    #[test]
    fn a_storage_that_cannot_be_written_is_not_ready() {
        run_within(Duration::from_mins(1), async {
            let world = World::embedded();
            let gateway = world.gateway().await;
            let client = gateway.client();
            let files = world.folder.path().join("data/files");
            // A file in its place: rights would not stop an administrator.
            fs::remove_dir_all(&files).unwrap();
            fs::write(&files, "").unwrap();
            until("it is not ready", NOTICED, async || client.get("/health/ready").send().await.status == 503).await;
            let reply = client.get("/health/ready").send().await.expect_problem(503, "not_ready");
            assert_eq!(reply.body["failing"], serde_json::json!(["storage"]), "{}", reply.text);
            assert!(!reply.text.contains("files") && reply.header("retry-after").is_some(), "{}", reply.text);
            client.get("/health/live").send().await.expect(200);
            sign_in(&client, "unharmed").await.get("/api/auth/me").send().await.expect(200);
            fs::remove_file(&files).unwrap();
            fs::create_dir(&files).unwrap();
            until("it is ready", Duration::from_secs(5), async || {
                client.get("/health/ready").send().await.status == 200
            })
            .await;
        });
    }
}
