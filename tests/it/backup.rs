//! A copy that `pg_dump` takes while people write is a whole database, and frontdesk goes on from it: the commands are
//! those of docs/OPERATIONS.md.

use jiff::SignedDuration;
use sqlx::Executor as _;
use tempfile::TempDir;

use super::checker::{Database, count};
use super::crowd::{Crowd, has_booked, seed};
use super::kills::patient;
use super::load::Client;
use super::process::{Site, eventually, http};
use super::support::cluster::Cluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_that_is_taken_under_load_can_be_gone_on_from() {
    let cluster = Cluster::start();
    let mut site = patient(Site::on(&cluster.url));
    let crowd = Crowd::gather(&mut seed());
    let (process, url) = site.start().await;
    crowd.go_to(Some(url));
    has_booked(&site).await;

    let folder = TempDir::new().unwrap();
    let file = folder.path().join("frontdesk.dump");
    let file = file.to_str().unwrap();
    cluster.run_program("pg_dump", &["--format=custom", "--file", file, &cluster.url]);
    crowd.go_home().await;
    process.stop().await;

    cluster
        .connect()
        .await
        .execute("CREATE DATABASE restored")
        .await
        .unwrap();
    let (server, _) = cluster.url.rsplit_once('/').unwrap();
    let restored = format!("{server}/restored");
    cluster.run_program("pg_restore", &["--no-owner", "--dbname", &restored, file]);

    let mut copy = patient(Site::on(&restored));
    copy.let_pass(SignedDuration::from_mins(10));
    let (process, url) = copy.start().await;
    let bookings = "SELECT COUNT(*) FROM appointment_events WHERE kind = 'confirmed'";
    assert!(count(&copy, bookings).await > 0, "the copy knows the bookings");
    let newcomer = Client::new("newcomer".to_owned(), http());
    let sent = newcomer.say_once(&url, "m1", "do you have parking?").await;
    assert_eq!(sent.answers().count(), 1, "{sent:?}");
    let waiting =
        "SELECT (SELECT COUNT(*) FROM inbox WHERE state = 0) + (SELECT COUNT(*) FROM outbox WHERE state < 2)";
    eventually("what was under way is finished", || async {
        (count(&copy, waiting).await == 0).then_some(())
    })
    .await;
    let swept = copy.now() - SignedDuration::from_secs(20);
    process.stop().await;
    let report = Database::of(&copy).await.check_without_log(&swept).await;
    report.assert_none("a dump under load");
}
