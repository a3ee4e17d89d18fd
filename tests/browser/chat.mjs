// A visitor books a visit in the web chat, in a real browser, with a line that breaks in between.
// Usage: BASE_URL=http://127.0.0.1:3000 node chat.mjs

import assert from "node:assert/strict";
import { LIMIT, base, browser, complaints, finish, listenTo, out, step } from "./steps.mjs";

async function open(viewport, options = {}) {
  const context = await browser.newContext({ viewport, ...options });
  const page = await listenTo(context);
  await page.goto(base);
  await page.locator("#log[aria-busy=false]").waitFor();
  return { context, page };
}

const bubbles = (page) => page.locator("#log .message").allInnerTexts();
const said = (page, who) => page.locator(`#log .message.${who}`);
async function say(page, text) {
  await page.getByLabel("Your message").fill(text);
  await page.keyboard.press("Enter");
}
// Waits until the bot has said one thing more than before.
async function answered(page, before) {
  await said(page, "outbound").nth(before).waitFor();
  await page.locator("#typing").waitFor({ state: "hidden" });
  return said(page, "outbound").last().innerText();
}

const { context, page } = await open({ width: 1280, height: 860 });

await step("an empty conversation offers three examples", async () => {
  assert.equal(await page.locator("#examples button").count(), 3);
  await page.screenshot({ path: `${out}1-empty.png` });
});

await step("every control has a name, and the log speaks", async () => {
  const log = page.getByRole("log");
  assert.equal(await log.getAttribute("aria-live"), "polite");
  assert.ok(await log.getAttribute("aria-label"));
  const nameless = await page.$$eval("button, a, textarea, input", (controls) =>
    controls
      .filter((c) => c.checkVisibility())
      .filter((c) => !(c.textContent.trim() || c.getAttribute("aria-label") || c.labels?.length))
      .map((c) => c.outerHTML));
  assert.deepEqual(nameless, []);
  assert.ok(await page.locator("html").getAttribute("lang"));
  assert.equal(await page.locator("h1").count(), 1);
});

await step("words lead to a read-back", async () => {
  await say(page, "gel manicure with Linh on Friday at 2pm, I'm Anna");
  const reply = await answered(page, 0);
  assert.match(reply, /gel manicure/i);
  assert.match(reply, /linh/i);
  await page.screenshot({ path: `${out}2-read-back.png` });
});

await step("the panel shows the goal", async () => {
  await page.locator("#goals .fact").first().waitFor();
  const goals = await page.locator("#goals").innerText();
  assert.match(goals, /Gel Manicure/);
  assert.match(goals, /Linh/);
});

await step("yes confirms", async () => {
  const before = await said(page, "outbound").count();
  const yes = page.locator("#options button", { hasText: /^yes/i });
  if ((await yes.count()) > 0) await yes.first().click();
  else await say(page, "yes");
  const reply = await answered(page, before);
  assert.match(reply, /booked|confirmed|see you/i);
});

await step("the panel shows the appointment", async () => {
  await page.locator("#appointments .fact").first().waitFor();
  const appointments = await page.locator("#appointments").innerText();
  assert.match(appointments, /Gel Manicure/);
  assert.match(appointments, /Linh/);
  await page.screenshot({ path: `${out}3-booked.png` });
});

await step("a reload brings the conversation back, once and in order", async () => {
  const before = await bubbles(page);
  await page.reload();
  await page.locator("#log[aria-busy=false]").waitFor();
  await said(page, "outbound").first().waitFor();
  assert.deepEqual(await bubbles(page), before);
});

await step("what is written while the line is down goes out once when it is back", async () => {
  const before = await said(page, "outbound").count();
  await context.setOffline(true);
  await say(page, "what are your opening hours?");
  await page.locator("#log .note").waitFor();
  await page.locator("#log .note button", { hasText: "Retry" }).waitFor();
  await page.screenshot({ path: `${out}4-offline.png` });
  await context.setOffline(false);
  await answered(page, before);
  await page.locator("#log .note").waitFor({ state: "detached" });
  // A second look, so that a double would have had time to come.
  await page.waitForTimeout(1_500);
  const texts = await bubbles(page);
  assert.equal(texts.filter((text) => text.includes("what are your opening hours?")).length, 1);
  const outbound = await said(page, "outbound").count();
  await page.reload();
  await page.locator("#log[aria-busy=false]").waitFor();
  await said(page, "outbound").first().waitFor();
  assert.equal(await said(page, "outbound").count(), outbound);
  assert.deepEqual(await bubbles(page), texts);
});

await step("what was written before the page was closed is sent when it is opened again", async () => {
  const before = await said(page, "outbound").count();
  await page.route("**/v1/messages", (route) => route.abort());
  await say(page, "where are you?");
  await page.locator("#log .note").waitFor();
  await page.unroute("**/v1/messages");
  await page.reload();
  await answered(page, before);
  const texts = await bubbles(page);
  assert.equal(texts.filter((text) => text.includes("where are you?")).length, 1);
});

await step("a second window hears the reply live", async () => {
  const other = await context.newPage();
  await other.goto(base);
  await other.locator("#log[aria-busy=false]").waitFor();
  const before = await said(other, "outbound").count();
  await say(page, "how much is a pedicure?");
  await said(other, "outbound").nth(before).waitFor({ timeout: LIMIT });
  await other.close();
});

await step("starting over begins with nothing", async () => {
  await page.getByRole("button", { name: "Start over" }).click();
  await page.locator("#examples button").first().waitFor();
  assert.equal((await bubbles(page)).length, 0);
});

await step("it works by keyboard, on a phone, in the dark, without motion", async () => {
  const phone = await open(
    { width: 390, height: 844 },
    { isMobile: true, hasTouch: true, colorScheme: "dark", reducedMotion: "reduce", deviceScaleFactor: 2 },
  );
  const small = phone.page;
  assert.equal(await small.locator("#panel").isVisible(), false);
  const wide = await small.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert.equal(wide, false, "the page scrolls sideways");
  await small.locator("#examples button").first().focus();
  await small.keyboard.press("Enter");
  await answered(small, 0);
  assert.equal(await small.evaluate(() => document.activeElement.id), "text");
  const composer = await small.locator("#composer").boundingBox();
  assert.ok(composer.y + composer.height <= 844, "the composer is below the screen");
  await small.screenshot({ path: `${out}5-phone-dark.png` });
  await phone.context.close();
});

await step("the documentation can be read", async () => {
  const docs = await context.newPage();
  await docs.goto(`${base}/docs`);
  await docs.locator("article#sendMessage").waitFor();
  assert.ok((await docs.locator("article").count()) > 15);
  await docs.screenshot({ path: `${out}6-docs.png` });
  await docs.close();
});

await step("the browser had nothing to complain about", async () => {
  assert.deepEqual(complaints, []);
});

await finish();
