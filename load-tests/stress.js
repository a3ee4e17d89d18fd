// Finds the knee: the load grows in steps of 15 seconds until the service no longer keeps up, and the last step that it
// did keep up with is printed. A step is kept when 95 of 100 answers take less than half a second, hardly any message
// stays without an answer, and no conversation had to wait for a free virtual user.

import { Person } from "./lib/desk.js";
import { ALWAYS } from "./lib/figures.js";
import { converse } from "./lib/people.js";
import { id, openSalons, pick } from "./lib/salon.js";
import { settings } from "./lib/settings.js";
import { steady } from "./lib/stages.js";
import { SHOWN, STATS, at, ms, summary } from "./lib/summary.js";

const STEP_S = 15;
const P95_MS_MAX = 500;
const FAILED_MAX = 0.01;

const numbers = [...Array(settings.salons).keys()];
const steps = [...Array(settings.steps).keys()].map((step) => ({
  name: `step_${String(step + 1).padStart(2, "0")}`,
  rate: settings.first + step * settings.step,
  begins: step * STEP_S,
}));

const perStep = (metric, rule) => Object.fromEntries(steps.map(({ name }) => [`${metric}{scenario:${name}}`, [rule]]));

export const options = {
  summaryTrendStats: STATS,
  scenarios: Object.fromEntries(
    steps.map(({ name, rate, begins }) => [name, steady(rate, STEP_S, { startTime: `${begins}s`, gracefulStop: "30s" })]),
  ),
  thresholds: {
    ...ALWAYS,
    ...perStep("answer_time", SHOWN[0]),
    ...perStep("messages", SHOWN[1]),
    ...perStep("dropped_iterations", SHOWN[1]),
    ...perStep("messages_failed", SHOWN[2]),
    // Far beyond the knee there is nothing more to learn.
    messages_failed: [{ threshold: "rate<0.3", abortOnFail: true, delayAbortEval: "10s" }],
  },
};

export const setup = () => openSalons();

export default function () {
  converse(new Person(id(pick(numbers))));
}

export const handleSummary = summary("stress", (data) => {
  const rows = steps
    .map(({ name, rate }) => ({
      rate,
      messages_per_second: (at(data, `messages{scenario:${name}}`, "count") ?? 0) / STEP_S,
      p95: at(data, `answer_time{scenario:${name}}`, "p(95)"),
      failed: at(data, `messages_failed{scenario:${name}}`, "rate") ?? 0,
      not_begun: at(data, `dropped_iterations{scenario:${name}}`, "count") ?? 0,
    }))
    .filter((row) => row.messages_per_second > 0);
  const broke = rows.findIndex((row) => row.p95 >= P95_MS_MAX || row.failed > FAILED_MAX || row.not_begun > 0);
  const knee = broke < 0 ? rows.at(-1) : rows[broke - 1];
  const told = knee
    ? `${knee.rate} conversations a second, ${knee.messages_per_second.toFixed(0)} messages a second${broke < 0 ? ", and it was not reached: raise STEP or STEPS" : ""}`
    : "below the first step: lower FIRST";
  return {
    lines: [
      "",
      "begun/s  messages/s        p95   no answer  not begun",
      ...rows.map((row) => [
        String(row.rate).padStart(7),
        row.messages_per_second.toFixed(0).padStart(11),
        ms(row.p95).padStart(10),
        `${(row.failed * 100).toFixed(2)} %`.padStart(11),
        String(row.not_begun).padStart(10),
      ].join(" ")),
      "",
      `knee        ${told}`,
    ],
    facts: { steps: rows, knee: knee ?? null, knee_reached: broke >= 0 },
  };
});
