/** NIST SP 800-63B-4, as far as it speaks of sessions. */
import type { Chapter } from "./catalogue.ts";

export const nist: Chapter = {
  title: "NIST SP 800-63B-4",
  about:
    "[Digital Identity Guidelines: Authentication](https://pages.nist.gov/800-63-4/sp800-63b.html), by section. This is no claim of conformance: passwords alone are AAL1.",
  requirements: [
    {
      id: "NIST 2.3.3",
      demands:
        "Limits by level (with 2.1.3 and 2.2.3): 30 days at AAL1; 24 hours and 1 hour idle at AAL2; 12 hours and 15 minutes idle at AAL3.",
    },
    {
      id: "NIST 3.1.1.2",
      demands:
        "Passwords: 15 characters where they are the only factor, normalised, blocklisted, salted and hashed slowly.",
      note: "Without a pepper, which is a SHOULD.",
    },
    {
      id: "NIST 3.2.2",
      demands: "At most 100 failures in a row, then the password is disabled; success starts anew.",
    },
    {
      id: "NIST 5.1 origin",
      demands: "The session's secret is random, of 64 bits at least, made in direct answer to the sign-in.",
    },
    {
      id: "NIST 5.1 restart",
      demands: "A secret that a copy can use should not outlive the browser.",
      note: 'By default the cookie has no lifetime. "Remember me" is the user\'s choice, and its own one-time token.',
    },
    { id: "NIST 5.1 remembering", demands: "A remembered browser does not stand in for authentication." },
    {
      id: "NIST 5.1 assurance",
      demands: "A session is never worth more than the authentication it began with.",
    },
    {
      id: "NIST 5.1 erasure",
      demands: "The secret is erased at sign-out, kept out of web storage, and a sign-out is offered.",
    },
    {
      id: "NIST 5.1 requests",
      demands: "The content of POST and PUT carries an identifier of the session that is verified.",
      note: 'With `csrf: "token"`, as the server has it.',
    },
    {
      id: "NIST 5.1.1",
      demands:
        "Cookies: `Secure`, the smallest host and path, `HttpOnly`, `__Host-`, `SameSite`, nothing personal in them.",
    },
    {
      id: "NIST 5.2",
      demands: "What has expired is over; use resets the idle time; users may be warned before.",
    },
  ],
};
