/** Where others broke: vulnerabilities and faults that became known, each with the test that would have found it here. */
import type { Chapter } from "./catalogue.ts";

export const past: Chapter = {
  title: "Past vulnerabilities of others",
  about: "Each is a mistake that anybody may make. The test shows that it is not made here.",
  requirements: [
    {
      id: "CVE-2025-46336",
      demands: "rack-session: a slow request restored a session that had been deleted.",
    },
    {
      id: "better-auth#11073",
      demands:
        'better-auth: sessions survived "revoke all", because the index of a user raced with refreshes.',
    },
    {
      id: "CVE-2026-39324",
      demands: "rack-session: what did not decrypt was read by a decoder that checks nothing.",
    },
    { id: "CVE-2022-25896", demands: "passport: the session id stayed the same over sign-in and sign-out." },
    { id: "CVE-2023-29019", demands: "@fastify/passport: a planted session became the victim's." },
    {
      id: "CVE-2023-29020",
      demands: "@fastify/passport: a CSRF token from before the sign-in was good after it.",
    },
    {
      id: "CVE-2023-27495",
      demands: "@fastify/csrf-protection: the same, by a cookie tossed from a neighbour.",
    },
    { id: "fastify/session#240", demands: "@fastify/session: the old id went on after a regeneration." },
    { id: "CVE-2024-35220", demands: "@fastify/session: a session in use never expired." },
    { id: "CVE-2024-31999", demands: "@fastify/secure-session: a copied cookie was good for ever." },
    { id: "CVE-2015-8314", demands: "Devise: only the browser knew when a remembered sign-in expires." },
    { id: "CVE-2017-14775", demands: "Laravel: remember tokens were compared in a time that tells." },
    { id: "CVE-2016-1000236", demands: "cookie-signature: signatures were compared in a time that tells." },
    { id: "CVE-2019-16782", demands: "Rack: the time of looking a session up told its id." },
    { id: "CVE-2023-20862", demands: "Spring Security: signed out, and still signed in." },
    { id: "CVE-2023-20866", demands: "Spring Session: session ids in the log." },
    { id: "CVE-2023-30861", demands: "Flask: a proxy kept one user's cookie for another." },
    {
      id: "CVE-2026-27205",
      demands: "Flask: `Vary: Cookie` was missing after some ways of reading the session.",
    },
    { id: "CVE-2015-5143", demands: "Django: requests with invented ids filled the store." },
    { id: "CVE-2015-5963", demands: "Django: so did sign-outs without a session." },
    { id: "CVE-2015-3982", demands: "Django: an emptied session had an empty key, which everybody shared." },
    { id: "CVE-2014-0482", demands: "Django: another user went on in the session of the one before." },
    { id: "CVE-2026-39410", demands: "Hono: a no-break space around a cookie's name got around its prefix." },
    { id: "CVE-2024-47764", demands: "cookie: a name or a path could carry further attributes." },
    { id: "CVE-2026-47675", demands: "Hono: so could other attributes." },
    { id: "CVE-2025-7339", demands: "on-headers: headers given as a list were mishandled." },
    {
      id: "GHSA-xg6x-h9c9-2m83",
      demands: "better-auth: a cached session that lacked its second factor was valid.",
      open: "There are no second factors here, and so no session that lacks one. The cache answers for the current token of a live session and for nothing else.",
    },
    { id: "CVE-2025-61928", demands: "better-auth: whoever named a user in the body acted for them." },
    {
      id: "CVE-2026-45364",
      demands: "better-auth: other spellings of an IPv6 address, and its neighbours, evaded the limit.",
    },
    {
      id: "better-auth 2025",
      demands:
        "better-auth (winfunc, 2025): unsigned cookies of several accounts ended the sessions of others.",
    },
    {
      id: "better-auth PR #9991",
      demands: "better-auth: a signature held for the value, not for the name of its cookie, nor its expiry.",
    },
    {
      id: "GHSA-qq9h-g4jm-xgf3",
      demands: "better-auth: who had set up an account beforehand stayed in when its owner came.",
    },
    { id: "CVE-2025-71401", demands: "better-auth: the first request's `Host` became the address in links." },
    { id: "CVE-2023-48309", demands: "next-auth: a token of another kind passed for a session." },
    { id: "CVE-2022-35924", demands: "next-auth: a list of addresses passed for one." },
    { id: "CVE-2022-31093", demands: "next-auth: a malformed address to return to was an error." },
    { id: "CVE-2022-39263", demands: "next-auth: the id was looked up and the secret not compared." },
    { id: "CVE-2024-48913", demands: "Hono: without a `Content-Type` there was no CSRF check." },
    { id: "CVE-2024-43787", demands: "Hono: nor with one in capitals." },
    { id: "CVE-2023-29003", demands: "SvelteKit: nor with `text/plain`." },
    { id: "CVE-2024-56140", demands: "Astro: nor with a parameter behind it." },
    {
      id: "CVE-2021-32677",
      demands: "FastAPI: JSON was taken from `text/plain`, which every site may send.",
    },
    { id: "csurf", demands: "csurf (Fortbridge, 2022): a tossed token of the attacker's own was good." },
    { id: "CVE-2025-24358", demands: "gorilla/csrf: over TLS the origin was not compared as it should be." },
    { id: "CVE-2026-9802", demands: "Keycloak: after a restart, used tokens were accepted again." },
    { id: "CVE-2024-7341", demands: "Keycloak: the session id stayed the same over a sign-in by SAML." },
    {
      id: "CVE-2023-6787",
      demands: "Keycloak: proving anew who one is led into the session of somebody else.",
    },
    { id: "kratos#3671", demands: "Kratos: one endpoint did not look at how well somebody had signed in." },
    { id: "CVE-2024-45042", demands: "Kratos: the demand for a better sign-in could be got around." },
    { id: "CVE-2019-5421", demands: "Devise: parallel guesses exceeded the limit." },
    {
      id: "kratos 2025",
      demands: "Kratos (2025): one factor, used twice, counted as two.",
      open: "There is one factor here. `amr` of a session says by which it began.",
    },
    {
      id: "VilnaCRM#474",
      demands: "VilnaCRM: a grace after renewal minted a second chain, and no theft was ever seen.",
    },
    { id: "supertokens-node#141", demands: "SuperTokens: a request of another site signed the victim out." },
  ],
};
