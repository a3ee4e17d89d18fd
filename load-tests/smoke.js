// A few conversations of every kind: does it work at all, and do these scripts?

import { Person } from "./lib/desk.js";
import { ALWAYS } from "./lib/figures.js";
import { prove } from "./lib/ledger.js";
import { converse } from "./lib/people.js";
import { id, openSalons } from "./lib/salon.js";
import { steady } from "./lib/stages.js";
import { STATS, summary } from "./lib/summary.js";

export const options = {
  summaryTrendStats: STATS,
  scenarios: { smoke: steady(2, 15) },
  thresholds: {
    ...ALWAYS,
    messages_failed: ["rate==0"],
    answer_time: ["p(95)<500"],
    booked: ["count>0"],
    refused: ["count==0"],
    dropped_iterations: ["count==0"],
  },
};

export function setup() {
  prove();
  openSalons(2);
}

export default function () {
  converse(new Person(id(__ITER % 2)));
}

export const handleSummary = summary("smoke");
