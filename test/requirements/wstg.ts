/** OWASP Web Security Testing Guide: its tests of sessions, and those of signing in that concern sessions. */
import type { Chapter } from "./catalogue.ts";

export const wstg: Chapter = {
  title: "WSTG: what testers try",
  about:
    "The [Web Security Testing Guide](https://owasp.org/www-project-web-security-testing-guide/): session management 01 to 11, and the tests of signing in that end in a session.",
  requirements: [
    {
      id: "WSTG-SESS-01",
      demands:
        "Collect tickets, look for structure, guess: no bit is predictable, and guesses open and leave nothing.",
    },
    { id: "WSTG-SESS-02", demands: "The cookie has every attribute that it should have." },
    {
      id: "WSTG-SESS-03",
      demands: "Fixation: what was planted before the sign-in is worth nothing after it.",
    },
    {
      id: "WSTG-SESS-04",
      demands: "The ticket is exposed nowhere: not by GET, plain http, caches or addresses.",
    },
    { id: "WSTG-SESS-05", demands: "Other sites act in nobody's name (CSRF)." },
    {
      id: "WSTG-SESS-06",
      demands: "After sign-out a copied cookie, the back button and another device open nothing.",
    },
    {
      id: "WSTG-SESS-07",
      demands: "Timeouts are kept by the server, whatever the browser does with the cookie.",
    },
    {
      id: "WSTG-SESS-08",
      demands:
        "Puzzling: what one part of an application leaves behind does not pass for a session in another.",
    },
    { id: "WSTG-SESS-09", demands: "Hijacking: no cookie goes over plain http." },
    { id: "WSTG-SESS-10", demands: "JWT: forged, unsigned and confused tokens open nothing." },
    { id: "WSTG-SESS-11", demands: "Concurrent sessions are limited as the policy says, and shown." },
    { id: "WSTG-ATHN-03", demands: "Guessing locks out the guesser and not the owner." },
    { id: "WSTG-ATHN-05", demands: '"Remember me" keeps no credentials in the browser, and is bounded.' },
    { id: "WSTG-ATHN-06", demands: "Neither cache nor back button shows what signed-in people saw." },
  ],
};
