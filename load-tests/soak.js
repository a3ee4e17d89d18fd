// A day in small: a steady load for SECONDS (an hour by default), while somebody watches what the process holds. Memory
// may grow until caches are full; what it is after a quarter of the time it must still be at the end, within a tenth, or
// within a third when the run is too short to fill them. Waits are shown by quarters: they must not grow.

import http from "k6/http";
import { sleep } from "k6";
import { Gauge } from "k6/metrics";
import { Person } from "./lib/desk.js";
import { ALWAYS } from "./lib/figures.js";
import { converse } from "./lib/people.js";
import { id, openSalons, pick } from "./lib/salon.js";
import { headers, settings } from "./lib/settings.js";
import { steady } from "./lib/stages.js";
import { SHOWN, STATS, at, ms, summary } from "./lib/summary.js";

const SECONDS = __ENV.SECONDS ? settings.seconds : 3600;
const LOOK_EVERY_S = Math.max(1, Math.min(15, SECONDS / 40));
const LONG_S = 1200;
const GROWN_MAX = SECONDS >= LONG_S ? 1.1 : 1.33;
const quarters = [1, 2, 3, 4].map((number) => `quarter_${number}`);

const numbers = [...Array(settings.salons).keys()];
const memory = new Gauge("memory_mib");
const grown = new Gauge("memory_grown");
const unfinished = new Gauge("inbox_unfinished");
const violations = new Gauge("invariant_violations");

export const options = {
  summaryTrendStats: STATS,
  scenarios: {
    ...Object.fromEntries(
      quarters.map((name, at) => [name, steady(settings.rate, SECONDS / 4, { startTime: `${(at * SECONDS) / 4}s` })]),
    ),
    watch: { executor: "constant-vus", vus: 1, duration: `${SECONDS}s`, exec: "watch" },
  },
  thresholds: {
    ...ALWAYS,
    messages_failed: ["rate<0.001"],
    answer_time: ["p(95)<250", "p(99)<1000"],
    ...Object.fromEntries(quarters.map((name) => [`answer_time{scenario:${name}}`, [SHOWN[0]]])),
    booked: ["count>0"],
    dropped_iterations: ["count==0"],
    memory_grown: [`value<${GROWN_MAX}`],
    invariant_violations: ["value==0"],
  },
};

export const setup = () => openSalons();

export default function () {
  converse(new Person(id(pick(numbers))));
}

// Kept by the one virtual user that watches.
let begun = null;
let settled = null;

export function watch() {
  begun ??= Date.now();
  const answer = http.get(`${settings.base}/v1/stats`, { headers: headers(), tags: { name: "stats" } });
  if (answer.status === 200) {
    const stats = answer.json();
    const bytes = stats.resident_memory_bytes;
    memory.add(bytes / 1_048_576);
    unfinished.add(stats.database?.inbox_unfinished ?? 0);
    violations.add(Object.values(stats.invariant_violations).reduce((sum, times) => sum + times, 0));
    if (Date.now() - begun >= (SECONDS * 1000) / 4) {
      settled ??= bytes;
      grown.add(bytes / settled);
    }
  }
  sleep(LOOK_EVERY_S);
}

export const handleSummary = summary("soak", (data) => {
  const [least, most, last] = ["min", "max", "value"].map((name) => at(data, "memory_mib", name) ?? 0);
  const ratio = at(data, "memory_grown", "value");
  const p99 = quarters.map((name) => at(data, `answer_time{scenario:${name}}`, "p(99)"));
  return {
    lines: [
      `p99         by quarters: ${p99.map(ms).join(", ")}`,
      `memory      ${least.toFixed(0)} MiB to ${most.toFixed(0)} MiB, ${last.toFixed(0)} MiB at the end, ${ratio?.toFixed(2) ?? "–"} times what it was after a quarter`,
    ],
    facts: { memory_mib: { least, most, last }, memory_grown: ratio, p99_by_quarter: p99 },
  };
});
