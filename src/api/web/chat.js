// The web chat. Words go up by POST under an id of ours, so that sending twice is harmless; everything that is
// shown comes from the transcript, by its number, so that nothing is shown twice and the order is right.

import { Refused, events, request } from "./line.js";
import { showPanel } from "./panel.js";

const business = new URLSearchParams(location.search).get("business");
const storageKey = `frontdesk:${business ?? ""}`;
const $ = (id) => document.getElementById(id);

let session = null; // { business_id, participant_id, token, business_name, time_zone, examples }
let outbox = []; // [{ id, text, place, failed }], oldest first: written, and not known to be accepted
let shown = new Map(); // message id -> { place, node, note, outbound, options }
let lastSeq = 0;
let stream = null; // AbortController of the event stream
let sending = false;
let generation = 0; // grows with every new session, so that what an old one still does is ignored

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const backoff = (tries) => Math.min(30_000, 500 * 2 ** tries) * (0.75 + Math.random() / 2);

// ---- Storage. Private windows may refuse it; the chat then lives as long as the page.

function load() {
  try {
    return JSON.parse(localStorage.getItem(storageKey)) ?? {};
  } catch {
    return {};
  }
}

function save() {
  try {
    localStorage.setItem(storageKey, JSON.stringify({ session, outbox }));
  } catch {
    // Nothing to do: the page goes on without memory.
  }
}

// ---- The line

const call = (path, options) => request(path, { ...options, token: session?.token });

const pairPath = () =>
  `/v1/businesses/${session.business_id}/participants/${encodeURIComponent(session.participant_id)}`;

async function openSession() {
  const body = JSON.stringify(business ? { business_id: business } : {});
  for (let tries = 0; ; tries++) {
    try {
      const response = await call("/web/session", { method: "POST", body });
      return await response.json();
    } catch (error) {
      if (error instanceof Refused && !error.passing) throw error;
      setStatus("No connection. Trying again…");
      await pause(backoff(tries));
    }
  }
}

// ---- What is shown

const setStatus = (text) => { $("status").textContent = text; };

// Puts a message into the log once. `place` is its number in the transcript; what is not there yet stands half a
// step after the last known one.
function show({ id, text, outbound, place, options = [] }) {
  let entry = shown.get(id);
  if (entry && entry.place === place) return;
  const log = $("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  if (!entry) {
    const node = document.createElement("div");
    node.className = `message ${outbound ? "outbound" : "inbound"}`;
    const who = document.createElement("span");
    who.className = "visually-hidden";
    who.textContent = outbound ? "Bot: " : "You: ";
    node.append(who, text);
    entry = { node, outbound };
    shown.set(id, entry);
  }
  Object.assign(entry, { place, options });
  const next = [...shown.values()]
    .filter((other) => other !== entry && other.node.isConnected && other.place > place)
    .reduce((least, other) => (least && least.place < other.place ? least : other), null);
  log.insertBefore(entry.node, next?.node ?? null);
  if (entry.note) entry.node.after(entry.note);
  if (Number.isInteger(place)) lastSeq = Math.max(lastSeq, place);
  if (atEnd || !outbound) log.scrollTop = log.scrollHeight;
  if (outbound && $("log").getAttribute("aria-busy") !== "true") setTyping(false);
  showOptions();
}

function showTranscript(message) {
  const outbound = message.direction === "outbound";
  show({ id: message.message_id, text: message.text, outbound, place: message.seq, options: message.options });
  if (!outbound) accepted(message.message_id);
}

function note(id, text, retry) {
  const entry = shown.get(id);
  if (!entry) return;
  entry.note?.remove();
  entry.note = null;
  entry.node.classList.toggle("waiting", Boolean(text));
  if (!text) return;
  entry.note = document.createElement("div");
  entry.note.className = retry ? "note failed" : "note";
  entry.note.textContent = text;
  if (retry) entry.note.append(button("Retry", retry));
  entry.node.after(entry.note);
}

function button(label, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", action);
  return made;
}

// Quick replies belong to the last word of the bot, as long as it is the last word.
function showOptions() {
  const last = [...shown.values()].reduce((a, b) => (a && a.place > b.place ? a : b), null);
  const options = last?.outbound ? last.options : [];
  $("options").replaceChildren(...options.map((option) => button(option, () => say(option))));
  $("options").hidden = options.length === 0;
  const examples = shown.size === 0 ? (session?.examples ?? []) : [];
  $("examples").replaceChildren(...examples.map((example) => button(example, () => say(example))));
  $("examples").hidden = examples.length === 0;
}

let typingEnds;
function setTyping(on) {
  $("typing").hidden = !on;
  clearTimeout(typingEnds);
  if (on) typingEnds = setTimeout(() => setTyping(false), 40_000);
}

// ---- Up: the outbox

function say(text) {
  const words = text.trim();
  if (!words || !session) return;
  const message = { id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, text: words, place: lastSeq + 0.5 };
  // Several in a row keep their order although none has a number yet.
  message.place += outbox.length / 1000;
  outbox.push(message);
  save();
  show({ ...message, outbound: false });
  note(message.id, "Sending…");
  $("text").focus();
  flush();
}

