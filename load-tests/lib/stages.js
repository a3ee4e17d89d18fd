// Shapes of load. All are open: conversations begin at their rate, however slow the answers are.

import { settings } from "./settings.js";

// Enough virtual users for a rate of conversations that take so long each.
const users = (rate, seconds) => Math.ceil(rate * seconds) + 10;

// A conversation takes about six messages, each with a thought before it.
const LASTS_S = 6 * (settings.think + 0.5);

export const open = (stages, rate, more = {}) => ({
  executor: "ramping-arrival-rate",
  startRate: Math.max(1, Math.round(rate / 10)),
  timeUnit: "1s",
  preAllocatedVUs: users(rate, LASTS_S),
  maxVUs: users(rate, LASTS_S * 4),
  // Who is in the middle of a conversation may finish it.
  gracefulStop: "60s",
  stages,
  ...more,
});

export const steady = (rate, seconds, more = {}) => ({
  executor: "constant-arrival-rate",
  rate,
  timeUnit: "1s",
  duration: `${seconds}s`,
  preAllocatedVUs: users(rate, more.lasts ?? LASTS_S),
  maxVUs: users(rate, (more.lasts ?? LASTS_S) * 4),
  gracefulStop: "60s",
  ...Object.fromEntries(Object.entries(more).filter(([name]) => name !== "lasts")),
});
