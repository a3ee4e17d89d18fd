// Somebody looks at the page of figures, in a real browser, while customers write.
// Usage: BASE_URL=http://127.0.0.1:3000 node metrics.mjs; with API_KEY for a server that has keys.

import assert from "node:assert/strict";
import { base, browser, complaints, finish, listenTo, out, step } from "./steps.mjs";

// Two looks at the figures, and a little more.
const LOOKS_MS = 5_000;
const key = process.env.API_KEY ?? null;
const authorization = key ? { Authorization: `Bearer ${key}` } : {};

let drawn = 0;
async function say(text) {
  const body = { business_id: "demo-salon", participant_id: `figures-${process.pid}-${drawn++}`, text };
  const response = await fetch(`${base}/v1/messages`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...authorization },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200);
}

async function open(options = {}, prepare = async () => {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await listenTo(context);
  await prepare(page);
  await page.goto(`${base}/console/metrics`);
  return { context, page };
}

async function unlock(page, word = key) {
  if (word === null) return;
  await page.getByLabel("API key").fill(word);
  await page.keyboard.press("Enter");
}

const card = (page, title) => page.locator(".card", { has: page.locator("h3", { hasText: title }) });
const value = async (page, title, at = 0) => (await card(page, title).locator("dd").nth(at).innerText()).trim();
async function becomes(page, title, at, pattern) {
  await card(page, title).locator("dd").nth(at).filter({ hasText: pattern }).waitFor();
}

const { context, page } = await open();

await step("the first row is about caches and the database, and has its charts", async () => {
  await unlock(page);
  await page.locator("#figures").waitFor();
  assert.deepEqual(
    await page.locator("#first h3").allInnerTexts(),
    ["Cache hits", "Hit ratio", "Database, per message"],
  );
  assert.equal(await page.locator("#first svg[role=img][aria-label]").count(), 3);
});

await step("figures are live: messages that are answered show", async () => {
  const writing = setInterval(() => say("do you have parking?").catch(() => {}), 100);
  try {
    await becomes(page, "Messages answered", 0, /^[1-9]/);
    await becomes(page, "Database, per message", 1, /^\d/);
    await becomes(page, "Cache hits", 2, /\/s$/);
    await becomes(page, "A turn as a whole", 0, /s$/);
    await page.waitForTimeout(LOOKS_MS);
  } finally {
    clearInterval(writing);
  }
  assert.match(await value(page, "Memory"), /^[1-9][\d.]* MiB$/);
  assert.equal(await value(page, "Broken invariants"), "0");
  const drawnPaths = await page.locator("#first .curve").evaluateAll((paths) => paths.map((path) => path.getAttribute("d")));
  assert.ok(drawnPaths.some((path) => path.split("L").length > 2), `nothing was drawn: ${drawnPaths}`);
  await page.screenshot({ path: `${out}7-figures.png`, fullPage: true });
});

await step("nothing is wrong, so nothing is marked", async () => {
  assert.deepEqual(await page.locator(".card.alarm h3").allInnerTexts(), []);
});

await step("everything that the page loads is the server's own, and nothing is inline", async () => {
  const urls = await page.evaluate(() => performance.getEntriesByType("resource").map((entry) => entry.name));
  assert.ok(urls.length > 4);
  assert.deepEqual(urls.filter((url) => !url.startsWith(base)), []);
});

await step("a line that breaks is said, and comes back by itself", async () => {
  await context.setOffline(true);
  await page.locator("#status", { hasText: "No connection" }).waitFor();
  await context.setOffline(false);
  await page.locator("#status", { hasText: "Live" }).waitFor();
});

await step("a locked server shows nothing without its key, and says why", async () => {
  // Stands before whatever the server is: only one word opens it.
  const locked = (one) => one.route("**/metrics", async (route) => {
    if (new URL(route.request().url()).pathname !== "/metrics") return route.continue();
    if (route.request().headers().authorization === "Bearer the-right-key") {
      return route.continue({ headers: { ...route.request().headers(), authorization: authorization.Authorization ?? "" } });
    }
    const problem = { title: "Unauthorized", status: 401, detail: "the API key is not known" };
    return route.fulfill({ status: 401, contentType: "application/problem+json", body: JSON.stringify(problem) });
  });
  const { context: other, page: shut } = await open({}, locked);
  await shut.locator("#key-form").waitFor();
  assert.equal(await shut.locator("#figures").isVisible(), false);
  assert.equal(await shut.evaluate(() => document.activeElement.id), "key");
  assert.equal(await shut.locator("#key").getAttribute("type"), "password");
  await unlock(shut, "a-wrong-key");
  await shut.locator("#refused", { hasText: "not known" }).waitFor();
  assert.equal(await shut.locator("#figures").isVisible(), false);
  await shut.screenshot({ path: `${out}8-figures-locked.png` });
  await unlock(shut, "the-right-key");
  await shut.locator("#figures").waitFor();
  await shut.reload();
  await shut.locator("#figures").waitFor();
  await shut.getByRole("button", { name: "Forget the key" }).click();
  await shut.locator("#key-form").waitFor();
  await shut.reload();
  await shut.locator("#key-form").waitFor();
  assert.equal(await shut.evaluate(() => sessionStorage.length + localStorage.length), 0);
  await other.close();
});

await step("it fits on a phone, in the dark", async () => {
  const { context: other, page: small } = await open({
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
    colorScheme: "dark",
    deviceScaleFactor: 2,
  });
  await unlock(small);
  await small.locator("#figures").waitFor();
  await say("hi");
  await small.waitForTimeout(LOOKS_MS);
  assert.equal(await small.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "the page scrolls sideways");
  const dark = await small.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(dark, "rgb(16, 21, 20)");
  await small.screenshot({ path: `${out}9-figures-phone-dark.png` });
  await other.close();
});

await step("the browser had nothing to complain about", async () => {
  assert.deepEqual(complaints, []);
});

await finish();