function accepted(id) {
  const before = outbox.length;
  outbox = outbox.filter((message) => message.id !== id);
  if (outbox.length !== before) save();
  note(id, null);
}

async function flush() {
  if (sending || !session) return;
  sending = true;
  const own = generation;
  for (let tries = 0; own === generation; ) {
    const message = outbox.find((waiting) => !waiting.failed);
    if (!message) break;
    const body = JSON.stringify({
      business_id: session.business_id,
      participant_id: session.participant_id,
      channel: "web",
      message_id: message.id,
      text: message.text,
    });
    setTyping(true);
    try {
      await call("/v1/messages", { method: "POST", body });
      if (own !== generation) break;
      accepted(message.id);
      tries = 0;
      await sync();
    } catch (error) {
      if (own !== generation) break;
      setTyping(false);
      if (error instanceof Refused && error.status === 401) {
        await startOver(outbox);
        break;
      }
      if (error instanceof Refused && !error.passing) {
        message.failed = true;
        note(message.id, `Not sent: ${error.message}`, () => again(message));
        save();
        continue;
      }
      tries += 1;
      note(message.id, tries < 3 ? "Sending…" : "Not sent – trying again.", tries < 3 ? null : wake);
      await Promise.race([pause(Math.max(error.retryAfter ?? 0, backoff(tries))), woken()]);
    }
  }
  if (own === generation) sending = false;
}

function again(message) {
  message.failed = false;
  note(message.id, "Sending…");
  save();
  flush();
}

// A wait ends early when the visitor asks for it or the line comes back.
let wakers = [];
const woken = () => new Promise((done) => wakers.push(done));
function wake() {
  wakers.splice(0).forEach((done) => done());
  flush();
}

// ---- Down: the transcript and the event stream

async function sync() {
  const own = generation;
  const response = await call(`${pairPath()}/messages?limit=100`);
  const page = await response.json();
  if (own !== generation) return;
  page.messages.forEach(showTranscript);
  if (page.messages.at(-1)?.direction === "outbound") setTyping(false);
  refreshPanel();
}

async function listen() {
  const own = generation;
  for (let tries = 0; own === generation; tries++) {
    stream = new AbortController();
    try {
      const response = await call(`${pairPath()}/events?after=${lastSeq}`, { signal: stream.signal });
      setStatus("Online");
      tries = 0;
      wake();
      for await (const event of events(response.body)) {
        if (own !== generation) return;
        hear(event.kind, event.data);
      }
    } catch (error) {
      if (own !== generation) return;
      if (error instanceof Refused && error.status === 401) return void startOver(outbox);
    }
    if (own !== generation) return;
    setStatus("No connection. Trying again…");
    await Promise.race([pause(backoff(tries)), woken()]);
  }
}

function hear(kind, data) {
  if (kind === "typing") setTyping(true);
  if (kind === "state") refreshPanel();
  if (kind === "reply") {
    showTranscript({ ...JSON.parse(data), direction: "outbound" });
    refreshPanel();
  }
}

// ---- What the bot knows

let panelTimer;
function refreshPanel() {
  clearTimeout(panelTimer);
  panelTimer = setTimeout(async () => {
    if (shown.size === 0) return;
    const own = generation;
    try {
      const context = await (await call(`${pairPath()}/context`)).json();
      if (own === generation) showPanel(context);
    } catch {
      // The panel is a courtesy; the next message refreshes it.
    }
  }, 150);
}

// ---- Beginning, and beginning anew

async function start(kept) {
  const own = ++generation;
  stream?.abort();
  session = kept.session ?? null;
  outbox = kept.outbox ?? [];
  shown = new Map();
  lastSeq = 0;
  sending = false;
  setTyping(false);
  $("log").replaceChildren();
  $("log").setAttribute("aria-busy", "true");
  try {
    const opened = session ?? (await openSession());
    if (own !== generation) return;
    session = opened;
    save();
    $("business").textContent = session.business_name;
    document.title = `${session.business_name} – chat`;
    await sync();
  } catch (error) {
    if (own !== generation) return;
    if (error instanceof Refused && [401, 403, 404].includes(error.status) && kept.session) return startOver(outbox);
    setStatus(error instanceof Refused ? error.message : "No connection. Trying again…");
    if (error instanceof Refused && !error.passing) return;
  }
  if (own !== generation) return;
  for (const message of outbox) {
    show({ ...message, place: lastSeq + 0.5, outbound: false });
    note(message.id, "Sending…");
  }
  $("log").setAttribute("aria-busy", "false");
  $("log").scrollTop = $("log").scrollHeight;
  showOptions();
  listen();
  flush();
}

// What was written and not sent goes along into the new conversation.
function startOver(unsent = []) {
  showPanel(null);
  return start({ session: null, outbox: unsent });
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  say($("text").value);
  $("text").value = "";
});
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});
$("start-over").addEventListener("click", async () => {
  await startOver();
  $("text").focus();
});
addEventListener("online", wake);
addEventListener("offline", () => {
  setStatus("No connection. Trying again…");
  stream?.abort();
});
start(load());
