// The end of a run: a page to read, and the same as JSON in the file that OUT names.

import { settings } from "./settings.js";

const at = (data, name, value) => {
  const metric = data.metrics[name];
  return metric ? (metric.values ?? metric)[value] : undefined;
};
const whole = (value) => (value === undefined ? "–" : String(Math.round(value)));
const ms = (value) => (value === undefined ? "–" : value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`);

// Every threshold with what came of it.
function thresholds(data) {
  const list = [];
  for (const [metric, { thresholds: of }] of Object.entries(data.metrics)) {
    for (const [rule, { ok }] of Object.entries(of ?? {})) list.push({ metric, rule, ok });
  }
  // Submetrics that exist only to be shown promise nothing.
  return list.filter(({ rule }) => !SHOWN.includes(rule));
}

// What k6 works out of every trend.
export const STATS = ["min", "med", "max", "p(95)", "p(99)"];

// Rules that always hold: k6 keeps a series of its own for each tag that a threshold names.
export const SHOWN = ["p(95)>=0", "count>=0", "rate>=0"];

// `more(data)` gives lines of the scenario's own, and may add to what is written as JSON.
export function summary(name, more = () => ({ lines: [], facts: {} })) {
  return (data) => {
    const own = more(data);
    const seconds = (data.state?.testRunDurationMs ?? 0) / 1000;
    const figures = {
      scenario: name,
      seconds: Math.round(seconds),
      conversations: at(data, "conversations", "count"),
      messages: at(data, "messages", "count"),
      messages_per_second: at(data, "messages", "rate"),
      messages_failed: at(data, "messages_failed", "rate"),
      answer_ms: {
        median: at(data, "answer_time", "med"),
        p95: at(data, "answer_time", "p(95)"),
        p99: at(data, "answer_time", "p(99)"),
        max: at(data, "answer_time", "max"),
      },
      booked: at(data, "booked", "count"),
      moved: at(data, "moved", "count"),
      cancelled: at(data, "cancelled", "count"),
      slot_lost: at(data, "slot_lost", "count"),
      lost: at(data, "lost", "count"),
      doubled: at(data, "doubled", "count"),
      wrong_answers: at(data, "wrong_answers", "count"),
      refused: at(data, "refused", "count"),
      not_begun: at(data, "dropped_iterations", "count") ?? 0,
      ...own.facts,
    };
    const rules = thresholds(data);
    const lines = [
      "",
      `  ${name}: ${whole(figures.messages)} messages in ${whole(figures.conversations)} conversations, ${figures.seconds} s`,
      "",
      `    rate        ${(figures.messages_per_second ?? 0).toFixed(1)} messages a second`,
      `    answer      median ${ms(figures.answer_ms.median)}, p95 ${ms(figures.answer_ms.p95)}, p99 ${ms(figures.answer_ms.p99)}, longest ${ms(figures.answer_ms.max)}`,
      `    visits      ${whole(figures.booked)} booked, ${whole(figures.moved)} moved, ${whole(figures.cancelled)} cancelled`,
      `    not right   ${whole(figures.lost)} lost, ${whole(figures.doubled)} doubled, ${whole(figures.wrong_answers)} wrong, ${((figures.messages_failed ?? 0) * 100).toFixed(2)} % without an answer`,
      `    refused     ${whole(figures.refused)} requests with 429 or 503, ${whole(figures.not_begun)} conversations not begun`,
      ...own.lines.map((line) => `    ${line}`),
      "",
      ...rules.map(({ metric, rule, ok }) => `    ${ok ? "ok  " : "FAIL"}  ${metric} ${rule}`),
      "",
    ];
    const files = { stdout: `${lines.join("\n")}\n` };
    if (settings.out) files[settings.out] = JSON.stringify({ ...figures, thresholds: rules }, null, 2);
    return files;
  };
}

export { at, ms };
