// What the browser tests have in common: a browser, pages whose complaints are kept, and steps that hold or not.

import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";

export const base = process.env.BASE_URL ?? "http://127.0.0.1:3000";
export const out = new URL("./out/", import.meta.url).pathname;
export const LIMIT = 15_000;

await mkdir(out, { recursive: true });
export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

export const complaints = [];
// A page that keeps what the browser complains about.
export async function listenTo(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT);
  page.on("pageerror", (error) => complaints.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    // A broken line and a refusal are part of the tests, and the browser reports them by itself.
    if (message.type() === "error" && !/ERR_INTERNET_DISCONNECTED|Failed to load resource/.test(message.text())) {
      complaints.push(`console: ${message.text()}`);
    }
  });
  return page;
}

const steps = [];
export async function step(name, body) {
  try {
    await body();
    steps.push([name, null]);
    console.log(`ok    ${name}`);
  } catch (error) {
    steps.push([name, error]);
    console.log(`FAIL  ${name}\n      ${String(error.message).split("\n").join("\n      ")}`);
  }
}

export async function finish() {
  await browser.close();
  const failed = steps.filter(([, error]) => error);
  console.log(`${steps.length - failed.length} of ${steps.length} steps held; screenshots are in ${out}`);
  process.exit(failed.length === 0 ? 0 : 1);
}
