// Talking to the service as a caller of its API, and keeping a log of everything that was said on both sides.

import http from "k6/http";
import { check, sleep } from "k6";
import * as figures from "./figures.js";
import { headers, settings } from "./settings.js";

// A message is sent again under its own id at most so often, as a careful caller does.
const TRIES = 4;
const WAIT_MAX_S = 3;
// How long a reply may follow after a 202.
const LATE_MAX_S = 30;

// 2 to the power of 64 names are enough for any run, and two runs on one database do not meet.
const run = Math.floor(Math.random() * 0xffffffff).toString(16);
let drawn = 0;
export const freshName = (what) => `${what}-${run}-${__VU}-${drawn++}`;

http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }, 401, 429, 503));

export class Person {
  constructor(business, { channel = "api", token = null, name = freshName("person") } = {}) {
    this.business = business;
    this.name = name;
    this.channel = channel;
    this.token = token;
    // { id, text, answer }: what was sent, with what came back; no answer when the message failed.
    this.log = [];
    figures.countFromZero();
    figures.conversations.add(1);
  }

  get path() {
    return `${settings.base}/v1/businesses/${this.business}/participants/${encodeURIComponent(this.name)}`;
  }

  headers() {
    return this.token ? { ...headers(), Authorization: `Bearer ${this.token}` } : headers();
  }

  request(text, id) {
    const body = {
      business_id: this.business,
      participant_id: this.name,
      message_id: id,
      channel: this.channel,
      text,
    };
    return ["POST", `${settings.base}/v1/messages`, JSON.stringify(body), {
      headers: this.headers(),
      tags: { name: "sendMessage" },
      timeout: "40s",
    }];
  }

  // Says something and gives the answer, or `null` when there was none after every try.
  say(text, id = freshName("m")) {
    const begun = Date.now();
    let accepted = false;
    for (let tried = 0; tried < TRIES; tried++) {
      const response = http.request(...this.request(text, id));
      if (response.status === 200) {
        const answer = response.json();
        figures.answerTime.add(tried === 0 ? response.timings.duration : Date.now() - begun);
        return this.note(id, text, answer);
      }
      if (response.status === 202) {
        accepted = true;
        break;
      }
      if (!passes(response)) break;
      sleep(pause(response, tried));
    }
    // Kept, and answered later: the transcript says when.
    for (const until = Date.now() + LATE_MAX_S * 1000; accepted && Date.now() < until; sleep(0.5)) {
      const response = http.request(...this.request(text, id));
      if (response.status === 200) {
        figures.answerTime.add(Date.now() - begun);
        return this.note(id, text, response.json());
      }
    }
    figures.messages.add(1);
    figures.messagesFailed.add(true);
    this.log.push({ id, text, answer: null });
    return null;
  }

  note(id, text, answer) {
    figures.messages.add(1);
    figures.messagesFailed.add(false);
    must(answer, {
      "an answer carries the message's id": (a) => a.message_id === id,
      "an answer says something": (a) => a.replies.length > 0 && a.replies.every((reply) => reply.text.length > 0),
      "a version grows": (a) => a.duplicate || a.version > this.version(),
    });
    this.log.push({ id, text, answer });
    return answer;
  }

  version() {
    return this.log.reduce((highest, said) => Math.max(highest, said.answer?.version ?? 0), 0);
  }

  // Sends the last message once more under the same id. It must change nothing.
  repeat() {
    const last = this.log.at(-1);
    if (!last?.answer) return;
    const response = http.request(...this.request(last.text, last.id));
    if (response.status !== 200) {
      passes(response);
      return;
    }
    const again = response.json();
    must(again, {
      "a message that is sent again is a duplicate": (a) => a.duplicate === true && a.version === last.answer.version,
      "a duplicate is answered the same way": (a) => same(a.replies, last.answer.replies),
    });
  }

  transcript() {
    const pages = [];
    for (let before = null; ;) {
      const query = before === null ? "limit=200" : `limit=200&before=${before}`;
      const page = this.read(`${this.path}/messages?${query}`, "readTranscript");
      if (page === null) return null;
      pages.unshift(...page.messages);
      before = page.before;
      if (before === null) return pages;
    }
  }

  context() {
    return this.read(`${this.path}/context`, "readContext");
  }

  read(url, name) {
    for (let tried = 0; tried < TRIES; tried++) {
      const response = http.get(url, { headers: this.headers(), tags: { name }, timeout: "20s" });
      if (response.status === 200) return response.json();
      if (!passes(response)) return null;
      sleep(pause(response, tried));
    }
    return null;
  }
}

// Whether it is worth asking again. A refusal must say when.
export function passes(response) {
  if (response.status === 429 || response.status === 503) {
    figures.refused.add(1);
    if (!response.headers["Retry-After"]) figures.refusedWithoutHint.add(1);
    return true;
  }
  // 0: the line broke. The message's id makes the next try harmless.
  return response.status === 0 || response.status === 504;
}

export function pause(response, tried) {
  const asked = Number(response.headers["Retry-After"]) || 0.2 * 2 ** tried;
  return Math.min(asked, WAIT_MAX_S) * (0.75 + Math.random() / 2);
}

// Checks what an answer says, and counts what is wrong.
export function must(subject, checks) {
  const failed = Object.entries(checks).filter(([, holds]) => !holds(subject)).map(([name]) => name);
  check(subject, Object.fromEntries(Object.keys(checks).map((name) => [name, () => !failed.includes(name)])));
  if (failed.length > 0) {
    figures.wrong.add(1);
    console.error(`wrong: ${failed.join(", ")}: ${JSON.stringify(subject).slice(0, 600)}`);
  }
  return failed.length === 0;
}

// k6 gives the fields of an object in no order, so that whole objects cannot be compared as JSON.
const said = (replies) => JSON.stringify(replies.map((reply) => [reply.text, reply.options]));
export const same = (a, b) => said(a) === said(b);
