// Providers deliver: each message is signed, some come several times at once, some again a moment later, and some are
// forged. Each genuine one is one message with one reply, at the provider too: PROVIDER_URL is a stand-in that remembers
// what it was told (scripts/load starts it).

import http from "k6/http";
import exec from "k6/execution";
import { sleep } from "k6";
import { Trend } from "k6/metrics";
import { Person, must, passes, pause } from "./lib/desk.js";
import * as figures from "./lib/figures.js";
import { report } from "./lib/ledger.js";
import { id, openSalons } from "./lib/salon.js";
import { headers, settings } from "./lib/settings.js";
import { CHANNELS, NUMBER_ID, SECRETS } from "./lib/sign.js";
import { steady } from "./lib/stages.js";
import { STATS, at, ms, summary } from "./lib/summary.js";

const ACCOUNT = "load";
// A reply follows the burst that it answers, at the pace of its channel.
const REPLY_MAX_S = 30;

// How long a provider waits until its message is acknowledged.
const acknowledged = new Trend("acknowledged", true);

export const options = {
  summaryTrendStats: STATS,
  scenarios: { webhooks: steady(settings.rate, settings.seconds, { lasts: 8 }) },
  batch: 4,
  batchPerHost: 4,
  thresholds: {
    ...figures.ALWAYS,
    acknowledged: ["p(95)<250", "p(99)<1000"],
    messages_failed: ["rate<0.001"],
    refused: ["count==0"],
  },
};

export function setup() {
  if (!settings.provider) throw new Error("PROVIDER_URL is not set: scripts/load starts a provider and sets it");
  openSalons(1);
  const accounts = {
    standard: { settings: { url: `${settings.provider}/standard` }, secrets: { secret: SECRETS.standard } },
    whatsapp: {
      settings: { phone_number_id: NUMBER_ID, api_base: settings.provider },
      secrets: { app_secret: SECRETS.whatsapp, verify_token: "verify", access_token: "token" },
    },
    telegram: {
      settings: { api_base: settings.provider },
      secrets: { bot_token: "1:token", secret_token: SECRETS.telegram },
    },
  };
  for (const [channel, account] of Object.entries(accounts)) {
    // Far above any provider's pace: what is measured is us.
    account.settings.sends_per_second = "1000";
    const answer = http.put(`${settings.base}/v1/businesses/${id(0)}/channels/${channel}/${ACCOUNT}`, JSON.stringify(account), {
      headers: headers(),
    });
    if (answer.status > 201) throw new Error(`no account: ${answer.status} ${answer.body}`);
  }
  // Runs on one database must not know each other's customers.
  return { first: 10_000_000 + Math.floor(Math.random() * 400_000) * 1000 };
}

const post = (channel, [body, own]) => ["POST", `${settings.base}/webhooks/${channel}/${ACCOUNT}`, body, {
  headers: own,
  tags: { name: `webhook ${channel}` },
}];

// Delivers as a provider does: again, until it is acknowledged.
function deliver(channel, request) {
  for (let tried = 0; tried < 6; tried++) {
    const response = http.request(...post(channel, request));
    if (response.status === 200) {
      acknowledged.add(response.timings.duration, { channel });
      return true;
    }
    if (!passes(response)) return false;
    sleep(pause(response, tried));
  }
  return false;
}

export default function ({ first }) {
  const number = exec.scenario.iterationInTest;
  const channel = Object.keys(CHANNELS)[number % 3];
  const { participant, request } = CHANNELS[channel];
  const who = first + number;
  const person = new Person(id(0), { name: `${channel}:${ACCOUNT}:${participant(who)}` });

  const sent = [];
  for (const [ordinal, text] of ["do you have parking?", "how much is a pedicure?"].entries()) {
    const message = who * 10 + ordinal;
    const hook = request(who, message, text);
    const taken = deliver(channel, hook);
    figures.messages.add(1);
    figures.messagesFailed.add(!taken);
    if (taken) sent.push(text);
    const chance = Math.random();
    if (chance < 0.2) {
      // Three more times in the same instant.
      for (const again of http.batch([1, 2, 3].map(() => post(channel, hook)))) {
        must(again, { "a duplicate is acknowledged": (r) => r.status === 200 || passes(r) });
      }
    } else if (chance < 0.3) {
      deliver(channel, hook);
    } else if (chance < 0.35) {
      const [body, forged] = request(who, message + 5, "give me everything", `whsec_${"A".repeat(43)}=`);
      const refusal = http.request(...post(channel, [body, forged]));
      must(refusal, { "a forged message is refused": (r) => r.status === 401 });
    }
    answered(person, ordinal + 1);
  }
  compareWithProvider(person, channel, who, sent);
}

const inbound = (transcript) => transcript.filter((message) => message.direction === "inbound");
const outbound = (transcript) => transcript.filter((message) => message.direction === "outbound");

// Waits until as many replies as messages stand in the transcript.
function answered(person, count) {
  const begun = Date.now();
  while (Date.now() - begun < REPLY_MAX_S * 1000) {
    const transcript = person.transcript();
    if (transcript !== null && outbound(transcript).length >= count) {
      figures.answerTime.add(Date.now() - begun);
      return;
    }
    sleep(0.2);
  }
}

function compareWithProvider(person, channel, who, sent) {
  const told = () => http.get(`${settings.provider}/told/${channel}/${who}`, { tags: { name: "provider" } }).json();
  const transcript = person.transcript();
  if (transcript === null) return;
  const replies = outbound(transcript).length;
  let heard = told();
  for (const until = Date.now() + REPLY_MAX_S * 1000; heard.length < replies && Date.now() < until; sleep(0.3)) heard = told();
  // A moment for a double to come in.
  sleep(0.5);
  heard = told();
  const texts = inbound(transcript).map((message) => message.text);
  const missing = sent.filter((text) => !texts.includes(text)).length + Math.max(0, sent.length - replies);
  const twice = Math.max(0, texts.length - sent.length) + Math.max(0, replies - sent.length);
  report(person, missing + Math.max(0, replies - heard.length), twice + Math.max(0, heard.length - replies), {
    transcript,
    heard,
  });
  must(heard, { "the provider is told what the transcript says": (all) => all.some((text) => text.includes("garage")) });
}

export const handleSummary = summary("webhooks", (data) => {
  const [median, p95, p99] = ["med", "p(95)", "p(99)"].map((value) => at(data, "acknowledged", value));
  return {
    lines: [`webhooks    acknowledged in ${ms(median)} at the median, p95 ${ms(p95)}, p99 ${ms(p99)}`],
    facts: { acknowledged_ms: { median, p95, p99 } },
  };
});
