/** Promises about requests that other sites send in a user's name. The algorithm itself has tests of its own. */
import assert from "node:assert/strict";
import type { AdapterCases } from "../case.ts";
import { assertRefused, assertSignedIn } from "../expectations.ts";

const unsafe = ["POST", "PUT", "PATCH", "DELETE"] as const;
const sites = [undefined, "same-origin", "none", "same-site", "cross-site", "nonsense"] as const;

/** What a test says about where a request comes from. */
interface Source {
  readonly site: string | undefined;
  readonly origin: string | undefined;
}

export const crossSite: AdapterCases = {
  // Proves ASVS 3.5.1, WSTG-SESS-05, Fetch Metadata check.
  "an unsafe request passes from the own origin or from no browser, and from nowhere else": (set) =>
    set(async ({ signedIn, host }) => {
      const ada = await signedIn();
      for (const method of unsafe) {
        for (const source of sources(host)) {
          const answer = await ada.send(method, "/me", { headers: headersOf(source) });
          if (mayPass(source, host)) assertSignedIn(answer);
          else assertRefused(answer, 403, "csrf");
        }
      }
      assertSignedIn(await ada.get("/me"));
    }),

  "a safe request passes from everywhere": (set) =>
    set(async ({ signedIn, host }) => {
      const ada = await signedIn();
      for (const source of sources(host))
        assertSignedIn(await ada.get("/me", { headers: headersOf(source) }));
    }),

  "a WebSocket opens from the own origin or from no browser, and from nowhere else (ASVS 4.4.2)": (set) =>
    set(async ({ signedIn, host }) => {
      const ada = await signedIn();
      const upgrade = { connection: "Upgrade", upgrade: "WebSocket" };
      for (const source of sources(host)) {
        const answer = await ada.get("/me", { headers: { ...upgrade, ...headersOf(source) } });
        if (mayPass(source, host)) assertSignedIn(answer);
        else assertRefused(answer, 403, "csrf");
      }
    }),

  // Others left out what had no type, or an odd one.
  // Proves ASVS 3.5.2, CVE-2023-29003, CVE-2024-56140.
  "the content type makes no difference (CVE-2024-48913, CVE-2024-43787)": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      const types = [
        undefined,
        "",
        "text/plain",
        "TEXT/HTML",
        "application/json",
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-Urlencoded",
      ];
      for (const type of types) {
        const headers = {
          ...(type !== undefined && { "content-type": type }),
          origin: "https://evil.example",
        };
        assertRefused(await ada.post("/me", { headers, body: "a=b" }), 403, "csrf");
      }
    }),

  // Proves ASVS 7.6.2, ASVS 3.5.1, WSTG-SESS-05, OWASP CSRF token.
  "a sign-in from another site is refused, and creates nothing": (set) =>
    set(async ({ send, store }) => {
      const headers = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
      assertRefused(await send("POST", "/do?verbs=login:mallory", { headers }), 403, "csrf");
      assert.deepEqual(store.operations, []);
    }),

  "a refusal asks the store nothing, clears no cookie and is reported (supertokens-node#141)": (set) =>
    set(async ({ signedIn, store, events }) => {
      const ada = await signedIn();
      store.operations.length = 0;
      const headers = { "sec-fetch-site": "cross-site" };
      assertRefused(await ada.post("/do?verbs=logout", { headers }), 403, "csrf");
      assert.deepEqual(store.operations, []);
      assert.deepEqual(
        events.flatMap((event) => (event.type === "csrf" ? [event.reason] : [])),
        ["cross-origin"],
      );
      assertSignedIn(await ada.get("/me"));
    }),

  // Proves Fetch Metadata origins.
  "a declared origin may act, its neighbours may not": (set) =>
    set(
      async ({ signedIn, host }) => {
        const ada = await signedIn();
        const from = (origin: string) => ada.post("/me", { headers: { origin } });
        assertSignedIn(await from("https://shop.example"));
        assertSignedIn(await from("https://partner.example"));
        assertSignedIn(
          await ada.post("/me", {
            headers: { origin: "https://partner.example", "sec-fetch-site": "cross-site" },
          }),
        );
        for (const neighbour of [
          "http://shop.example",
          "https://shop.example:8443",
          "https://www.shop.example",
          "https://shop.example.evil.example",
          `http://${host}`,
        ]) {
          assertRefused(await from(neighbour), 403, "csrf");
        }
      },
      { auth: { origin: "https://shop.example", trustedOrigins: ["https://partner.example"] } },
    ),

  "the host that a proxy was asked for counts only if the proxy is declared": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      const headers = { origin: "https://evil.example", "x-forwarded-host": "evil.example" };
      assertRefused(await ada.post("/me", { headers }), 403, "csrf");
    }),

  "behind a declared proxy, Origin is compared with the host that the browser asked for": (set) =>
    set(
      async ({ signedIn }) => {
        const ada = await signedIn();
        const headers = { origin: "https://shop.example", "x-forwarded-host": "shop.example" };
        assertSignedIn(await ada.post("/me", { headers }));
      },
      { auth: { trustedProxies: ["loopback"] } },
    ),
};

function sources(host: string): Source[] {
  const origins = [
    undefined,
    `http://${host}`,
    "https://evil.example",
    "null",
    `http://evil@${host}`,
    `http://${host}/`,
    `http://${host}, https://evil.example`,
  ];
  return sites.flatMap((site) => origins.map((origin) => ({ site, origin })));
}

function headersOf({ site, origin }: Source): Record<string, string> {
  return { ...(site && { "sec-fetch-site": site }), ...(origin && { origin }) };
}

/** The rule of Go's CrossOriginProtection, said once more. */
function mayPass({ site, origin }: Source, host: string): boolean {
  if (site !== undefined) return site === "same-origin" || site === "none";
  return origin === undefined || origin === `http://${host}`;
}
