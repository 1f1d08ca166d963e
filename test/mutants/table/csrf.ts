/** Where a request may come from, and the token that it may have to carry. */
import type { Mutants } from "../mutant.ts";

const tests = "coatcheck/test/http/csrf.test.ts";
const adapter = "coatcheck/test/adapters/web.test.ts";

export const csrfMutants: Mutants = {
  "lets values of Sec-Fetch-Site pass that it does not know": {
    breaks: "B23",
    file: "coatcheck/src/http/csrf.ts",
    text: `if (secFetchSite) return "sec-fetch-site";`,
    becomes: `if (secFetchSite === "cross-site") return "sec-fetch-site";`,
    killedBy: [
      tests,
      "Fetch Metadata check: unsafe methods and odd values of Sec-Fetch-Site an unknown value is rejected",
    ],
  },
  "trusts the neighbours of the site": {
    breaks: "B23",
    file: "coatcheck/src/http/csrf.ts",
    text: `if (secFetchSite === "same-origin" ||`,
    becomes: `if (secFetchSite === "same-site" || secFetchSite === "same-origin" ||`,
    killedBy: [
      tests,
      "Fetch Metadata check: Sec-Fetch-Site (Go, first table) same-site is rejected: a sibling is a stranger",
    ],
  },
  "reads the Origin of old browsers carelessly": {
    breaks: "B23",
    file: "coatcheck/src/http/csrf.ts",
    text: "const authority = webOrigin.exec(origin)?.[1];",
    becomes: "const authority = URL.parse(origin)?.host;",
    killedBy: [
      tests,
      "Fetch Metadata check: Origin against Host, without a configured origin Go issue 78563: userinfo is rejected",
    ],
  },
  "does not look at the Origin of old browsers": {
    breaks: "B20",
    file: "coatcheck/src/http/csrf.ts",
    text: "if (!origin || isOwn(origin, host, trusted.publicOrigin)) return undefined;",
    becomes: "return undefined;",
    killedBy: [tests, "Fetch Metadata check: Sec-Fetch-Site (Go, first table) a foreign Origin is rejected"],
  },
  "compares a public origin by its host alone": {
    breaks: "B23",
    file: "coatcheck/src/http/csrf.ts",
    text: "if (publicOrigin !== undefined) return origin === publicOrigin;",
    becomes: "",
    killedBy: [
      tests,
      "Fetch Metadata check: Origin against the configured public origin CVE-2025-24358: http is rejected",
    ],
  },
  "throws at a token that is no ASCII": {
    breaks: "B19",
    file: "coatcheck/src/http/csrf.ts",
    text: `if (typeof presented !== "string" || !tokenPattern.test(presented)) return false;`,
    becomes: `if (presented === undefined) return false;`,
    killedBy: [tests, "csrfToken rejects everything else without a throw"],
  },
  "makes one CSRF token for all sessions": {
    breaks: "B19",
    file: "coatcheck/src/core/token.ts",
    text: `return createHmac("sha256", this.#family).update(purpose).digest();`,
    becomes: `return createHmac("sha256", "coatcheck").update(purpose).digest();`,
    killedBy: [
      tests,
      "csrfToken csurf (Fortbridge, 2022): a tossed token of the attacker's own session is rejected",
    ],
  },
  "binds the CSRF token to the secret": {
    breaks: "how-sessions-work",
    file: "coatcheck/src/core/token.ts",
    text: `return createHmac("sha256", this.#family).update(purpose).digest();`,
    becomes: `return createHmac("sha256", this.#secret).update(purpose).digest();`,
    killedBy: [tests, "csrfToken survives renewal"],
  },
  "sends the CSRF token as it is": {
    breaks: "how-sessions-work",
    file: "coatcheck/src/http/csrf.ts",
    text: "const mask = randomBytes(keyLength);",
    becomes: "const mask = Buffer.alloc(keyLength);",
    killedBy: [tests, "csrfToken does not contain the key"],
  },
  "masks a CSRF token once and for all": {
    breaks: "how-sessions-work",
    file: "coatcheck/src/http/csrf.ts",
    text: "const mask = randomBytes(keyLength);",
    becomes: "const mask = Buffer.alloc(keyLength, 7);",
    killedBy: [tests, "csrfToken OWASP CSRF token: is good for its session, and looks different each time"],
  },
  "takes PATCH for safe": {
    breaks: "B20",
    file: "coatcheck/src/http/csrf.ts",
    text: `new Set(["GET", "HEAD", "OPTIONS"])`,
    becomes: `new Set(["GET", "HEAD", "OPTIONS", "PATCH"])`,
    killedBy: [
      tests,
      "Fetch Metadata check: unsafe methods and odd values of Sec-Fetch-Site PATCH is rejected",
    ],
  },
  "checks the origin only where it is asked to": {
    breaks: "B20",
    file: "coatcheck/src/http/request-auth.ts",
    text: "return this.#isFromAnywhere ? undefined : this.#checkUnsafe().catch(problemOrThrow);",
    becomes: "return undefined;",
    killedBy: [
      adapter,
      "The adapter for the web standard cross-site an unsafe request passes from the own origin or from no browser, and from nowhere else",
    ],
  },
  "lets any page open a WebSocket": {
    breaks: "B20",
    file: "coatcheck/src/http/request-auth.ts",
    text: "return this.#isSafe && !isWebSocket(this.#exchange.request);",
    becomes: "return this.#isSafe;",
    killedBy: [
      adapter,
      "The adapter for the web standard cross-site a WebSocket opens from the own origin or from no browser, and from nowhere else (ASVS 4.4.2)",
    ],
  },
  "leaves the origin out where the token is checked": {
    breaks: "B20",
    file: "coatcheck/src/http/request-auth.ts",
    text: `this.checkOrigin() ?? (this.#exchange.settings.csrf === "token" ? this.checkCsrfToken() : undefined)`,
    becomes: `this.#exchange.settings.csrf === "token" ? this.checkCsrfToken() : this.checkOrigin()`,
    killedBy: [
      adapter,
      "The adapter for the web standard CSRF token the token does not replace the check of the origin",
    ],
  },
  "accepts every CSRF token": {
    breaks: "B19",
    file: "coatcheck/src/http/csrf-check.ts",
    text: "return verifyCsrfToken(token, presented) ? undefined",
    becomes: "return presented !== undefined ? undefined",
    killedBy: [adapter, "The adapter for the web standard CSRF token a token opens only its own session"],
  },
  "demands a CSRF token before sign-in": {
    breaks: "how-sessions-work",
    file: "coatcheck/src/http/request-auth.ts",
    text: "return held && checkToken(this.#exchange, held.token);",
    becomes: `if (!held && !this.#isSafe) return { type: "urn:coatcheck:problem:csrf", title: "", status: 403 };
    return held && checkToken(this.#exchange, held.token);`,
    killedBy: [
      adapter,
      "The adapter for the web standard CSRF token without a session no token is demanded: nobody needs one to sign in",
    ],
  },
  "believes every proxy about the host": {
    breaks: "B6",
    file: "coatcheck/src/http/client.ts",
    text: "return value && fromDeclaredProxy(request, proxies) ? value : undefined;",
    becomes: "return value;",
    killedBy: [
      adapter,
      "The adapter for the web standard cross-site the host that a proxy was asked for counts only if the proxy is declared",
    ],
  },
};
