//! What was traced and logged, written down for tests: which spans were opened where, with their fields, and warnings.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// Fields with their values as they would be logged.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// A field's value; empty when it has none.
    pub(crate) fn get(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, value)| value.as_str())
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name().to_owned(), value.to_owned()));
    }
}

/// A span that was opened.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    /// Its name, after those that it is below, with slashes between.
    pub(crate) path: String,
    pub(crate) fields: Fields,
}

/// What is written down. Clones are one.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    spans: Vec<Opened>,
    warnings: Vec<Fields>,
}

/// Where a span stands among those that were opened.
struct Place(usize);

impl Notes {
    /// Begins to write down what happens in this thread, until the guard is dropped.
    pub(crate) fn begin() -> (Self, DefaultGuard) {
        let notes = Self::default();
        let guard = tracing::subscriber::set_default(Registry::default().with(notes.clone()));
        (notes, guard)
    }

    pub(crate) fn spans(&self) -> Vec<Opened> {
        self.0.lock().unwrap().spans.clone()
    }

    /// The paths of all spans, in the order in which they were opened.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.spans().into_iter().map(|span| span.path).collect()
    }

    /// The fields of the only span of this path.
    #[track_caller]
    pub(crate) fn only(&self, path: &str) -> Fields {
        let mut spans = self.spans();
        spans.retain(|span| span.path == path);
        assert_eq!(spans.len(), 1, "{path}: {spans:?}");
        spans.remove(0).fields
    }

    pub(crate) fn warnings(&self) -> Vec<Fields> {
        self.0.lock().unwrap().warnings.clone()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Notes {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        // The actor library has some of its own.
        if !attributes.metadata().target().starts_with("frontdesk") {
            return;
        }
        let scope = context.span_scope(id).into_iter().flatten();
        let mut names: Vec<_> = scope.map(|span| span.name()).collect();
        names.reverse();
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let mut noted = self.0.lock().unwrap();
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Place(noted.spans.len()));
        }
        noted.spans.push(Opened {
            path: names.join("/"),
            fields,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id);
        let place = span.and_then(|span| span.extensions().get::<Place>().map(|place| place.0));
        if let Some(place) = place {
            values.record(&mut self.0.lock().unwrap().spans[place].fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::WARN {
            let mut fields = Fields::default();
            event.record(&mut fields);
            self.0.lock().unwrap().warnings.push(fields);
        }
    }
}
