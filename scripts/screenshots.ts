/**
 * Every page as people see it: `npm run screenshots`. Writes each at the width of a phone and of a desktop, light and dark,
 * in both languages, to `screenshots/`, to be looked at. Words after it choose the pages whose names contain one.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { tour } from "../packages/server/test/support/tour.ts";
import { withBrowser } from "../test/servers/browser.ts";

const folder = join(import.meta.dirname, "..", "screenshots");
const words = process.argv.slice(2);

const widths = { phone: 360, desktop: 1280 };

await rm(folder, { recursive: true, force: true });
await withBrowser(async (browser) => {
  for (const language of ["en", "ru"] as const) {
    await tour(browser, language, async (name, page) => {
      if (words.length > 0 && !words.some((word) => name.includes(word))) return;
      for (const [device, width] of Object.entries(widths)) {
        await page.setViewportSize({ width, height: 800 });
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          const directory = join(folder, language, `${device}-${colorScheme}`);
          await mkdir(directory, { recursive: true });
          await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true, timeout: 120_000 });
        }
      }
    });
  }
});
console.log(`Look at ${folder}`);
