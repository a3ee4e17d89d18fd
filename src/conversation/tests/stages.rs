//! What a turn leaves in traces and in the log.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Instrument as _, Level, Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

use super::house::{House, WAIT, answered, message, pair, quiet};

/// Writes down which spans were opened where, and which warnings were logged.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    spans: Vec<String>,
    warnings: Vec<Vec<(String, String)>>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Notes {
    fn on_new_span(&self, span: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        // The actor library has some of its own.
        if !span.metadata().target().starts_with("frontdesk") {
            return;
        }
        let scope = context.span_scope(id).into_iter().flatten();
        let mut names: Vec<_> = scope.map(|span| span.name()).collect();
        names.reverse();
        self.0.lock().unwrap().spans.push(names.join("/"));
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::WARN {
            let mut fields = Fields::default();
            event.record(&mut fields);
            self.0.lock().unwrap().warnings.push(fields.0);
        }
    }
}

#[derive(Default)]
struct Fields(Vec<(String, String)>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_a_tree_of_spans_below_the_request_that_began_it() {
    let notes = Notes::default();
    let _guard = tracing::subscriber::set_default(Registry::default().with(notes.clone()));
    let house = House::open().await;
    let request = info_span!("request");
    let said = house.conversations.say(message("ana", "a", "gel"), WAIT);
    answered(said.instrument(request).await);
    let spans = notes.0.lock().unwrap().spans.join(" ");
    assert_eq!(
        spans,
        "request request/wait request/load request/turn request/turn/understand request/turn/decide \
         request/turn/hold request/turn/commit"
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_turn_says_where_its_time_went() {
    let notes = Notes::default();
    let _guard = tracing::subscriber::set_default(Registry::default().with(notes.clone()));
    let house = House::open().await;
    let slow = house.begins("ana", "slow hi").await;
    tokio::time::advance(Duration::from_secs(6)).await;
    house.mind.release(1);
    answered(slow.await.unwrap());
    quiet().await;
    house.says("ana", "gel").await;

    let noted = notes.0.lock().unwrap();
    let [warning] = noted.warnings.as_slice() else {
        panic!("{:?}", noted.warnings)
    };
    let of = |name: &str| {
        let field = warning.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, value)| value.as_str())
    };
    assert_eq!(of("message"), "a slow turn");
    assert_eq!(of("conversation"), pair("ana").conversation().to_string());
    assert_ne!(of("turn"), "");
    let [understand, total] = ["understand_ms", "total_ms"].map(|name| of(name).parse::<u64>().unwrap());
    assert!(
        (6_000..6_100).contains(&understand) && total == understand,
        "{warning:?}"
    );
    assert_eq!(["wait_ms", "decide_ms", "commit_ms"].map(of), ["0"; 3]);
}
