// The people of a run, and how they talk. Each takes what the service says as a person would: an option that is offered
// is chosen, a question is answered, a read-back is confirmed.

import { sleep } from "k6";
import * as figures from "./figures.js";
import { must } from "./desk.js";
import { settle } from "./ledger.js";
import { pick, wish } from "./salon.js";
import { settings } from "./settings.js";

// After so many messages even a patient person gives up.
const MESSAGES_MAX = 10;

const think = () => sleep(settings.think * (0.5 + Math.random()));
const yes = (answer) => answer.replies.flatMap((reply) => reply.options).some((option) => /^yes/i.test(option));
const words = (answer) => answer.replies.map((reply) => reply.text).join("\n");
const changed = (answer, status) => answer.appointments.some((appointment) => appointment.status === status);

// Says something after a moment, and sometimes sends it twice.
function say(person, text) {
  think();
  const answer = person.say(text);
  if (answer !== null && Math.random() < 0.03) person.repeat();
  return answer;
}

// Books, and gives what was booked; `null` when nothing was.
export function book(person) {
  const wanted = wish();
  const at = `on ${wanted.date} at ${wanted.time}`;
  const begins = [
    () => `${wanted.service.name} with ${wanted.staff} ${at}, I'm ${person.name.startsWith("v") ? "Vera" : "Anna"}`,
    () => `Hi, I'd like a ${wanted.service.name.toLowerCase()} ${at} please`,
    () => `can I book a ${wanted.service.name.toLowerCase()}?`,
    () => `I need an appointment for a ${wanted.service.name.toLowerCase()} on ${wanted.date}`,
  ];
  let answer = say(person, pick(begins)());
  for (let said = 1; answer !== null && said < MESSAGES_MAX; said++) {
    if (changed(answer, "confirmed")) {
      const appointment = answer.appointments.find((one) => one.status === "confirmed");
      must(answer, {
        "what was confirmed is what was wished": () => appointment.service === wanted.service.id,
        "a booking is told": (a) => /booked/i.test(words(a)),
      });
      figures.booked.add(1);
      return appointment;
    }
    answer = say(person, reply(answer, wanted, at));
  }
  return null;
}

// What a person says to an answer while they book.
function reply(answer, wanted, at) {
  const last = words(answer);
  if (yes(answer)) return pick(["yes", "Yes please", "yes"]);
  const goal = answer.goals.find((one) => one.kind === "book");
  if (!goal) return `${wanted.service.name} with ${wanted.staff} ${at}`;
  const options = answer.replies.flatMap((one) => one.options);
  if (/just been taken|was taken|no longer|gone/i.test(last)) figures.slotLost.add(1);
  if (goal.state === "offering" && options.length > 0) return pick(options);
  if (!goal.slots.service) return wanted.service.name;
  if (!goal.slots.date) return wanted.date;
  if (!goal.slots.time) return options.length > 0 && Math.random() < 0.5 ? pick(options) : `at ${wanted.time}`;
  if (options.length > 0) return pick(options);
  return "Anna Miller";
}

// Until a change of the appointment is told, or patience ends.
function until(person, first, status) {
  let answer = say(person, first);
  for (let said = 0; answer !== null && said < 4; said++) {
    if (changed(answer, status)) return answer;
    const options = answer.replies.flatMap((one) => one.options);
    answer = say(person, yes(answer) ? "yes" : (options.length > 0 ? pick(options) : "yes"));
  }
  return null;
}

function cancel(person) {
  const booked = book(person);
  if (booked === null) return null;
  const answer = until(person, pick(["I have to cancel my appointment", "please cancel it", "cancel my booking"]), "cancelled");
  if (answer === null) return booked;
  figures.cancelled.add(1);
  must(answer, { "a cancellation is told": (a) => /cancelled/i.test(words(a)) });
  return null;
}

function move(person) {
  const booked = book(person);
  if (booked === null) return null;
  const other = wish();
  let answer = say(person, `can I move it to ${other.date} at ${other.time}?`);
  for (let said = 0; answer !== null && said < 5; said++) {
    const found = answer.appointments.find((one) => one.id === booked.id && one.starts_at !== booked.starts_at);
    if (found) {
      figures.moved.add(1);
      must(answer, { "a moved visit keeps its service": () => found.service === booked.service });
      break;
    }
    const options = answer.replies.flatMap((one) => one.options);
    answer = say(person, yes(answer) ? "yes" : (options.length > 0 ? pick(options) : `${other.date} at ${other.time}`));
  }
  return booked;
}

function ask(person) {
  const questions = [
    ["do you have parking?", /garage/],
    ["where are you?", /Grand Street/],
    ["how much is a pedicure?", /\$40/],
    ["how much is a gel manicure?", /\$45/],
    ["what are your opening hours?", /8/],
  ];
  for (let asked = 0; asked < 3; asked++) {
    const [question, expected] = pick(questions);
    const answer = say(person, question);
    if (answer !== null) must(answer, { "a question is answered with what is so": (a) => expected.test(words(a)) });
  }
  const wanted = wish();
  say(person, `anything free for a ${wanted.service.name.toLowerCase()} on ${wanted.date}?`);
  return null;
}

function babble(person) {
  const nonsense = ["asdf qwer", "🙃🙃🙃", "????", "lorem ipsum dolor sit amet ".repeat(20), "hello", "blue is my favourite colour"];
  for (let said = 0; said < 3; said++) {
    const answer = say(person, pick(nonsense));
    if (answer !== null) must(answer, { "nonsense books nothing": (a) => a.appointments.length === 0 });
  }
  return null;
}

const KINDS = [
  [50, "books", book],
  [15, "cancels", cancel],
  [10, "moves", move],
  [15, "asks", ask],
  [10, "babbles", babble],
];

// One whole conversation of somebody, looked through at its end. Gives the visit that stands then, if there is one.
export function converse(person) {
  let chance = Math.random() * 100;
  const [, , talk] = KINDS.find(([share]) => (chance -= share) < 0) ?? KINDS[0];
  const booked = talk(person);
  settle(person);
  return booked;
}
