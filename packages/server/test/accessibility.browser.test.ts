/** Every page, looked at by axe-core and by the rules that it has no eye for. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { withBrowser } from "../../../test/servers/browser.ts";
import { languages } from "../src/words/language.ts";
import { tour } from "./support/tour.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What WCAG 2.2 AA demands, and what the makers of axe-core advise beyond it. */
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

for (const language of languages) {
  test(`no page in ${language} breaks a rule of WCAG 2.2 AA, light or dark, and all fit 320 pixels`, {
    timeout: 230_000,
  }, async () => {
    const seen = new Set<string>();
    const found: string[] = [];
    await withBrowser((browser) =>
      tour(browser, language, async (name, page) => {
        assert.ok(!seen.has(name), name);
        seen.add(name);
        assert.equal(await page.locator("html").getAttribute("lang"), language, name);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          for (const violation of await violationsOn(page))
            found.push(`${name}, ${colorScheme}: ${violation}`);
        }
        await page.setViewportSize({ width: 320, height: 640 });
        const width = await page.evaluate<number>("document.documentElement.scrollWidth");
        if (width > 320) found.push(`${name}: ${width} pixels wide`);
        await page.setViewportSize({ width: 1280, height: 720 });
      }),
    );
    assert.ok(seen.size > 20);
    assert.deepEqual(found, []);
  });
}

async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const values = JSON.stringify({ runOnly: { type: "tag", values: rules } });
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${values})`);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
