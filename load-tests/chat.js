// Visitors of the web chat: each opens a session, listens to the event stream, and writes. What was heard on the stream
// is compared with the transcript.

import http from "k6/http";
import { sleep } from "k6";
import { Counter } from "k6/metrics";
import { Person, must, passes } from "./lib/desk.js";
import * as figures from "./lib/figures.js";
import { compare, report, settle } from "./lib/ledger.js";
import { id, openSalons, pick } from "./lib/salon.js";
import { settings } from "./lib/settings.js";
import { steady } from "./lib/stages.js";
import { STATS, at, summary } from "./lib/summary.js";

// How long somebody listens. k6 hands over the body of a stream when its time is up.
const LISTENS_S = 12;
const QUESTIONS = ["do you have parking?", "how much is a pedicure?", "where are you?", "what are your opening hours?"];

const heardLive = new Counter("replies_heard_live");

const numbers = [...Array(settings.salons).keys()];

export const options = {
  summaryTrendStats: STATS,
  scenarios: { chat: steady(settings.rate, settings.seconds, { lasts: LISTENS_S + 2 }) },
  thresholds: {
    ...figures.ALWAYS,
    messages_failed: ["rate<0.001"],
    // The burst window of the chat is a part of it.
    answer_time: ["p(95)<1500"],
    replies_heard_live: ["count>0"],
    refused: ["count==0"],
  },
};

export const setup = () => openSalons();

export default async function () {
  const business = id(pick(numbers));
  const opened = http.post(`${settings.base}/web/session`, JSON.stringify({ business_id: business }), {
    headers: { "Content-Type": "application/json" },
    tags: { name: "openWebSession" },
  });
  if (opened.status !== 200) {
    passes(opened);
    return;
  }
  const session = opened.json();
  const person = new Person(business, { channel: "web", token: session.token, name: session.participant_id });
  const listening = http.asyncRequest("GET", `${person.path}/events?after=0`, null, {
    headers: session.token ? { Authorization: `Bearer ${session.token}` } : {},
    tags: { name: "listen" },
    timeout: `${LISTENS_S}s`,
    responseCallback: null,
  });
  // The stream begins before the first word.
  await new Promise((done) => setTimeout(done, 300));
  // One after the other, without waiting for the end of the stream: `say` blocks this visitor and nobody else.
  for (let asked = 0; asked < 3; asked++) {
    person.say(pick(QUESTIONS));
    sleep(settings.think * (0.5 + Math.random()));
  }
  const stream = await listening;
  const replies = events(stream.body ?? "").filter((event) => event.kind === "reply");
  heardLive.add(replies.length);
  must(replies, {
    "replies come in order": (all) => all.every((event, n) => n === 0 || event.data.seq > all[n - 1].data.seq),
    "an event's id is the reply's number": (all) => all.every((event) => event.id === String(event.data.seq)),
  });

  const transcript = person.transcript();
  if (transcript === null) return;
  const said = transcript.filter((message) => message.direction === "outbound").map((message) => message.message_id);
  const { missing, more } = compare(said, replies.map((event) => event.data.message_id));
  report(person, missing, more, { transcript, replies });
  settle(person);
}

// The server-sent events of a body that may end in the middle of one.
function events(body) {
  const whole = body.split("\n\n").slice(0, -1);
  const field = (event, name) =>
    event.split("\n").filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim()).join("\n");
  return whole
    .filter((event) => field(event, "event") !== "")
    .map((event) => {
      const data = field(event, "data");
      return { kind: field(event, "event"), id: field(event, "id"), data: data.startsWith("{") ? JSON.parse(data) : null };
    });
}

export const handleSummary = summary("chat", (data) => ({
  lines: [`live        ${at(data, "replies_heard_live", "count") ?? 0} replies heard on event streams`],
  facts: { replies_heard_live: at(data, "replies_heard_live", "count") },
}));
