// What a run counts beside what k6 counts by itself.

import { Counter, Rate, Trend } from "k6/metrics";

// How long the answer to a message took, in milliseconds: of those that were answered, the first try to the last.
export const answerTime = new Trend("answer_time", true);
// Messages that got an answer, and those that got none after every try.
export const messagesFailed = new Rate("messages_failed");
export const messages = new Counter("messages");
// Answers that say something else than they must.
export const wrong = new Counter("wrong_answers");
// Messages and replies that the transcript lacks, or that a listener was not given.
export const lost = new Counter("lost");
// Messages and replies that are there more than once.
export const doubled = new Counter("doubled");
// Requests that were refused because there was too much of something (429, 503), and those of them that did not say
// when to come again.
export const refused = new Counter("refused");
export const refusedWithoutHint = new Counter("refused_without_hint");
export const conversations = new Counter("conversations");
export const booked = new Counter("booked");
export const moved = new Counter("moved");
export const cancelled = new Counter("cancelled");
export const slotLost = new Counter("slot_lost");

// Thresholds that hold for every scenario, whatever it does to the service.
export const ALWAYS = {
  lost: ["count==0"],
  doubled: ["count==0"],
  wrong_answers: ["count==0"],
  refused_without_hint: ["count==0"],
};

// Makes the series that must be zero, so that a threshold on them is never without a value.
export function countFromZero() {
  for (const counter of [lost, doubled, wrong, refusedWithoutHint, refused]) counter.add(0);
}
