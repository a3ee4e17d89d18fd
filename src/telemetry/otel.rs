//! Spans to a collector that speaks OpenTelemetry's protocol, over HTTP (feature `otel`).
//!
//! Set by the variables of OpenTelemetry: nothing is exported unless `OTEL_EXPORTER_OTLP_ENDPOINT` (or that for traces
//! alone) names a collector. Who it is called, what is sampled and how batches are made is read by OpenTelemetry's own
//! code, which bounds what waits and throws the rest away. Spans hold what the log may hold, and events of the log are
//! none of them.
//! Sources: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>,
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceState};
use opentelemetry::trace::{TraceId as OtelId, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::types::{Trace, TraceId};

/// What the program is called where nothing else is set.
const SERVICE: &str = "frontdesk";

/// How long a batch may take to be handed over.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// How long a stopping process may take to hand over what waits.
const FLUSH_LIMIT: Duration = Duration::from_secs(3);

/// Bytes of a collector's answer that are read.
const ANSWER_MAX: usize = 64 * 1024;

/// Hands spans over until it is finished.
pub(super) struct Exporter(SdkTracerProvider);

impl Exporter {
    /// As the variables of the environment say; `None` when they name no collector. Connects to nobody. Batches are sent
    /// by tasks of `runtime`, which must outlive it.
    ///
    /// # Errors
    /// When what they say cannot be used; it says why.
    pub(super) fn of_environment(runtime: &Handle) -> Result<Option<Self>, String> {
        let says = |name: &str, value: &str| {
            std::env::var(name).is_ok_and(|text| text.trim().eq_ignore_ascii_case(value))
        };
        let is_set = |name: &str| std::env::var(name).is_ok_and(|text| !text.trim().is_empty());
        let is_off = says("OTEL_SDK_DISABLED", "true") || says("OTEL_TRACES_EXPORTER", "none");
        let has_place = is_set(opentelemetry_otlp::OTEL_EXPORTER_OTLP_ENDPOINT)
            || is_set(opentelemetry_otlp::OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
        if is_off || !has_place {
            return Ok(None);
        }
        let client = Client::new(runtime).map_err(|error| error.to_string())?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .build()
            .map_err(|error| error.to_string())?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource())
            .build();
        Ok(Some(Self(provider)))
    }

    /// Makes spans of ours into spans of the exporter's, whatever the log shows of them.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let ours = FilterFn::new(|metadata| {
            metadata.is_span()
                && *metadata.level() <= Level::DEBUG
                && metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
        });
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            // Nobody else in this process looks at OpenTelemetry's own context.
            .with_context_activation(false)
            .with_filter(ours.with_max_level_hint(LevelFilter::DEBUG))
    }

    /// Hands over what waits, and no more after that. Blocks, for a few seconds at most; not to be called by a task.
    pub(super) fn finish(self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH_LIMIT) {
            tracing::warn!(%error, "the last spans could not be exported");
        }
    }
}

fn resource() -> Resource {
    let resource = Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    // What OpenTelemetry calls a program that nobody has named.
    let is_named = resource
        .get(&"service.name".into())
        .is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    if is_named {
        return resource;
    }
    Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_service_name(SERVICE)
        .build()
}

/// Puts a span below the one that a trace came from.
pub(super) fn goes_on(span: &Span, trace: Trace) {
    let flags = if trace.sampled {
        TraceFlags::SAMPLED
    } else {
        TraceFlags::default()
    };
    let from = SpanContext::new(
        OtelId::from_bytes(trace.id.0.get().to_be_bytes()),
        SpanId::from_bytes(trace.span.get().to_be_bytes()),
        flags,
        true,
        TraceState::default(),
    );
    // An error means that it is not exported.
    let _ = span.set_parent(Context::new().with_remote_span_context(from));
}

/// A span as others are told of it, if it is exported.
pub(super) fn of(span: &Span) -> Option<Trace> {
    let context = span.context();
    let context = context.span().span_context().clone();
    Some(Trace {
        id: TraceId(NonZeroU128::new(u128::from_be_bytes(
            context.trace_id().to_bytes(),
        ))?),
        span: NonZeroU64::new(u64::from_be_bytes(context.span_id().to_bytes()))?,
        sampled: context.is_sampled(),
    })
}

/// The way to the collector. OpenTelemetry sends from a thread of its own, where no runtime is; so the requests are made
/// by tasks.
struct Client {
    http: reqwest::Client,
    runtime: Handle,
    /// It did not take the last batch, and that was said.
    is_away: AtomicBool,
}

impl Client {
    fn new(runtime: &Handle) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(crate::tls::client()?)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(SEND_LIMIT)
            .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            http,
            runtime: runtime.clone(),
            is_away: AtomicBool::new(false),
        })
    }

    /// Says once that it is away, and once that it is there again.
    fn heard(&self, problem: Option<&str>) {
        let was_away = self.is_away.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(problem) if !was_away => tracing::warn!(
                problem,
                "spans cannot be exported; look at OTEL_EXPORTER_OTLP_ENDPOINT. Those that do not fit into memory are lost"
            ),
            None if was_away => tracing::info!("spans are exported again"),
            Some(_) | None => {}
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let sent = self.runtime.spawn(send(http, request)).await;
        let answered = sent.map_err(HttpError::from).flatten();
        match &answered {
            Ok(answer) if answer.status().is_success() => self.heard(None),
            Ok(answer) => self.heard(Some(&format!("the collector answered {}", answer.status()))),
            Err(error) => self.heard(Some(&error.to_string())),
        }
        answered
    }
}

async fn send(http: reqwest::Client, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let request = reqwest::Request::try_from(request).map_err(told)?;
    let mut response = http.execute(request).await.map_err(told)?;
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(told)? {
        let room = ANSWER_MAX - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == ANSWER_MAX {
            break;
        }
    }
    *answer.body_mut() = body.into();
    Ok(answer)
}

/// A failure in words, without the address, which may hold a password.
fn told(error: reqwest::Error) -> HttpError {
    let mut innermost: &dyn std::error::Error = &error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if innermost.is::<reqwest::Error>() {
        return Box::new(error.without_url());
    }
    innermost.to_string().into()
}
