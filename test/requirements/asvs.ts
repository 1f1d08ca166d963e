/** OWASP Application Security Verification Standard 5.0, as far as it speaks of sessions and what surrounds them. */
import type { Chapter } from "./catalogue.ts";

const source = "[OWASP ASVS 5.0](https://github.com/OWASP/ASVS), in our own words; L1 to L3 is the level.";

const sessions: Chapter = {
  title: "ASVS V7: sessions",
  about: `All nineteen demands of the chapter. ${source}`,
  requirements: [
    {
      id: "ASVS 7.1.1",
      level: 2,
      demands:
        "Idle timeout and absolute lifetime are documented, with reasons where they differ from NIST's.",
    },
    {
      id: "ASVS 7.1.2",
      level: 2,
      demands: "How many sessions a user may have at once is documented, and what happens beyond.",
    },
    {
      id: "ASVS 7.1.3",
      level: 2,
      demands:
        "Every system of a federation that makes sessions is documented, and how they are coordinated.",
    },
    { id: "ASVS 7.2.1", level: 1, demands: "Tokens are verified by a trusted backend, never by the client." },
    { id: "ASVS 7.2.2", level: 1, demands: "Tokens are made for each session; none is a static key." },
    {
      id: "ASVS 7.2.3",
      level: 1,
      demands: "Reference tokens are unique, from a secure random generator, with at least 128 bits.",
    },
    {
      id: "ASVS 7.2.4",
      level: 1,
      demands: "Signing in, and proving anew who one is, makes a new token and ends the former.",
    },
    { id: "ASVS 7.3.1", level: 2, demands: "A session that is not used for long enough ends." },
    { id: "ASVS 7.3.2", level: 2, demands: "A session ends in the end, however much it is used." },
    {
      id: "ASVS 7.4.1",
      level: 1,
      demands: "After sign-out and expiry the session cannot be taken up again, by the back button neither.",
    },
    { id: "ASVS 7.4.2", level: 1, demands: "Disabling or deleting an account ends all its sessions." },
    {
      id: "ASVS 7.4.3",
      level: 2,
      demands: "Who has changed or reset their password can end all other sessions.",
      note: "Here they end by themselves.",
    },
    { id: "ASVS 7.4.4", level: 2, demands: "Every page for signed-in people offers the sign-out, in sight." },
    { id: "ASVS 7.4.5", level: 2, demands: "Administrators can end the sessions of one user, and of all." },
    {
      id: "ASVS 7.5.1",
      level: 2,
      demands: "What matters for signing in is changed only after proving anew who one is.",
    },
    {
      id: "ASVS 7.5.2",
      level: 2,
      demands: "Users see their sessions, and end any of them after typing their password again.",
    },
    {
      id: "ASVS 7.5.3",
      level: 3,
      demands: "Highly sensitive operations demand a further proof.",
    },
    {
      id: "ASVS 7.6.1",
      level: 2,
      demands: "Sessions between relying parties and identity providers live and end as documented.",
    },
    { id: "ASVS 7.6.2", level: 2, demands: "No session comes into being without an act of the user." },
  ],
};

const frontend: Chapter = {
  title: "ASVS V3: browsers",
  about: "Cookies, headers, requests from other sites.",
  requirements: [
    {
      id: "ASVS 3.2.1",
      level: 1,
      demands: "Browsers do not show an answer as what it is not meant to be.",
    },
    { id: "ASVS 3.3.1", level: 1, demands: "Cookies are `Secure`, and named `__Host-` or `__Secure-`." },
    { id: "ASVS 3.3.2", level: 2, demands: "`SameSite` is set on each cookie, as its purpose wants it." },
    { id: "ASVS 3.3.3", level: 2, demands: "`__Host-`, unless the cookie is meant for several hosts." },
    {
      id: "ASVS 3.3.4",
      level: 2,
      demands: "`HttpOnly`, and the value of the session's cookie goes out in `Set-Cookie` only.",
    },
    { id: "ASVS 3.3.5", level: 3, demands: "Name and value together have at most 4096 bytes." },
    {
      id: "ASVS 3.4.1",
      level: 1,
      demands: "`Strict-Transport-Security` of a year at least, subdomains included.",
    },
    {
      id: "ASVS 3.4.2",
      level: 1,
      demands: "`Access-Control-Allow-Origin` is fixed or checked against a list.",
    },
    {
      id: "ASVS 3.4.3",
      level: 2,
      demands: "A `Content-Security-Policy` without objects and foreign bases, by nonce or hash.",
    },
    { id: "ASVS 3.4.4", level: 2, demands: "`X-Content-Type-Options: nosniff` on every answer." },
    { id: "ASVS 3.4.5", level: 2, demands: "A `Referrer-Policy` that keeps addresses to ourselves." },
    { id: "ASVS 3.4.6", level: 2, demands: "`frame-ancestors`: no other site shows ours in a frame." },
    {
      id: "ASVS 3.4.7",
      level: 3,
      demands: "The policy names a place to which browsers report violations.",
      open: "None is named. A place that takes reports from everybody is a door of its own, and the policy allows our own few files only.",
    },
    { id: "ASVS 3.4.8", level: 3, demands: "`Cross-Origin-Opener-Policy` on every document." },
    { id: "ASVS 3.5.1", level: 1, demands: "Requests that need no preflight are shown to be our own: CSRF." },
    {
      id: "ASVS 3.5.2",
      level: 1,
      demands: "What relies on the preflight cannot be called by a request that needs none.",
    },
    { id: "ASVS 3.5.3", level: 1, demands: "Nothing is changed by `GET`, `HEAD` or `OPTIONS`." },
    { id: "ASVS 3.5.8", level: 3, demands: "What is for signed-in people is embedded by no other site." },
    { id: "ASVS 3.7.2", level: 2, demands: "Redirects lead to listed places only." },
  ],
};

