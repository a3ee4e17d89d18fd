//! The trace that a platform's request belongs to goes on to the provider, and no message is another one for it.

use serde_json::json;

use super::cases::{Hook, case};
use super::house::House;
use super::stub::{Called, Manner};
use crate::process::Site;
use crate::support::postgres::Database;

const TOLD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const OTHER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn in_trace(hook: &Hook, trace: &str) -> Hook {
    let mut hook = hook.clone();
    hook.headers.push(("traceparent", trace.to_owned()));
    hook
}

/// Trace and span that a call tells of.
fn told(call: &Called) -> (&str, &str) {
    let header = call.header("traceparent").expect("a traceparent");
    let fields: Vec<&str> = header.split('-').collect();
    assert!(
        fields.len() == 4 && fields[0] == "00" && fields[3] == "01",
        "{header}"
    );
    (fields[1], fields[2])
}

/// Asked for in one trace, tried twice by two processes.
async fn goes_on(channel: &str, site: Site) {
    let mut house = House::open(case(channel), site).await;
    house
        .provider
        .will([Manner::Says(500, "", json!({"error": {"code": 131000}}))]);
    let hook = house.saying(42, 1, "do you have parking?");
    assert!(house.post(&in_trace(&hook, TOLD)).await.is_success());
    house.provider.gets(1).await;
    // A process that stops records what became of its tries.
    house.stop().await;
    house.site.let_pass(jiff::SignedDuration::from_mins(1));
    house.start().await;
    let sent = house.provider.gets(2).await;
    let [(trace, first), (again, second)] = [told(&sent[0]), told(&sent[1])];
    assert_eq!(
        [trace, again],
        ["4bf92f3577b34da6a3ce929d0e0e4736"; 2],
        "{channel}"
    );
    assert!(first != second, "{channel}: each try is a span of its own");
    assert!(![first, second].contains(&"00f067aa0ba902b7"), "{channel}");
    assert_eq!(sent[0].body, sent[1].body, "{channel}");
    assert_eq!(
        sent[0].header("webhook-id"),
        sent[1].header("webhook-id"),
        "{channel}"
    );

    // The same message in another trace, and another one in none.
    assert!(house.post(&in_trace(&hook, OTHER)).await.is_success());
    house.says(42, 2, "and how much is a pedicure?").await;
    let sent = house.provider.gets(3).await;
    assert!((house.case.text)(&sent[2]).contains("$40"), "{channel}: {sent:?}");
    assert_eq!(sent[2].header("traceparent"), None, "{channel}");
    assert_eq!(house.has_lines(42, 4).await.len(), 4, "{channel}");
    house.stop().await;
}

#[tokio::test]
async fn a_trace_goes_on_to_the_provider_whichever_process_delivers() {
    goes_on("standard", Site::new()).await;
    goes_on("whatsapp", Site::new()).await;
}

#[tokio::test]
async fn a_trace_goes_on_to_the_provider_on_postgresql() {
    let database = Database::new().await;
    goes_on("standard", Site::on(&database.url())).await;
}

#[tokio::test]
async fn what_a_turn_does_is_told_to_the_businesss_own_system_in_its_trace() {
    let mut house = House::open(case("standard"), Site::new()).await;
    house
        .says(42, 1, "gel manicure with Linh on Friday at 2pm, I'm Anna")
        .await;
    house.provider.gets(1).await;
    let yes = in_trace(&house.saying(42, 2, "yes"), TOLD);
    assert!(house.post(&yes).await.is_success());
    let sent = house.provider.gets(3).await;
    let event = sent
        .iter()
        .find(|call| call.json()["type"] == "appointment.confirmed")
        .expect("the event");
    assert_eq!(told(event).0, "4bf92f3577b34da6a3ce929d0e0e4736");
    house.stop().await;
}

#[tokio::test]
async fn a_trace_that_cannot_be_read_is_passed_over() {
    let mut house = House::open(case("standard"), Site::new()).await;
    for (id, wrong) in (1..).zip([
        "nonsense",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    ]) {
        let hook = house.saying(42, id, "do you have parking?");
        assert!(house.post(&in_trace(&hook, wrong)).await.is_success(), "{wrong}");
        let sent = house.provider.gets(usize::try_from(id).unwrap()).await;
        assert!(
            sent.iter().all(|call| call.header("traceparent").is_none()),
            "{wrong}"
        );
    }
    house.stop().await;
}
