/** What can be measured of a page in a real browser. */
import type { Page } from "playwright-core";

/**
 * What the page and everything it loaded took on the wire, and whatever came from elsewhere. The parts that a live page
 * fetches again, as things happen, are no weight of it.
 */
export async function loadedBy(page: Page): Promise<{ bytes: number; foreign: string[] }> {
  const { origin } = new URL(page.url());
  const entries = await page.evaluate<{ name: string; encodedBodySize: number }[]>(
    "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map((entry) => entry.toJSON())",
  );
  return {
    bytes: entries
      .filter(({ name }) => !new URL(name).pathname.startsWith("/live/"))
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    foreign: entries.map(({ name }) => name).filter((url) => new URL(url).origin !== origin),
  };
}

/** What jumped while the page came up, before anybody touched it, and from where to where (what Cumulative Layout Shift adds up). */
export function layoutShifts(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`new Promise((resolve) => {
    const place = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
    const moved = ({ node, previousRect, currentRect }) =>
      (node?.outerHTML ?? node?.textContent ?? "what is gone").slice(0, 80) + ": " + place(previousRect) + " → " + place(currentRect);
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const touched = performance.getEntriesByType("first-input")[0]?.startTime ?? Infinity;
      const observer = new PerformanceObserver(() => {});
      observer.observe({ type: "layout-shift", buffered: true });
      const shifts = observer.takeRecords().filter((shift) => !shift.hadRecentInput && shift.startTime < touched);
      resolve(shifts.map((shift) => shift.value + ": " + shift.sources.map(moved).join(", ")));
    }));
  })`);
}

export async function isSignedIn(page: Page): Promise<boolean> {
  const cookies = await page.context().cookies(page.url());
  return cookies.some(({ name }) => name === "__Host-session");
}

/** What is animated, or changes by and by. */
export function movingElements(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll("*")]
    .filter((element) => {
      const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(element);
      return animationName !== "none" || /[1-9]/.test(transitionDuration) || scrollBehavior === "smooth";
    })
    .map((element) => element.outerHTML.slice(0, 160))`);
}

/** Names an element: by its place among all, because some look alike. */
const nameOf = `(element) => [...document.querySelectorAll("*")].indexOf(element) + " " + element.outerHTML.slice(0, 100)`;

/** What the Tab key should stop at, in the order of reading. */
export function tabStops(page: Page): Promise<string[]> {
  return page.evaluate<
    string[]
  >(`[...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
    .filter((element) => element.checkVisibility() && element.tabIndex >= 0 && !element.disabled)
    .map(${nameOf})`);
}

/** Where the Tab key stops, from the top of the page; what shows no focus is marked. A date has stops of its own inside. */
export async function walkByKeyboard(page: Page, stops: number): Promise<string[]> {
  await page.evaluate(
    "document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')",
  );
  const walked = new Map<string, boolean>();
  for (let presses = 0; walked.size < stops && presses < 4 * stops; presses++) {
    await page.keyboard.press("Tab");
    const [here, isSeen] = await page.evaluate<[string, boolean]>(`(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      const isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
      return [(${nameOf})(document.activeElement), isSeen];
    })()`);
    if (!walked.has(here)) walked.set(here, isSeen);
  }
  return Array.from(walked, ([here, isSeen]) => (isSeen ? here : `${here} without a ring`));
}