const authentication: Chapter = {
  title: "ASVS V6: signing in",
  about: "As far as sessions depend on it. Second factors, passkeys and federation are not here yet.",
  requirements: [
    {
      id: "ASVS 6.1.1",
      level: 1,
      demands: "It is documented how guessing is slowed down, and why nobody can lock an owner out.",
      note: "[Throttle](protections/throttle.md).",
    },
    { id: "ASVS 6.2.1", level: 1, demands: "Passwords have at least 8 characters; 15 are advised." },
    { id: "ASVS 6.2.2", level: 1, demands: "Users can change their password." },
    { id: "ASVS 6.2.3", level: 1, demands: "Changing it takes the current one." },
    {
      id: "ASVS 6.2.4",
      level: 1,
      demands: "The 3000 most common passwords that fit the rules are refused.",
      note: "By rules and not by a list: of 15 characters and more, common ones are words in a row, keys in a row and pieces repeated.",
    },
    { id: "ASVS 6.2.5", level: 1, demands: "Any kinds of characters will do." },
    {
      id: "ASVS 6.2.6",
      level: 1,
      demands: "Fields for passwords hide what is typed, and may show it on demand.",
    },
    { id: "ASVS 6.2.7", level: 1, demands: "Pasting and password managers work." },
    { id: "ASVS 6.2.8", level: 1, demands: "The password is verified as it was typed, whole." },
    { id: "ASVS 6.2.9", level: 2, demands: "64 characters are accepted." },
    { id: "ASVS 6.2.10", level: 2, demands: "A password does not age." },
    { id: "ASVS 6.2.11", level: 2, demands: "Words of the context are no passwords." },
    {
      id: "ASVS 6.2.12",
      level: 2,
      demands: "Passwords that were breached elsewhere are refused.",
      open: "Rules recognise common ones; the corpora of breaches are asked by nobody, for that would be a service of others or gigabytes.",
    },
    { id: "ASVS 6.3.1", level: 1, demands: "Guessing is slowed down as documented." },
    { id: "ASVS 6.3.2", level: 1, demands: "There are no default accounts." },
    { id: "ASVS 6.3.5", level: 3, demands: "Users are told of suspicious attempts to sign in." },
    { id: "ASVS 6.3.7", level: 3, demands: "Users are told when what they sign in with was changed." },
    {
      id: "ASVS 6.3.8",
      level: 3,
      demands: "No answer tells who has an account: not by its words, its status or the work it takes.",
    },
    { id: "ASVS 6.4.3", level: 2, demands: "A forgotten password is reset in a safe way." },
    { id: "ASVS 6.4.6", level: 3, demands: "Administrators start a reset, and do not choose the password." },
  ],
};

