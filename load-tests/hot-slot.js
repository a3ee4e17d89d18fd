// Twenty people want the same hour with the same person, at the same instant, RATE times a second. One gets it, the others
// are told, and no seat is given twice: the calendar is looked through at the end.

import http from "k6/http";
import exec from "k6/execution";
import { Counter } from "k6/metrics";
import { Person, freshName, must, passes } from "./lib/desk.js";
import * as figures from "./lib/figures.js";
import { settle } from "./lib/ledger.js";
import { dayName, id, openSalons } from "./lib/salon.js";
import { headers, settings } from "./lib/settings.js";
import { steady } from "./lib/stages.js";
import { STATS, at, summary } from "./lib/summary.js";

const RIVALS = 20;
const HOURS = ["9:00 am", "11:00 am", "1:00 pm", "3:00 pm", "5:00 pm"];

const won = new Counter("slots_won");
const refused = new Counter("slots_refused");
const overlapping = new Counter("overlapping_visits");

export const options = {
  summaryTrendStats: STATS,
  scenarios: { hot_slot: steady(settings.rate, settings.seconds, { lasts: 2 }) },
  batch: RIVALS,
  batchPerHost: RIVALS,
  thresholds: {
    ...figures.ALWAYS,
    messages_failed: ["rate<0.001"],
    answer_time: ["p(95)<500"],
    overlapping_visits: ["count==0"],
    slots_won: ["count>0"],
  },
};

// A run begins on a day of its own, so that two runs on one database do not want each other's hours.
export function setup() {
  openSalons(1);
  overlapping.add(0);
  return { first: 3 + Math.floor(Math.random() * 60) };
}

const day = (first, number) => new Date(Date.now() + (first + number) * 86_400_000);

export default function ({ first }) {
  const slot = exec.scenario.iterationInTest;
  const hour = HOURS[slot % HOURS.length];
  const date = day(first, Math.floor(slot / HOURS.length) % 50);
  const text = `gel manicure with Ana on ${dayName(date)} at ${hour}, I'm Vera`;
  const rivals = [...Array(RIVALS)].map(() => new Person(id(0)));
  const asked = all(rivals, () => text);
  const promised = rivals.filter((_, n) => asked[n] !== null && isOffered(asked[n]));
  refused.add(rivals.length - promised.length);
  const confirmed = all(promised, () => "yes").filter((answer) => answer !== null);
  const got = confirmed.filter((answer) => answer.appointments.some((one) => one.status === "confirmed")).length;
  won.add(got);
  refused.add(confirmed.length - got);
  figures.booked.add(got);
  must(got, { "an hour is given to one at most": (winners) => winners <= 1 });
  rivals.forEach(settle);
}

const isOffered = (answer) => answer.replies.flatMap((reply) => reply.options).some((option) => /^yes/i.test(option));

// Everybody speaks at the same instant.
function all(people, text) {
  const said = people.map((person) => [person, freshName("m"), text(person)]);
  const responses = http.batch(said.map(([person, message, words]) => person.request(words, message)));
  return responses.map((response, n) => {
    const [person, message, words] = said[n];
    if (response.status !== 200) {
      passes(response);
      // Under the same id, as often as anybody would.
      return person.say(words, message);
    }
    figures.answerTime.add(response.timings.duration);
    return person.note(message, words, response.json());
  });
}

// Every visit of Ana in that time, in order: none begins before the one before it has ended.
export function teardown({ first }) {
  const from = day(first - 1, 0).toISOString();
  const until = day(first, 51).toISOString();
  const visits = [];
  for (let after = ""; ;) {
    const url = `${settings.base}/v1/businesses/${id(0)}/appointments?from=${from}&until=${until}&limit=200${after}`;
    const answer = http.get(url, { headers: headers(), tags: { name: "listAppointments" } });
    if (answer.status !== 200) throw new Error(`the calendar cannot be read: ${answer.status} ${answer.body}`);
    const page = answer.json();
    visits.push(...page.appointments);
    if (!page.next) break;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
  const live = visits
    .filter((visit) => visit.staff === "ana" && ["held", "pending", "confirmed", "checked_in"].includes(visit.status))
    .sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
  const clashes = live.filter((visit, n) => n > 0 && Date.parse(live[n - 1].ends_at) > Date.parse(visit.starts_at));
  overlapping.add(clashes.length);
  if (clashes.length > 0) console.error(`overlapping: ${JSON.stringify(clashes)}`);
}

export const handleSummary = summary("hot-slot", (data) => {
  const [got, not] = ["slots_won", "slots_refused"].map((name) => at(data, name, "count") ?? 0);
  return {
    lines: [`hours       ${got} won, ${not} refused, ${at(data, "overlapping_visits", "count") ?? "–"} given twice`],
    facts: { slots_won: got, slots_refused: not, overlapping: at(data, "overlapping_visits", "count") },
  };
});
