/** Rules of what browsers and HTTP agree on: cookies, requests from other sites, answers. */
import type { Chapter } from "./catalogue.ts";

const cookies: Chapter = {
  title: "Cookies",
  about: "RFC 10025, which was rfc6265bis.",
  requirements: [
    {
      id: "RFC 10025 §4.1.1",
      demands: "One `Set-Cookie` of a name in an answer, each attribute once, dates as HTTP has them.",
    },
    {
      id: "RFC 10025 §4.1.3",
      demands: "Prefixes: browsers ignore case, so the server compares names exactly.",
    },
    {
      id: "RFC 10025 §4.1.2.7",
      demands: "`SameSite` is always written: what is left out is laxer than `Lax`.",
    },
    {
      id: "RFC 10025 §4.2.2",
      demands: "Several header lines are one; two cookies of a name say nothing, and count as none.",
    },
    { id: "RFC 10025 §5.5", demands: "No lifetime beyond 400 days." },
    {
      id: "RFC 10025 §5.6",
      demands:
        "Limits: 4096 characters of name and value, 1024 of an attribute; nameless cookies are not ours.",
    },
    {
      id: "RFC 10025 §8.6",
      demands: "Neighbours can toss cookies and evict ours: that is a clean sign-out and no error.",
    },
    { id: "RFC 10025 §3.1", demands: "A cookie is removed by the attributes it was set with." },
  ],
};

const crossSite: Chapter = {
  title: "Requests from other sites",
  about:
    "Fetch Metadata and `Origin`, as Go's `net/http` checks them since CVE-2025-47910, and the [cheat sheet](https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html) of OWASP.",
  requirements: [
    {
      id: "Fetch Metadata check",
      demands:
        "Unsafe requests pass from the own origin, from a listed one, or from no browser; `same-site`, `null` and unknown values do not.",
    },
    { id: "Fetch Metadata origins", demands: "A trusted origin is scheme, host and port, and nothing else." },
    {
      id: "OWASP CSRF token",
      demands:
        "A token is bound to its session, masked anew in each answer, and dies with the session; sign-in is protected too.",
    },
    {
      id: "CVE-2025-47910",
      demands: "Go: paths that redirected to an exempted one were exempted with it. Here no path is.",
    },
  ],
};

const answers: Chapter = {
  title: "Answers",
  about: "How HTTP says no.",
  requirements: [
    {
      id: "RFC 9457",
      demands: "Errors are problem documents with a stable type; for people they are pages.",
    },
    {
      id: "RFC 9110 §15.5.2",
      demands: "401 carries a challenge, and never `Basic`, which opens a dialogue.",
    },
    {
      id: "RFC 9110 §10.2.3",
      demands: "429 and 503 say when to try again, and to everybody alike.",
      note: "`RateLimit` header fields are a draft still, and are not sent.",
    },
    {
      id: "W3C Clear-Site-Data",
      demands: "A sign-out clears the site's storage, in quotes, and not the cookies of the whole domain.",
    },
    {
      id: "RFC 9111 §5.2.2.5",
      demands: "`no-store` and `Vary: Cookie`: no cache gives one person's answer to another.",
    },
  ],
};

export const browsers: readonly Chapter[] = [cookies, crossSite, answers];