const neighbours: Chapter = {
  title: "ASVS V2 to V15: neighbours",
  about: "What sessions touch of access, cryptography, configuration, data and code.",
  requirements: [
    {
      id: "ASVS 2.3.3",
      level: 2,
      demands: "A deed of several steps is done as a whole or not at all.",
    },
    { id: "ASVS 2.4.1", level: 2, demands: "Automata are held back where they would cost much." },
    { id: "ASVS 4.1.1", level: 1, demands: "Answers say their type and character set." },
    { id: "ASVS 4.1.3", level: 2, demands: "Headers that proxies set cannot be set by users." },
    { id: "ASVS 4.4.2", level: 2, demands: "The handshake of a WebSocket checks the `Origin`." },
    { id: "ASVS 8.2.2", level: 1, demands: "Nobody reaches the data of others by naming it (IDOR)." },
    { id: "ASVS 8.3.2", level: 3, demands: "Changed rights hold at once." },
    {
      id: "ASVS 9.1.1",
      level: 1,
      demands: "Self-contained tokens are verified before anything in them is believed.",
      note: "A ticket only names a session; the one token that says something itself is the sealed cookie of a known device.",
    },
    {
      id: "ASVS 9.1.2",
      level: 1,
      demands: "Listed algorithms only, `none` never.",
      note: "There is one, and no token names it.",
    },
    {
      id: "ASVS 9.1.3",
      level: 1,
      demands: "Keys come from trusted, configured sources.",
    },
    {
      id: "ASVS 9.2.2",
      level: 2,
      demands: "A token of one kind is not taken for one of another.",
    },
    { id: "ASVS 11.2.2", level: 2, demands: "Algorithms and keys can be replaced." },
    { id: "ASVS 11.2.4", level: 3, demands: "Secrets are compared in constant time." },
    { id: "ASVS 11.3.1", level: 1, demands: "No insecure block modes, no weak padding." },
    { id: "ASVS 11.3.2", level: 1, demands: "Approved ciphers and modes only, such as AES-GCM." },
    { id: "ASVS 11.3.3", level: 2, demands: "What is encrypted cannot be changed unnoticed." },
    { id: "ASVS 11.3.4", level: 3, demands: "No nonce is used twice under one key." },
    {
      id: "ASVS 11.3.5",
      level: 3,
      demands: "A cipher with a MAC encrypts first, then authenticates.",
      open: "There is no such combination: AES-GCM does both.",
    },
    {
      id: "ASVS 11.4.2",
      level: 2,
      demands: "Passwords are stored by a slow function, with current parameters.",
    },
    {
      id: "ASVS 11.5.1",
      level: 2,
      demands: "What must not be guessed has 128 random bits at least. UUIDs have not.",
    },
    { id: "ASVS 12.3.1", level: 2, demands: "Connections to databases and other services are encrypted." },
    { id: "ASVS 12.3.2", level: 2, demands: "Their certificates are verified." },
    {
      id: "ASVS 12.3.3",
      level: 2,
      demands: "So are connections between one's own services over HTTP.",
      note: "The server calls no service over HTTP.",
    },
    {
      id: "ASVS 12.3.4",
      level: 2,
      demands: "Internal certificates come from a trusted authority.",
      open: "Certificates are those of the operator; `NODE_EXTRA_CA_CERTS` names their authority.",
    },
    {
      id: "ASVS 12.3.5",
      level: 3,
      demands: "Services prove to each other who they are, by mutual TLS for instance.",
      open: "Clients of databases are the application's: the library takes them with whatever certificate they have. The server offers passwords only.",
    },
    {
      id: "ASVS 13.1.2",
      level: 3,
      demands: "It is documented how many connections a service may take, and what happens beyond.",
      note: "[PostgreSQL](stores/postgres.md), [Redis](stores/redis.md).",
    },
    {
      id: "ASVS 13.1.3",
      level: 3,
      demands: "It is documented how long an operation may take, and what is tried again.",
      note: "[PostgreSQL](stores/postgres.md), [Redis](stores/redis.md).",
    },
    {
      id: "ASVS 13.1.4",
      level: 3,
      demands: "Critical secrets are documented, and when they are replaced.",
      note: "[Sealed cookies](protections/sealed-cookies.md).",
    },
    { id: "ASVS 13.2.1", level: 2, demands: "Services prove to the database who they are." },
    { id: "ASVS 13.2.2", level: 2, demands: "They have no more rights there than they need." },
    {
      id: "ASVS 13.2.3",
      level: 2,
      demands: "No default credentials.",
      note: "For people, see `ASVS 6.3.2`.",
    },
    {
      id: "ASVS 13.2.4",
      level: 2,
      demands: "What the application may call is listed.",
      note: "Each of them is an address of the configuration, and none of a request. A firewall is the operator's.",
    },
    {
      id: "ASVS 13.2.5",
      level: 2,
      demands: "What the server may load is listed.",
      note: "As above. Every asset is one of the server's own, see `ASVS 13.4.7`.",
    },
    { id: "ASVS 13.2.6", level: 3, demands: "Connections keep to what is documented of them." },
    {
      id: "ASVS 13.3.1",
      level: 2,
      demands: "Secrets lie in a vault or the like, and never in the code.",
      note: "A file of its owner's alone, or a variable that a vault may set. A module of hardware (level 3) is not offered.",
    },
    { id: "ASVS 13.3.4", level: 3, demands: "Secrets expire, and are replaced as documented." },
    {
      id: "ASVS 13.4.1",
      level: 1,
      demands: "No `.git` folder is within reach.",
    },
    { id: "ASVS 13.4.2", level: 2, demands: "Nothing for debugging is on in production." },
    { id: "ASVS 13.4.3", level: 2, demands: "No listings of folders." },
    { id: "ASVS 13.4.4", level: 2, demands: "`TRACE` is not answered." },
    { id: "ASVS 13.4.5", level: 2, demands: "Monitoring is shown to nobody unless that is wanted." },
    { id: "ASVS 13.4.6", level: 3, demands: "No answer tells the version of what is behind it." },
    { id: "ASVS 13.4.7", level: 3, demands: "Files of listed kinds are served, and no others." },
    { id: "ASVS 14.2.1", level: 1, demands: "Tokens and other secrets are in no URL." },
    { id: "ASVS 14.2.2", level: 2, demands: "Caches of servers keep nothing sensitive." },
    {
      id: "ASVS 14.3.1",
      level: 1,
      demands: "When the session ends, its data is cleared from the browser.",
    },
    { id: "ASVS 14.3.2", level: 2, demands: "`Cache-Control: no-store` on what is sensitive." },
    { id: "ASVS 14.3.3", level: 2, demands: "Browser storage has nothing sensitive but tokens." },
    { id: "ASVS 15.3.4", level: 2, demands: "The client's true address is used for limits and logs." },
    { id: "ASVS 15.3.5", level: 2, demands: "Types are checked, and compared strictly." },
    { id: "ASVS 15.3.6", level: 2, demands: "No input pollutes a prototype." },
    { id: "ASVS 15.3.7", level: 2, demands: "A parameter that comes twice or elsewhere deceives nobody." },
    {
      id: "ASVS 15.4.1",
      level: 3,
      demands: "What several threads share is accessed safely.",
    },
    { id: "ASVS 15.4.2", level: 3, demands: "Checking and acting on what was checked is one atomic step." },
    { id: "ASVS 15.4.3", level: 3, demands: "Nobody waits for ever, and nobody deadlocks." },
  ],
};

