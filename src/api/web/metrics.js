// The figures, live. They come from /metrics, which is as locked as the rest of what operators use: where keys are
// configured, one is asked for, and kept as long as the window is open.

import { Card } from "./chart.js";
import { Span, parse, sum } from "./exposition.js";
import { Refused, request } from "./line.js";

const EVERY_MS = 2_000;
// Rates, ratios and quantiles are those of so many looks, or they would jump with every message.
const SPAN_LOOKS = 8;
// Five minutes of looks.
const KEPT = 150;
const LIMIT_MS = 10_000;
const KEY = "frontdesk:key";

const $ = (id) => document.getElementById(id);
const whole = (value) => Math.round(value).toLocaleString("en");
const some = (value) => (value >= 100 ? whole(value) : value.toFixed(value >= 10 ? 1 : 2));
const rate = (value) => `${some(value)}/s`;
const percent = (value) => `${(value * 100).toFixed(1)} %`;
const bytes = (value) => `${(value / 1_048_576).toFixed(1)} MiB`;
const time = (value) =>
  value === 0 ? "0 s" : value < 0.001 ? `${Math.round(value * 1e6)} µs` : value < 1 ? `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)} ms` : value < 90 ? `${value.toFixed(1)} s` : `${(value / 60).toFixed(1)} min`;

const TIERS = ["local", "shared", "durable"];
const hits = (span, tier) => span.rate("frontdesk_cache_requests_total", { tier, result: "hit" });
const asked = (span, tier) => span.rate("frontdesk_cache_requests_total", { tier, result: ["hit", "miss"] });
const perMessage = (span, name) => span.share(span.grown(name), span.grown("frontdesk_messages_answered_total"));
const gauge = (name, labels) => (span) => sum(span.now, name, labels);

// What is shown: the names of the series, and what each is in a span.
const FIRST = [
  ["Cache hits", { series: TIERS, show: rate }, (span) => TIERS.map((tier) => hits(span, tier))],
  ["Hit ratio", { series: TIERS, show: percent, top: 1, fixed: true }, (span) => TIERS.map((tier) => span.share(hits(span, tier), asked(span, tier)))],
  ["Database, per message", { series: ["reads", "writes"], show: some }, (span) => [
    perMessage(span, "frontdesk_store_reads_total"),
    perMessage(span, "frontdesk_store_writes_total"),
  ]],
];
const REST = [
  ["Messages answered", { series: ["messages"], show: rate }, (span) => [span.rate("frontdesk_messages_answered_total")]],
  ["A turn as a whole", { series: ["median", "95th"], show: time }, (span) => [0.5, 0.95].map((q) => span.quantile(q, "frontdesk_turn_duration_seconds", { stage: "total" }))],
  ["Stages of a turn, 95th", { series: ["understand", "decide", "commit"], show: time }, (span) => ["understand", "decide", "commit"].map((stage) => span.quantile(0.95, "frontdesk_turn_duration_seconds", { stage }))],
  ["Conversations", { series: ["live", "messages waiting"], show: whole }, (span) => [gauge("frontdesk_actors")(span), gauge("frontdesk_mailbox_waiting")(span)]],
  ["Turns per commit", { series: ["mean"], show: some, top: 1 }, (span) => [span.share(span.grown("frontdesk_commit_batch_turns_sum"), span.grown("frontdesk_commit_batch_turns_count"))]],
  ["Connections that read", { series: ["busy", "idle"], show: whole, top: 1 }, (span) => ["busy", "idle"].map((state) => gauge("frontdesk_db_pool_connections", { state })(span))],
  ["Waiting the longest", { series: ["inbox", "outbox"], show: time, top: 1 }, (span) => [gauge("frontdesk_inbox_oldest_seconds")(span), gauge("frontdesk_outbox_oldest_seconds")(span)], ([inbox]) => inbox > 120],
  ["Without an answer", { series: ["inbox", "given up", "outbox"], show: whole, top: 1 }, (span) => ["frontdesk_inbox_unfinished", "frontdesk_inbox_dead", "frontdesk_outbox_waiting"].map((name) => gauge(name)(span)), ([, dead]) => dead > 0],
  ["Answers to requests", { series: ["done", "refused", "broken"], show: rate }, (span) => [["2xx", "3xx"], ["4xx", "429", "503"], ["5xx"]].map((status) => span.rate("frontdesk_http_responses_total", { status })), ([, , broken]) => broken > 0],
  ["Appointments", { series: ["booked", "cancelled", "slots lost"], show: rate }, (span) => [
    span.rate("frontdesk_appointments_total", { event: "confirmed" }),
    span.rate("frontdesk_appointments_total", { event: "cancelled" }),
    span.rate("frontdesk_slot_conflicts_total"),
  ]],
  ["Who understands", { series: ["rules", "model", "nobody"], show: rate }, (span) => [
    span.rate("frontdesk_understanding_total", { engine: "rules", result: "understood" }),
    span.rate("frontdesk_understanding_total", { engine: "llm", result: "understood" }),
    span.rate("frontdesk_understanding_total", { result: ["unclear", "failed"] }),
  ]],
  ["Language model", { series: ["calls", "not well", "tokens"], show: rate }, (span) => [
    span.rate("frontdesk_llm_requests_total"),
    span.rate("frontdesk_llm_requests_total", { outcome: ["invalid", "timeout", "rate_limited", "error", "skipped"] }),
    span.rate("frontdesk_llm_tokens_total"),
  ]],
  ["Redis is given", { series: ["stored", "not stored"], show: rate }, (span) => [
    span.rate("frontdesk_cache_writes_total", { result: ["stored", "stale", "superseded"] }),
    span.rate("frontdesk_cache_writes_total", { result: ["error", "skipped", "dropped"] }),
  ], ([, lost]) => lost > 0],
  ["Database failures", { series: ["errors", "tried again"], show: rate }, (span) => [span.rate("frontdesk_store_errors_total"), span.rate("frontdesk_store_retries_total")], ([errors]) => errors > 0],
  ["Memory", { series: ["process", "remembered contexts"], show: bytes }, (span) => [gauge("process_resident_memory_bytes")(span), gauge("frontdesk_cache_bytes")(span)]],
  ["Broken invariants", { series: ["since the start"], show: whole, top: 1 }, (span) => [gauge("frontdesk_invariant_violations_total")(span)], ([broken]) => broken > 0],
];

