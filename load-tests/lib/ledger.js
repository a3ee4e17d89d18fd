// Whether anything was lost or doubled: what a person sent and was told, beside what the transcript says.

import * as figures from "./figures.js";

const count = (list, key) => {
  const counts = new Map();
  for (const item of list) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
};

const extra = (counts) => [...counts.values()].reduce((sum, times) => sum + times - 1, 0);

// What the waitlist says of its own accord when a slot has become free; no answer holds it.
const isNotice = (message) => message.text.startsWith("Good news:");

// Compares a whole conversation. A message without an answer may or may not be there; everything else must be there once,
// in its order, and nothing else but notices, each of which is there once, too.
export function settle(person) {
  const transcript = person.transcript();
  if (transcript === null) return;
  const { missing, twice } = balance(person.log, transcript);
  report(person, missing, twice, transcript);
}

// What a transcript lacks of a log, and what it has more than once.
export function balance(log, transcript) {
  const inbound = transcript.filter((message) => message.direction === "inbound");
  const outbound = transcript.filter((message) => message.direction === "outbound");
  const replies = outbound.filter((message) => !isNotice(message));
  const notices = outbound.filter(isNotice);
  const answered = log.filter((said) => said.answer !== null);

  const times = count(inbound, (message) => message.message_id);
  const unsaid = answered.filter((said) => !times.has(said.id)).length;

  // Replies have ids of their own that an answer does not name, so that they are compared by what they say.
  const expected = answered.flatMap((said) => said.answer.replies.map((reply) => reply.text));
  const { missing: unheard, more } = compare(expected, replies.map((message) => message.text));
  const repeated = extra(count(outbound, (message) => message.message_id)) + extra(count(notices, (message) => message.text));
  const isWhole = log.length === answered.length;

  const gaps = transcript.some((message, at) => message.seq !== at + 1);
  return { missing: unsaid + unheard + (gaps ? 1 : 0), twice: extra(times) + Math.max(repeated, isWhole ? more : 0) };
}

// Shows that the counts above count: a run that could not see a loss would prove nothing.
export function prove() {
  const log = [{ id: "a", answer: { replies: [{ text: "A" }] } }, { id: "b", answer: { replies: [{ text: "B" }] } }];
  const line = (direction, message_id, text) => ({ direction, message_id, text });
  const whole = [line("inbound", "a", "?"), line("outbound", "1", "A"), line("inbound", "b", "?"), line("outbound", "2", "B")];
  const numbered = (lines) => lines.map((message, at) => ({ ...message, seq: at + 1 }));
  const cases = [
    ["a whole transcript", numbered(whole), 0, 0],
    ["a lost message", numbered(whole.filter((message) => message.message_id !== "b")), 1, 0],
    ["a lost reply", numbered(whole.slice(0, 3)), 1, 0],
    ["a gap", numbered(whole).map((message) => ({ ...message, seq: message.seq + 1 })), 1, 0],
    ["a doubled message", numbered([...whole, whole[2]]), 0, 1],
    ["a doubled reply", numbered([...whole, line("outbound", "3", "B")]), 0, 1],
    ["a reply that was sent again", numbered([...whole, whole[3]]), 0, 1],
    ["a notice", numbered([...whole, line("outbound", "3", "Good news: C")]), 0, 0],
    ["a doubled notice", numbered([...whole, line("outbound", "3", "Good news: C"), line("outbound", "4", "Good news: C")]), 0, 1],
  ];
  for (const [what, transcript, missing, twice] of cases) {
    const found = balance(log, transcript);
    if (found.missing !== missing || found.twice !== twice) {
      throw new Error(`${what} is seen as ${JSON.stringify(found)}`);
    }
  }
}

// How many of `expected` do not come in `heard` in that order, and how many of `heard` nobody expected.
export function compare(expected, heard) {
  let at = 0;
  let found = 0;
  for (const text of expected) {
    const place = heard.indexOf(text, at);
    if (place < 0) continue;
    at = place + 1;
    found += 1;
  }
  return { missing: expected.length - found, more: heard.length - found };
}

export function report(person, missing, twice, evidence) {
  figures.lost.add(missing);
  figures.doubled.add(twice);
  if (missing + twice > 0) {
    console.error(`${person.name}: ${missing} lost, ${twice} doubled: ${JSON.stringify({ log: person.log, evidence })}`);
  }
}
