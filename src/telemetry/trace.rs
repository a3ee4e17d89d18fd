//! Traces that reach beyond this process: what goes on from a request of somebody else's, and what our own requests tell
//! whom they reach.
//!
//! A trace that came in goes on whether or not spans are exported (feature `otel`): each request of ours gets a span's id
//! of its own. Where spans are exported, it is the id of the span that the request is made in, and there is a trace
//! although none came in. Otherwise nothing is told that was not told to us.

use std::num::NonZeroU64;

use tracing::Span;

use crate::types::Trace;

/// Puts a span below the one that a trace came from. To be called before anything happens in it.
pub fn goes_on(span: &Span, trace: Trace) {
    #[cfg(feature = "otel")]
    super::otel::goes_on(span, trace);
    #[cfg(not(feature = "otel"))]
    let _ = (span, trace);
}

/// What somebody else must know to go on later from here, where `told` is what came in.
#[must_use]
pub fn here(told: Option<Trace>) -> Option<Trace> {
    exported().or(told)
}

/// What a request that is made now is to tell, where `told` is what came in.
#[must_use]
pub fn onward(told: Option<Trace>) -> Option<Trace> {
    exported().or_else(|| told.map(|trace| trace.after(drawn_span())))
}

/// The current span, if it is exported.
#[cfg(feature = "otel")]
fn exported() -> Option<Trace> {
    super::otel::of(&Span::current())
}

/// Nothing is.
#[cfg(not(feature = "otel"))]
const fn exported() -> Option<Trace> {
    None
}

fn drawn_span() -> NonZeroU64 {
    NonZeroU64::new(fastrand::u64(1..)).unwrap_or(NonZeroU64::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_is_exported_a_trace_goes_on_under_new_spans_and_none_begins() {
        let told: Trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            .parse()
            .unwrap();
        assert_eq!(here(Some(told)), Some(told));
        let [one, two] = [onward(Some(told)).unwrap(), onward(Some(told)).unwrap()];
        assert_eq!((one.id, one.sampled), (told.id, true));
        assert!(one.span != told.span && one.span != two.span, "{one} {two}");
        assert_eq!((here(None), onward(None)), (None, None));
    }
}
