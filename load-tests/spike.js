// A quiet service meets ten times as many people from one second to the next, and must be itself again afterwards. In
// the spike it may refuse, if it says when to come again; it may lose nothing.

import { Person } from "./lib/desk.js";
import { ALWAYS } from "./lib/figures.js";
import { converse } from "./lib/people.js";
import { id, openSalons, pick } from "./lib/salon.js";
import { settings } from "./lib/settings.js";
import { steady } from "./lib/stages.js";
import { SHOWN, STATS, at, ms, summary } from "./lib/summary.js";

const numbers = [...Array(settings.salons).keys()];
const LASTS = Math.max(20, Math.round(settings.seconds / 3));
const PHASES = {
  before: { rate: settings.rate, begins: 0 },
  spike: { rate: settings.rate * 10, begins: LASTS },
  after: { rate: settings.rate, begins: 2 * LASTS + 10 },
};

export const options = {
  summaryTrendStats: STATS,
  scenarios: Object.fromEntries(
    Object.entries(PHASES).map(([name, { rate, begins }]) => [name, steady(rate, LASTS, { startTime: `${begins}s` })]),
  ),
  thresholds: {
    ...ALWAYS,
    messages_failed: ["rate<0.05"],
    "messages_failed{scenario:after}": ["rate<0.001"],
    "answer_time{scenario:before}": ["p(95)<250"],
    "answer_time{scenario:spike}": [SHOWN[0]],
    "answer_time{scenario:after}": ["p(95)<250"],
  },
};

export const setup = () => openSalons();

export default function () {
  converse(new Person(id(pick(numbers))));
}

export const handleSummary = summary("spike", (data) => {
  const p95 = (name) => at(data, `answer_time{scenario:${name}}`, "p(95)");
  const phases = Object.fromEntries(Object.keys(PHASES).map((name) => [name, p95(name)]));
  return {
    lines: [`p95         ${Object.entries(phases).map(([name, time]) => `${name} ${ms(time)}`).join(", ")}`],
    facts: { p95_ms: phases },
  };
});
