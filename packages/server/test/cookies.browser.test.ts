/** The cookies as a real browser has stored them. What the header says is told elsewhere; here is what came of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BrowserContext } from "playwright-core";
import { withBrowser } from "../../../test/servers/browser.ts";
import { ada, startTestServer } from "./support/test-server.ts";

const hour = 60 * 60;

/** Each cookie of the context: its attributes, and for how many hours the browser keeps it; undefined: until it closes. */
async function stored(context: BrowserContext): Promise<Record<string, object>> {
  const cookies = await context.cookies();
  return Object.fromEntries(
    cookies.map(({ name, httpOnly, secure, sameSite, path, domain, expires }) => [
      name,
      {
        httpOnly,
        secure,
        sameSite,
        path,
        domain,
        hours: expires === -1 ? undefined : Math.round((expires - Date.now() / 1_000) / hour),
      },
    ]),
  );
}

// Proves WSTG-SESS-02, ASVS 3.3.1, ASVS 3.3.2, ASVS 3.3.3.
test("every cookie is kept for this host alone, out of the reach of scripts, and no longer than it should be", {
  timeout: 120_000,
}, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const context = await browser.newContext({ locale: "en" });
    const page = await context.newPage();
    const signIn = async (remember: boolean) => {
      await page.locator("[name=email]").fill(ada.email);
      await page.locator("[name=password]").fill(ada.password);
      await page.locator("[name=remember]").setChecked(remember);
      await page.locator("main form button:not(.reveal)").click();
      await page.getByRole("heading", { name: "Ваши устройства" }).waitFor();
    };
    await page.goto(`${server.origin}/login`);
    assert.deepEqual(await stored(context), {}, "Nobody is followed before they sign in");
    await page.getByRole("link", { name: "Русский" }).click();
    await signIn(false);

    // A domain without a dot before it: the cookie goes to this host, and to none below it.
    const kept = { httpOnly: true, secure: true, sameSite: "Lax", path: "/", domain: "localhost" };
    const opensNothing = {
      "__Host-language": { ...kept, hours: 400 * 24 },
      "__Host-device": { ...kept, hours: 400 * 24 },
    };
    assert.deepEqual(await stored(context), {
      ...opensNothing,
      "__Host-session": { ...kept, hours: undefined },
    });
    assert.deepEqual(await context.cookies(`http://sub.localhost:${server.running.port}/`), []);
    assert.equal(await page.evaluate("document.cookie"), "");
    await page.evaluate("document.cookie = '__Host-session=planted; path=/; secure'");
    await page.reload();
    await page.getByRole("heading", { name: "Ваши устройства" }).waitFor();

    const signOut = page.getByRole("button", { name: "Выйти", exact: true });
    await signOut.click();
    await page.getByRole("heading", { name: "Вход" }).waitFor();
    assert.deepEqual(await stored(context), opensNothing, "What opened something is gone");
    await signIn(true);
    assert.deepEqual(await stored(context), {
      ...opensNothing,
      "__Host-session": { ...kept, hours: 12 },
      "__Host-remember": { ...kept, hours: 30 * 24 },
    });
    await signOut.click();
    await page.getByRole("heading", { name: "Вход" }).waitFor();
    assert.deepEqual(await stored(context), opensNothing);
  });
});
