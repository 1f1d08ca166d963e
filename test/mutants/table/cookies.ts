/** Cookies, and the seal around what they carry. */
import type { Mutants } from "../mutant.ts";

const cookieTests = "coatcheck/test/http/cookie.test.ts";
const keyTests = "coatcheck/test/http/key-ring.test.ts";
const adapter = "The adapter for the web standard";
const cookie = "coatcheck/src/http/cookie.ts";
const keyRing = "coatcheck/src/http/key-ring.ts";
const settings = "coatcheck/src/http/auth-settings.ts";
const settingsTests = "coatcheck/test/http/auth-settings.test.ts";

export const cookiesMutants: Mutants = {
  "lets scripts read the cookie": {
    breaks: "B3",
    file: cookie,
    text: `\`\${name}=\${value}\`, "HttpOnly", ...end`,
    becomes: `\`\${name}=\${value}\`, ...end`,
    killedBy: [cookieTests, "serializeCookie writes every attribute once and in one order"],
  },
  "sends the cookie over plain http": {
    breaks: "B3",
    file: cookie,
    text: `  if (secure) attributes.push("Secure");
`,
    becomes: "",
    killedBy: [cookieTests, "serializeCookie writes every attribute once and in one order"],
  },
  "keeps a user signed in on a public computer by default": {
    breaks: "B3",
    file: cookie,
    text: "domain, persistent = false }",
    becomes: "domain, persistent = true }",
    killedBy: [
      cookieTests,
      "resolveCookie without options is __Host-, Lax, for the whole host, gone with the browser",
    ],
  },
  "sends the cookie with other sites' forms by default": {
    breaks: "B3",
    file: cookie,
    text: `options.sameSite ?? "lax"`,
    becomes: `options.sameSite ?? "none"`,
    killedBy: [
      cookieTests,
      "resolveCookie without options is __Host-, Lax, for the whole host, gone with the browser",
    ],
  },
  "lets links from other sites arrive signed out by default": {
    breaks: "B3",
    file: cookie,
    text: `options.sameSite ?? "lax"`,
    becomes: `options.sameSite ?? "strict"`,
    killedBy: [
      cookieTests,
      "resolveCookie without options is __Host-, Lax, for the whole host, gone with the browser",
    ],
  },
  "lets neighbours toss a session by default": {
    breaks: "promise 8",
    file: cookie,
    text: `name = "__Host-session", path`,
    becomes: `name = "session", path`,
    killedBy: [
      cookieTests,
      "resolveCookie without options is __Host-, Lax, for the whole host, gone with the browser",
    ],
  },
  "sets cookies that browsers drop": {
    breaks: "promise 9",
    file: cookie,
    text: "demand(secure || !anyPrefix.test(name), `browsers",
    becomes: "demand(true, `browsers",
    killedBy: [
      cookieTests,
      "serializeCookie refuses what browsers drop without Secure: prefixed names and SameSite=None",
    ],
  },
  "takes the first of two cookies of the name": {
    breaks: "promise 8",
    file: cookie,
    text: "if (value !== undefined) return duplicateCookie;",
    becomes: "if (value !== undefined) return value;",
    killedBy: [cookieTests, "readCookie RFC 10025 §4.2.2: two cookies of one name count as none"],
  },
  "takes every blank for a space, as browsers do not": {
    breaks: "promise 8",
    file: cookie,
    text: "return code === space || code === horizontalTab;",
    becomes: "return code === space || code === horizontalTab || code === 0xa0;",
    killedBy: [
      cookieTests,
      "readCookie CVE-2026-39410: a no-break space before the name is part of another name",
    ],
  },
  "finds the cookie inside another one": {
    breaks: "promise 8",
    file: cookie,
    text: "if (header.charCodeAt(equals) === equalsSign && beginsPair(header, at)) {",
    becomes: "if (header.charCodeAt(equals) === equalsSign) {",
    killedBy: [cookieTests, "readCookie ignores the name inside a value"],
  },
  "clears a cookie without the attributes that it was set with": {
    breaks: "B22",
    file: cookie,
    text: `return setCookie(settings, "", ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"], secure);`,
    becomes: `return secure ? \`\${settings.name}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT\` : "";`,
    killedBy: [
      cookieTests,
      "expireCookie RFC 10025 §3.1, RFC 10025 §4.1.1: repeats the attributes, with an empty value, Max-Age=0 and an IMF-fixdate in 1970",
    ],
  },
  "signs out and leaves the cookie": {
    breaks: "B22",
    file: "coatcheck/src/http/request-auth.ts",
    text: `    this.#ticket.clear();
`,
    becomes: "",
    killedBy: [
      "coatcheck/test/adapters/web.test.ts",
      `${adapter} sign-out sign-out ends the session and clears the cookie`,
    ],
  },
  "signs out by clearing the cookie alone": {
    breaks: "B22",
    file: "coatcheck/src/http/request-auth.ts",
    text: `    if (session) await this.sessions.revoke(session.id, { reason: "logout" });
`,
    becomes: "",
    killedBy: [
      "coatcheck/test/adapters/web.test.ts",
      `${adapter} sign-out sign-out ends the session and clears the cookie`,
    ],
  },
  "takes a plain ticket where tickets are sealed": {
    breaks: "B16",
    file: "coatcheck/src/http/ticket-cookie.ts",
    text: `return opening.kind === "opened" ? ticket(opening.value) : none("unopened");`,
    becomes: `return ticket(opening.kind === "opened" ? opening.value : value);`,
    killedBy: [
      "coatcheck/test/http/ticket-cookie.test.ts",
      "a ticket's cookie takes no plain ticket where tickets are sealed, and no sealed one where they are not (CVE-2026-39324)",
    ],
  },
  "does not compare the tag of an envelope": {
    breaks: "B16",
    file: keyRing,
    text: "return Buffer.concat([started, decipher.final()]);",
    becomes: "return Buffer.from(started);",
    killedBy: [keyTests, "a key ring refuses an envelope with any one bit changed"],
  },
  "seals for all cookies alike": {
    breaks: "B16",
    file: keyRing,
    text: `\`\${purpose}\\n\${cookieName}\\n\${keyId}\``,
    becomes: `\`\${purpose}\\n\${keyId}\``,
    killedBy: [keyTests, "a key ring does not open the envelope of another cookie (better-auth PR #9991)"],
  },
  "seals for all purposes under one key": {
    breaks: "B16",
    file: keyRing,
    text: `\`\${format} \${purpose}\``,
    becomes: "format",
    killedBy: [
      keyTests,
      "a key ring has the format that it says: HKDF-SHA256 for each purpose, AES-256-GCM, the context authenticated",
    ],
  },
  "opens what was sealed for ever": {
    breaks: "B16",
    file: keyRing,
    text: `if (!(now < plain.readDoubleBE(0))) return { kind: "expired" };`,
    becomes: "",
    killedBy: [
      keyTests,
      "a key ring opens until the millisecond before it expires, whatever the browser keeps (CVE-2024-31999)",
    ],
  },
  "opens another spelling of an envelope": {
    breaks: "B16",
    file: keyRing,
    text: `if (bytes.toString("base64url") !== body) return undefined;`,
    becomes: "",
    killedBy: [
      keyTests,
      "a key ring refuses an envelope with any one character changed, removed or added, and every part of one",
    ],
  },
  "seals twice with one nonce": {
    breaks: "B16",
    file: keyRing,
    text: "const nonce = randomBytes(nonceBytes);",
    becomes: "const nonce = Buffer.alloc(nonceBytes);",
    killedBy: [
      keyTests,
      "a key ring seals the same text to another envelope each time, as a cookie value, and shows nothing of it",
    ],
  },
  "signs everybody out with a new key in front": {
    breaks: "B5",
    file: keyRing,
    text: `const key = this.#keys.get(id);
    if (!key)`,
    becomes: `const key = this.#first;
    if (key.id !== id)`,
    killedBy: [
      keyTests,
      "a key ring seals with its first key and opens with all: a new key in front signs nobody out",
    ],
  },
  "makes a key up where none is given": {
    breaks: "B5",
    file: settings,
    text: "return keys === undefined || keys instanceof KeyRing ? keys : new KeyRing(keys);",
    becomes: `return keys instanceof KeyRing ? keys : new KeyRing(keys ?? [\`made-up:\${"A".repeat(43)}\`]);`,
    killedBy: [settingsTests, "keys are demanded at start by what needs them, with what to do"],
  },
  "begins without the keys that it needs": {
    breaks: "B5",
    file: settings,
    text: `  if (options.seal) demandKeys(keys, "seal");
`,
    becomes: "",
    killedBy: [settingsTests, "keys are demanded at start by what needs them, with what to do"],
  },
  "works on plain http, where browsers drop the cookie": {
    breaks: "B3",
    file: settings,
    text: `  assertSecure(options.origin);
`,
    becomes: "",
    killedBy: [
      settingsTests,
      "resolveAuth refuses an origin on which browsers drop the cookie, and says what to do",
    ],
  },
  "gives the plain cookie to what a proxy passes on": {
    breaks: "B3",
    file: settings,
    text: ` &&
    !forwardingHeaders.some((name) => request.header(name) !== undefined)`,
    becomes: "",
    killedBy: [settingsTests, "isDirectLoopback is none from elsewhere or from nobody knows where"],
  },
};
