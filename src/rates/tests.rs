use super::rule::PerMinute;
use super::*;
use crate::types::{BusinessId, ParticipantId};

fn rules(participant: u32, account: u32, address: u32) -> Rules {
    let rate = |number| PerMinute::of(number).0;
    Rules {
        participant: rate(participant),
        account: rate(account),
        address: rate(address),
        are_on: true,
        proxies: peer::Proxies::default(),
    }
}

fn pair(participant: &str) -> Pair {
    Pair {
        business: BusinessId::new("salon").unwrap(),
        participant: ParticipantId::new(participant).unwrap(),
    }
}

fn through(account: &str) -> Through<'_> {
    Through {
        channel: Channel::Telegram,
        account,
        own: Own::default(),
    }
}

async fn over(rates: &Rates, account: &str, who: &str) -> Option<Scope> {
    rates
        .message(through(account), &pair(who))
        .await
        .err()
        .map(|over| over.scope)
}

/// From an address; whether it was let in.
async fn comes(rates: &Rates, address: &str) -> bool {
    let mut extensions = Extensions::new();
    extensions.insert(Connection(address.parse().unwrap()));
    rates.stranger(&extensions, &HeaderMap::new()).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn a_customer_over_the_limit_costs_the_account_nothing() {
    let rates = Rates::new(rules(2, 5, 9), None, None);
    for _ in 0..2 {
        assert_eq!(over(&rates, "a", "anna").await, None);
    }
    for _ in 0..50 {
        assert_eq!(over(&rates, "a", "anna").await, Some(Scope::Participant));
    }
    for who in ["ben", "cora", "dora"] {
        assert_eq!(over(&rates, "a", who).await, None, "{who}");
    }
    assert_eq!(over(&rates, "a", "emil").await, Some(Scope::Account));
    assert_eq!(over(&rates, "b", "emil").await, None, "another account");
}

#[tokio::test(start_paused = true)]
async fn messages_that_come_together_are_judged_by_their_senders() {
    let rates = Rates::new(rules(2, 100, 9), None, None);
    let from = ["anna", "ben", "anna", "anna", "ben"].map(pair);
    let over = rates.messages(through("a"), &from).await;
    let over: Vec<bool> = over.iter().map(Option::is_some).collect();
    assert_eq!(over, [true, false, true, true, false]);
}

#[tokio::test(start_paused = true)]
async fn rules_are_replaced_while_it_runs_and_off_lets_everybody_in() {
    let rates = Rates::new(rules(1, 100, 9), None, None);
    assert_eq!(over(&rates, "a", "anna").await, None);
    assert_eq!(over(&rates, "a", "anna").await, Some(Scope::Participant));
    rates.set(Rules::default());
    for _ in 0..100 {
        assert_eq!(over(&rates, "a", "anna").await, None);
    }
    rates.set(rules(1, 100, 9));
    assert_eq!(
        over(&rates, "a", "anna").await,
        Some(Scope::Participant),
        "counted before"
    );
}

#[tokio::test(start_paused = true)]
async fn addresses_are_counted_by_what_a_customer_of_a_provider_has() {
    let rates = Rates::new(rules(1, 1, 1), None, None);
    assert!(comes(&rates, "192.0.2.1").await);
    assert!(!comes(&rates, "::ffff:192.0.2.1").await, "the same address");
    assert!(comes(&rates, "192.0.2.2").await);
    assert!(comes(&rates, "2001:db8::1").await);
    assert!(
        !comes(&rates, "2001:db8::ffff:1").await,
        "the same network of 64 bits"
    );
    assert!(comes(&rates, "2001:db8:0:1::1").await);
}

#[test]
fn an_address_cannot_be_found_in_what_it_is_counted_under() {
    let (ours, theirs) = (Rates::off(), Rates::off());
    let address = "192.0.2.1".parse().unwrap();
    assert_ne!(
        ours.hashed(address),
        theirs.hashed(address),
        "each process has a key of its own"
    );
    let (one, other) = (
        Rates::new(Rules::default(), None, Some(b"in common")),
        Rates::new(Rules::default(), None, Some(b"in common")),
    );
    assert_eq!(one.hashed(address), other.hashed(address));
}

/// Shared counts that say what they are told to.
struct Said(Result<Option<Over>, Unanswered>);

#[async_trait]
impl Ledger for Said {
    async fn spend(&self, _: u128, requests: &[Request]) -> Result<Vec<Option<Over>>, Unanswered> {
        self.0.map(|over| vec![over; requests.len()])
    }
}

#[tokio::test(start_paused = true)]
async fn the_shared_counts_have_the_last_word_and_without_them_the_process_goes_on_with_its_own() {
    let too_much = Over {
        scope: Scope::Account,
        rate: Rate::per_minute(1),
        retry_after: Duration::from_secs(3),
    };
    let shared = Rates::new(rules(9, 9, 9), Some(Arc::new(Said(Ok(Some(too_much))))), None);
    assert_eq!(over(&shared, "a", "anna").await, Some(Scope::Account));

    let away = Rates::new(rules(2, 9, 9), Some(Arc::new(Said(Err(Unanswered)))), None);
    assert_eq!(over(&away, "a", "anna").await, None);
    assert_eq!(over(&away, "a", "anna").await, None);
    assert_eq!(over(&away, "a", "anna").await, Some(Scope::Participant));
}

#[tokio::test(start_paused = true)]
async fn an_account_keeps_ten_times_its_limit_for_later_and_no_more() {
    let rates = Rates::new(rules(1, 3, 1), None, None);
    for _ in 0..30 {
        assert!(rates.may_keep(through("a")));
    }
    assert!(!rates.may_keep(through("a")));
    assert!(rates.may_keep(through("b")));
}