function cards(place, specs) {
  return specs.map(([title, options, values, isAlarm]) => {
    const card = new Card(title, { ...options, kept: KEPT });
    $(place).append(card.node);
    return (span) => {
      const now = values(span);
      card.add(now);
      card.alarm(Boolean(isAlarm?.(now)));
    };
  });
}

const shown = [...cards("first", FIRST), ...cards("rest", REST)];

// ---- The key. A private window may refuse to keep it; then it is asked for again.

let key = null;
try {
  key = sessionStorage.getItem(KEY);
} catch {
  // Nothing is kept.
}

function keep(given) {
  key = given;
  try {
    if (given === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, given);
  } catch {
    // The key lives as long as the page.
  }
}

function ask(why) {
  keep(null);
  looks = [];
  $("status").textContent = "Locked";
  $("figures").hidden = true;
  $("forget").hidden = true;
  $("key-form").hidden = false;
  $("refused").textContent = why;
  $("key").focus();
}

// ---- Looking

let looks = []; // [{ at, metrics }], oldest first
let failures = 0;
let timer;

async function look() {
  clearTimeout(timer);
  const used = key;
  try {
    const response = await request("/metrics", { token: used, signal: AbortSignal.timeout(LIMIT_MS) });
    const metrics = parse(await response.text());
    if (used !== key) return;
    seen(metrics, performance.now());
  } catch (error) {
    if (used !== key) return;
    if (error instanceof Refused && (error.status === 401 || error.status === 403)) {
      return ask(used === null ? "" : error.message);
    }
    failures += 1;
    $("status").textContent = "No connection. Trying again…";
  }
  timer = setTimeout(look, Math.min(30_000, EVERY_MS * 2 ** Math.min(failures, 4)));
}

function seen(metrics, at) {
  failures = 0;
  $("key-form").hidden = true;
  $("figures").hidden = false;
  $("forget").hidden = key === null;
  $("status").textContent = "Live";
  const oldest = looks[0];
  if (oldest) {
    const span = new Span(oldest.metrics, metrics, (at - oldest.at) / 1000);
    for (const show of shown) show(span);
  }
  looks = [...looks, { at, metrics }].slice(-SPAN_LOOKS);
}

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  keep($("key").value.trim());
  $("key").value = "";
  $("refused").textContent = "";
  look();
});
$("forget").addEventListener("click", () => ask(""));
// Nobody looks at a window in the background.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else if ($("key-form").hidden) look();
});
look();
