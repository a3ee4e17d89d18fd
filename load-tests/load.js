// An ordinary busy day: conversations begin faster and faster, then at RATE a second for SECONDS, then fewer again.

import { Person } from "./lib/desk.js";
import { ALWAYS } from "./lib/figures.js";
import { converse } from "./lib/people.js";
import { id, openSalons, pick } from "./lib/salon.js";
import { settings } from "./lib/settings.js";
import { open } from "./lib/stages.js";
import { STATS, summary } from "./lib/summary.js";

const numbers = [...Array(settings.salons).keys()];

export const options = {
  summaryTrendStats: STATS,
  scenarios: {
    load: open(
      [
        { target: settings.rate, duration: "20s" },
        { target: settings.rate, duration: `${settings.seconds}s` },
        { target: 1, duration: "10s" },
      ],
      settings.rate,
    ),
  },
  thresholds: {
    ...ALWAYS,
    messages_failed: ["rate<0.001"],
    answer_time: ["p(95)<250", "p(99)<1000"],
    booked: ["count>0"],
    refused: ["count==0"],
    dropped_iterations: ["count==0"],
  },
};

export const setup = () => openSalons();

export default function () {
  converse(new Person(id(pick(numbers))));
}

export const handleSummary = summary("load");
