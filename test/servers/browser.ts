/** A real browser for a test. */
import { type Browser, chromium as playwright } from "playwright-core";
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

/**
 * Lends a headless Chromium with an empty profile and closes it, whatever happens. Give each person of the test
 * their own `browser.newContext()`: contexts share no cookies.
 */
export async function withBrowser<T>(use: (browser: Browser) => Promise<T>): Promise<T> {
  const browser = await playwright.launch({
    executablePath: await supply(chromium),
    args: quiet,
    // Chromium's own sandbox refuses root and many containers. All it is shown here are our own pages.
    chromiumSandbox: false,
  });
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}
