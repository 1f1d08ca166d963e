/** Every page, looked at by axe-core and by the rules that it has no eye for. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, type TestContext, test } from "node:test";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";
import { withBrowser } from "../../../test/servers/browser.ts";
import { type Language, languages } from "../src/words/language.ts";
import {
  isSignedIn,
  layoutShifts,
  loadedBy,
  movingElements,
  tabStops,
  walkByKeyboard,
} from "./support/page-measures.ts";
import { tour } from "./support/tour.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const ofColours = ["color-contrast", "link-in-text-block"];

/** What WCAG 2.2 AA demands, and what the makers of axe-core advise beyond it. */
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Colours are the same in every language: they are looked at in one, light and dark. */
const runs: Readonly<Record<Language, readonly (readonly ["light" | "dark", RunOptions])[]>> = {
  en: [
    ["light", { runOnly: { type: "tag", values: tags } }],
    ["dark", { runOnly: { type: "rule", values: ofColours } }],
  ],
  ru: [
    [
      "light",
      {
        runOnly: { type: "tag", values: tags },
        rules: Object.fromEntries(ofColours.map((rule) => [rule, { enabled: false }])),
      },
    ],
  ],
};

/** Nothing that is not asked for: it takes half of the time. */
const only: RunOptions = { resultTypes: ["violations"], selectors: false, preload: false };

const mostBytes = 60 * 1024;

/** One of each kind: forms with errors, cards, tables, and the calls of the API. */
const walked = new Set(["sign-in-wrong", "devices", "admin-users", "admin-audit", "docs-tried"]);

// Side by side: browsers wait more than they compute.
describe("Pages, each in every language", { concurrency: true }, () => {
  for (const language of languages) {
    // Proves ASVS 7.4.4.
    test(`no page in ${language} breaks a rule of WCAG 2.2 AA; all fit 320 pixels, hold still, weigh little and load from here alone`, {
      timeout: 590_000,
    }, async (t) => {
      const seen = new Set<string>();
      const found: string[] = [];
      const weights: [name: string, bytes: number][] = [];
      await withBrowser((browser) =>
        tour(browser, language, async (name, page) => {
          assert.ok(!seen.has(name), name);
          seen.add(name);
          assert.equal(await page.locator("html").getAttribute("lang"), language, name);
          const { bytes, foreign } = await loadedBy(page);
          weights.push([name, bytes]);
          if (bytes > mostBytes) found.push(`${name}: ${bytes} bytes`);
          if (foreign.length > 0) found.push(`${name}: loads ${foreign}`);
          for (const shift of await layoutShifts(page)) found.push(`${name}: shifts by ${shift}`);
          if (await isSignedIn(page))
            found.push(...(await missingSignOuts(page)).map((it) => `${name}: ${it}`));
          await page.evaluate(axe);
          for (const [colorScheme, options] of runs[language]) {
            await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
            for (const violation of await violationsOn(page, options))
              found.push(`${name}, ${colorScheme}: ${violation}`);
          }
          for (const moving of await movingElements(page)) found.push(`${name}: ${moving} moves`);
          await page.setViewportSize({ width: 320, height: 640 });
          const width = await page.evaluate<number>("document.documentElement.scrollWidth");
          if (width > 320) found.push(`${name}: ${width} pixels wide`);
          await page.setViewportSize({ width: 1280, height: 720 });
          if (language === "en" && walked.delete(name)) {
            const stops = await tabStops(page);
            assert.ok(stops.length > 5, name);
            assert.deepEqual(await walkByKeyboard(page, stops.length), stops, name);
          }
        }),
      );
      assert.ok(seen.size > 20);
      assert.deepEqual(found, []);
      if (language === "en") assert.equal(walked.size, 0, "All of them were walked");
      tellHeaviest(t, weights);
    });
  }
});

/** Whoever is signed in can leave from everywhere (ASVS 7.4.4): here, and on all devices. */
async function missingSignOuts(page: Page): Promise<string[]> {
  const ways = ["form[action='/logout'] button", "a[href='/devices/end-all']"];
  const counts = await Promise.all(ways.map((way) => page.locator(`${way}:visible`).count()));
  return ways.filter((_, index) => counts[index] === 0).map((way) => `no ${way}`);
}

async function violationsOn(page: Page, options: RunOptions): Promise<string[]> {
  const run = `axe.run(document, ${JSON.stringify({ ...only, ...options })})`;
  const { violations } = await page.evaluate<Pick<AxeResults, "violations">>(
    `${run}.then(({ violations }) => ({ violations }))`,
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

function tellHeaviest(t: TestContext, weights: [name: string, bytes: number][]): void {
  const heaviest = weights.toSorted(([, a], [, b]) => b - a).slice(0, 5);
  const told = heaviest.map(([name, bytes]) => `${name} ${(bytes / 1024).toFixed(1)} KB`);
  t.diagnostic(`${weights.length} pages, the heaviest: ${told.join(", ")}`);
}