const logging: Chapter = {
  title: "ASVS V16: logs and errors",
  about: "The audit is the security log; [its page](protections/audit.md) is the inventory.",
  requirements: [
    {
      id: "ASVS 16.1.1",
      level: 2,
      demands: "An inventory says what is logged, where, in which form, for whom and for how long.",
    },
    { id: "ASVS 16.2.1", level: 2, demands: "Entries say when, where, who and what." },
    { id: "ASVS 16.2.2", level: 2, demands: "Clocks agree, and times are UTC or have their zone." },
    { id: "ASVS 16.2.3", level: 2, demands: "Logs go where the inventory says, and nowhere else." },
    { id: "ASVS 16.2.4", level: 2, demands: "Logs can be read by programs and related to each other." },
    { id: "ASVS 16.2.5", level: 2, demands: "Credentials are in no log, and tokens are masked at least." },
    { id: "ASVS 16.3.1", level: 2, demands: "Every sign-in and every failed one is logged." },
    { id: "ASVS 16.3.2", level: 2, demands: "Refused access is logged." },
    {
      id: "ASVS 16.3.3",
      level: 2,
      demands: "So is what is meant to get around a protection.",
    },
    { id: "ASVS 16.3.4", level: 2, demands: "So are unexpected errors and failed protections." },
    { id: "ASVS 16.4.1", level: 2, demands: "Nobody writes lines of their own into a log." },
    { id: "ASVS 16.5.1", level: 2, demands: "Users are told of errors in general words." },
    { id: "ASVS 16.5.2", level: 2, demands: "It stays secure when what it depends on fails." },
    { id: "ASVS 16.5.3", level: 2, demands: "No error opens a door." },
    {
      id: "ASVS 16.5.4",
      level: 3,
      demands: "What nobody caught is caught at last, logged, and does not end everything.",
    },
  ],
};

export const asvs: readonly Chapter[] = [sessions, frontend, authentication, neighbours, logging];
