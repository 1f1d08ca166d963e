/** P9: promises about proxies, plain http and this machine, and about what is said when something is wrong. */
import assert from "node:assert/strict";
import type { AdapterCases } from "../case.ts";
import { assertSignedIn, cookieOf } from "../expectations.ts";
import type { Stage, StageOptions } from "../stage.ts";

const behindProxy: StageOptions = { auth: { trustedProxies: ["loopback"] } };
const onThisMachine: StageOptions = { auth: { insecureCookieForLocalhost: true } };
const login = "/do?verbs=login:ada";

export const network: AdapterCases = {
  // Proves ASVS 4.1.3, ASVS 15.3.4.
  "the client is the peer, whatever a header says": (set) =>
    set(async (stage) => {
      const headers = { "x-forwarded-for": "203.0.113.9", forwarded: "for=203.0.113.9" };
      await stage.send("POST", login, { headers });
      assert.equal(clientOf(stage).ip, "127.0.0.1");
    }),

  "behind a declared proxy the client is the one it names": (set) =>
    set(async (stage) => {
      const headers = {
        "x-forwarded-for": "198.51.100.1, 203.0.113.9",
        "user-agent": "Browser/1",
        "accept-language": "fr",
      };
      await stage.send("POST", login, { headers });
      assert.deepEqual(clientOf(stage), { ip: "203.0.113.9", userAgent: "Browser/1", language: "fr" });
    }, behindProxy),

  "on this machine, where asked for, the cookie is neither Secure nor prefixed": (set) =>
    set(async ({ browser, host }) => {
      const [, port] = host.split(":");
      const ada = browser();
      assert.match(cookieOf(await ada.do("login:ada")), /^session=[\w.-]+; HttpOnly; SameSite=Lax; Path=\/$/);
      assertSignedIn(await ada.get("/me"));
      for (const name of [`localhost:${port}`, `app.localhost:${port}`, `[::1]:${port}`]) {
        assertSignedIn(await ada.get("/me", { headers: { host: name } }));
      }
      assert.equal(cookieOf(await ada.do("logout")).includes("Secure"), false);
      assert.equal(ada.cookie, undefined);
    }, onThisMachine),

  // Proves WSTG-SESS-09, ASVS 3.3.1.
  "what a proxy passes on gets the Secure cookie also on this machine": (set) =>
    set(async ({ send }) => {
      const passedOn = [
        { "x-forwarded-for": "203.0.113.9" },
        { "x-forwarded-proto": "https" },
        { "x-forwarded-host": "shop.example" },
        { "x-real-ip": "203.0.113.9" },
        { forwarded: "for=203.0.113.9" },
        { via: "1.1 proxy" },
        { host: "shop.example" },
      ];
      for (const headers of passedOn) {
        assert.match(cookieOf(await send("POST", login, { headers })), /^__Host-session=.*; Secure$/);
      }
    }, onThisMachine),

  "a proxy that hides https is reported once, with what to declare (express-session#281)": (set) =>
    set(async ({ send, warnings }) => {
      const headers = { host: "shop.example", "x-forwarded-proto": "https" };
      await send("POST", login, { headers });
      await send("POST", login, { headers: { ...headers, host: "other.example" } });
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, /trustedProxies: \["127\.0\.0\.1"\]/);
    }),

  // Proves WSTG-SESS-09.
  "a sign-in over plain http on another host is reported once": (set) =>
    set(async ({ send, warnings }) => {
      await send("POST", login, { headers: { host: "shop.example" } });
      await send("POST", login, { headers: { host: "other.example" } });
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, /plain http on shop\.example/);
    }),

  "a sound place is not reported": (set) =>
    set(async ({ browser, send, warnings }) => {
      await browser().do("login:ada");
      const headers = { host: "shop.example", "x-forwarded-proto": "https" };
      await send("POST", login, { headers });
      assert.deepEqual(warnings, []);
    }, behindProxy),

  "an application that says where it is reached is not warned": (set) =>
    set(
      async ({ send, warnings }) => {
        await send("POST", login, { headers: { host: "internal:3000" } });
        assert.deepEqual(warnings, []);
      },
      { auth: { origin: "https://shop.example" } },
    ),
};

/** Who signed in, as the event tells it. */
function clientOf({ events }: Stage) {
  const [created] = events.filter((event) => event.type === "created");
  return created!.client;
}
