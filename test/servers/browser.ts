/** A real browser for a test. */
import { after } from "node:test";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { supply } from "./need.ts";
import { chromium } from "./table.ts";

/** Keeps the browser from calling home: what it looks for is not there, and the failures would drown the test. */
const quiet = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What is lent: a headless Chromium with an empty profile. Give each person of the test their own `browser.newContext()`: contexts share no cookies. */
export type WithBrowser = <T>(use: (browser: Browser) => Promise<T>) => Promise<T>;

/** Lends one and closes it, whatever happens. */
export const withBrowser: WithBrowser = async (use) => {
  const browser = await launched();
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
};

/** Lends one and the same to all tests of a file, one after the other. Each finds it as if it were new. */
export function oneBrowser(): WithBrowser {
  let launching: Promise<Browser> | undefined;
  after(async () => (await launching)?.close());
  return async (use) => {
    launching ??= launched();
    const browser = await launching;
    try {
      return await use(browser);
    } finally {
      await Promise.all(browser.contexts().map((context) => context.close()));
    }
  };
}

const interrupted = /interrupted by another navigation|ERR_ABORTED/;

/** Opens an address whatever the page does meanwhile: one whose session has just ended leaves by itself, now or in a moment. */
export async function visit(page: Page, address: string, interruptions = 3): Promise<void> {
  try {
    await page.goto(address);
  } catch (error) {
    const message = String(error);
    if (interruptions === 0 || !interrupted.test(message)) throw error;
    const elsewhere = page.url();
    await nextNavigation(page);
    // Where another page came up first, ours may have followed: who went there again at once would interrupt that.
    if (!message.includes("ERR_ABORTED") && page.url() !== elsewhere) return;
    await visit(page, address, interruptions - 1);
  }
}

/** Waits for the page that is on its way, if there is one. */
async function nextNavigation(page: Page): Promise<void> {
  await page.waitForEvent("framenavigated", { timeout: 1_000 }).catch(() => {});
  await page.waitForLoadState();
}

async function launched(): Promise<Browser> {
  return playwright.launch({
    executablePath: await supply(chromium),
    args: quiet,
    // Chromium's own sandbox refuses root and many containers. All it is shown here are our own pages.
    chromiumSandbox: false,
  });
}
