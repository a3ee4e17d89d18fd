// One customer whose device has gone mad: bursts of messages at the same instant, in one conversation, again and again.
// More than may wait are refused with a hint; each that was taken stands in the transcript once, and numbers have no gap.

import http from "k6/http";
import { Person, freshName, must, passes } from "./lib/desk.js";
import * as figures from "./lib/figures.js";
import { report } from "./lib/ledger.js";
import { id, openSalons } from "./lib/salon.js";
import { settings } from "./lib/settings.js";
import { steady } from "./lib/stages.js";
import { STATS, summary } from "./lib/summary.js";

const BURST = 8;

export const options = {
  summaryTrendStats: STATS,
  scenarios: { hot_pair: steady(settings.rate, settings.seconds, { lasts: 2 }) },
  batch: BURST,
  batchPerHost: BURST,
  thresholds: {
    ...figures.ALWAYS,
    answer_time: ["p(95)<1000"],
    messages_failed: ["rate<0.5"],
  },
};

export function setup() {
  openSalons(1);
  return { name: freshName("hot") };
}

const TEXTS = ["hi", "do you have parking?", "gel manicure", "how much is a pedicure?", "tomorrow", "hm", "no", "where are you?"];

export default function ({ name }) {
  const person = new Person(id(0), { name });
  const burst = TEXTS.map((text) => [freshName("m"), text]);
  const responses = http.batch(burst.map(([message, text]) => person.request(text, message)));
  const taken = [];
  responses.forEach((response, at) => {
    figures.messages.add(1);
    const answered = response.status === 200;
    figures.messagesFailed.add(!answered);
    if (!answered) {
      passes(response);
      return;
    }
    figures.answerTime.add(response.timings.duration);
    const answer = response.json();
    must(answer, { "an answer carries the message's id": (a) => a.message_id === burst[at][0] });
    taken.push(burst[at][0]);
  });
  // The newest page holds them, unless a hundred more came meanwhile.
  const page = person.read(`${person.path}/messages?limit=200`, "readTranscript");
  if (page === null) return;
  const first = page.messages[0]?.seq ?? 1;
  const there = new Map();
  page.messages.forEach((message) => there.set(message.message_id, (there.get(message.message_id) ?? 0) + 1));
  const twice = [...there.values()].filter((times) => times > 1).length;
  const gaps = page.messages.filter((message, at) => message.seq !== first + at).length;
  const missing = taken.filter((message) => !there.has(message));
  // What is not on the page may stand on the one before it.
  const earlier = missing.length > 0 && page.before !== null
    ? person.read(`${person.path}/messages?limit=200&before=${page.before}`, "readTranscript")?.messages ?? []
    : [];
  const known = new Set(earlier.map((message) => message.message_id));
  const gone = missing.filter((message) => !known.has(message)).length;
  report(person, gone + (gaps > 0 ? 1 : 0), twice, page);
}

export const handleSummary = summary("hot-pair");
