# syntax=docker/dockerfile:1

# Builds the program with everything it embeds: migrations, wording, the web chat, the demo business.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY examples examples
COPY migrations migrations
COPY src src
# What is not in every build, separated by commas: docker build --build-arg FEATURES=otel .
ARG FEATURES=
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release --bin frontdesk --features "$FEATURES" \
    && cp target/release/frontdesk /frontdesk

# Only the program, and the certificates by which it knows a database or a cache that speaks TLS.
FROM debian:bookworm-slim
# The newest certificates are what is wanted.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home frontdesk \
    && install --directory --owner=frontdesk --group=frontdesk /data
COPY --from=build /frontdesk /usr/local/bin/frontdesk

USER 10001
WORKDIR /data
# Anything but loopback needs FRONTDESK_API_KEYS; without them it refuses to start and says so.
ENV FRONTDESK_LISTEN=0.0.0.0:3000
EXPOSE 3000
# The image has no curl; bash speaks enough HTTP for this.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/3000 && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q alive <&3"]
# SIGTERM (the default) lets conversations finish what they owe; see docs/OPERATIONS.md.
STOPSIGNAL SIGTERM
ENTRYPOINT ["frontdesk"]
CMD ["serve"]
