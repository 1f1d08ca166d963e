/** How sessions begin and end: sign-in, revocation, and the order in which a browser and its session go. */
import type { Mutants } from "../mutant.ts";

const adapter = "The adapter for the web standard";
const races = "coatcheck/test/remember/races.test.ts";
const revocation = "coatcheck/test/core/revocation.test.ts";
const signIn = "coatcheck/test/core/sign-in.test.ts";
const touches = "coatcheck/test/core/touches.test.ts";
const outage = "coatcheck/test/core/outage.test.ts";

export const endsMutants: Mutants = {
  "ends a session before its browser is forgotten": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/core/ends.ts",
    text: `  const forgotten = await forgetWith(house, id, reason);
  const ended = await end(house, id, reason);
`,
    becomes: `  const ended = await end(house, id, reason);
  const forgotten = await forgetWith(house, id, reason);
`,
    killedBy: [
      races,
      "a node that dies while a browser comes back while it ends one device ends it for good or not at all",
    ],
  },
  "ends all sessions before their browsers are forgotten": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/core/ends.ts",
    text: `  const forgotten = await forgetAll(house, userId, except);
`,
    becomes: `  const forgotten: RememberRecord[] = [];
`,
    killedBy: [
      races,
      "a device that comes back while it is ended with all others stays out, though it comes back between any two steps of that",
    ],
  },
  "forgets no browser that was remembered while all sessions ended": {
    breaks: "promise 2",
    file: "coatcheck/src/core/ends.ts",
    text: `  forgotten.push(...(await forgetAll(house, userId, except)));
`,
    becomes: "",
    killedBy: [
      races,
      "a sign-in that is remembered and all sessions that end meanwhile leave a device that is whole, or none",
    ],
  },
  "keeps the session that the browser presented at sign-in": {
    breaks: "B6",
    file: "coatcheck/src/core/beginnings.ts",
    text: "const replaced = replacing?.userId === userId ? replacing.id : undefined;",
    becomes: "const replaced = undefined;",
    killedBy: [signIn, "sign-in ends the session that the browser presented, in the same step"],
  },
  "keeps the session of whoever was signed in there before": {
    breaks: "B6",
    file: "coatcheck/src/core/beginnings.ts",
    text: `  if (replacing && replacing.userId !== userId) await revoke(house, replacing.id, "replaced");
`,
    becomes: "",
    killedBy: [signIn, "sign-in ends the presented session of another user too (CVE-2014-0482)"],
  },
  "does not ask whether a sign-in still holds": {
    breaks: "promise 2",
    file: "coatcheck/src/core/beginnings.ts",
    text: `  if (stillValid) await confirm(house, record.id, stillValid);
`,
    becomes: "",
    killedBy: [
      signIn,
      "a sign-in against a concurrent password change revokes its own session when what it checked no longer holds",
    ],
  },
  "asks whether a sign-in still holds before it writes the session": {
    breaks: "promise 2",
    file: "coatcheck/src/core/beginnings.ts",
    text: `  const { record, token, remember } = await insertNew(house, userId, options);
  house.observers.tellOf(record, { type: "created", client, amr: record.amr });
  if (replacing && replacing.userId !== userId) await revoke(house, replacing.id, "replaced");
  if (stillValid) await confirm(house, record.id, stillValid);
`,
    becomes: `  if (stillValid && !(await stillValid())) throw new SignInRefusedError("sign-in-outdated");
  const { record, token, remember } = await insertNew(house, userId, options);
  house.observers.tellOf(record, { type: "created", client, amr: record.amr });
  if (replacing && replacing.userId !== userId) await revoke(house, replacing.id, "replaced");
`,
    killedBy: [
      signIn,
      "a sign-in against a concurrent password change asks only after the session is written, so that one of the two always sees the other",
    ],
  },
  "keeps the session where the question whether it holds fails": {
    breaks: "promise 2",
    file: "coatcheck/src/core/beginnings.ts",
    text: `  } finally {
    if (!valid) await revoke(house, id, "account-changed");
  }
`,
    becomes: `  } finally {
  }
  if (!valid) await revoke(house, id, "account-changed");
`,
    killedBy: [
      signIn,
      "a sign-in against a concurrent password change leaves no session when the question itself fails",
    ],
  },
  "overwrites the session whose id it draws": {
    breaks: "B4",
    file: "coatcheck/src/stores/memory.ts",
    text: `    if (this.#sessions.get(record.id) || this.#tombstones.get(record.id)) {
      return { inserted: false, because: "duplicate" };
    }
`,
    becomes: "",
    killedBy: [
      "coatcheck/test/stores/memory.test.ts",
      "The store memory insert adds a session; never overwrites",
    ],
  },
  "ends anybody's session by an id from outside": {
    breaks: "promise 2",
    file: "coatcheck/src/core/ends.ts",
    text: "return owned !== undefined && owned.userId === userId;",
    becomes: "return owned !== undefined;",
    killedBy: [revocation, "revocation by an id from outside ends only a session of that user"],
  },
  "takes a user who is not known for permission to end anybody's session": {
    breaks: "promise 2",
    file: "coatcheck/src/core/manager.ts",
    text: `if ("userId" in options && !(await`,
    becomes: "if (options.userId && !(await",
    killedBy: [revocation, "revocation by an id from outside ends only a session of that user"],
  },
  "ends the session that asks when the others are to end": {
    breaks: "promise 2",
    file: "coatcheck/src/core/ends.ts",
    text: "house.store.deleteByUser(userId, reason, now, except)",
    becomes: "house.store.deleteByUser(userId, reason, now)",
    killedBy: [revocation, "revocation of the others keeps the one that asks"],
  },
  "shows expired sessions in the list of devices": {
    breaks: "B2",
    file: "coatcheck/src/core/devices.ts",
    text: "records.filter((record) => !expiry(house.policy, record, now))",
    becomes: "[...records]",
    killedBy: [revocation, "the list of devices leaves out what has expired"],
  },
  "tells two of one end": {
    breaks: "B17",
    file: "coatcheck/src/core/ends.ts",
    text: `  const record = await house.store.delete(id, reason, now);
  return record !== undefined && endedNow`,
    becomes: `  const found = await house.store.find(id);
  const record = (await house.store.delete(id, reason, now)) ?? (found && "userId" in found ? found : undefined);
  return record !== undefined && endedNow`,
    killedBy: [revocation, "revocation is told once, to whom the ending belongs"],
  },
  "tells observers the token that it rejects": {
    breaks: "B17",
    file: "coatcheck/src/core/manager.ts",
    text: "this.#reject(rejectionOf(verdict), token.id, request)",
    becomes: "this.#reject(rejectionOf(verdict), token.reveal() as never, request)",
    killedBy: [outage, "observers are told each rejection with its reason, and never a token"],
  },
  "lets an observer that throws change what happens": {
    breaks: "B18",
    file: "coatcheck/src/core/observers.ts",
    text: `    try {
      const outcome = observer(event);
      if (outcome instanceof Promise) outcome.catch(report);
    } catch (cause) {
      report(cause);
    }
`,
    becomes: `    const outcome = observer(event);
    if (outcome instanceof Promise) outcome.catch(report);
`,
    killedBy: [
      outage,
      "observers see every event and cannot change what happens; what they throw is reported",
    ],
  },
  "writes at each request that a session is used": {
    breaks: "B9",
    file: "coatcheck/src/core/touches.ts",
    text: `    if (now - record.lastSeenAt < policy.touchInterval) return;
    if (!storeClock.agrees`,
    becomes: "    if (!storeClock.agrees",
    killedBy: [
      revocation,
      "use is not written where the store knows of one within the interval: the sign-in, or one on another node",
    ],
  },
  "notes a use once more while the first one is written": {
    breaks: "B9",
    file: "coatcheck/src/core/touches.ts",
    text: `    if (!this.#noted.isNews(record.id, now)) return;
`,
    becomes: "",
    killedBy: [
      touches,
      "a touch is one for a session and interval on a node, also where a slow find still has the earlier use",
    ],
  },
  "revives a session that expired while its use waited to be noted": {
    breaks: "B8",
    file: "coatcheck/src/core/touches.ts",
    text: "store.update(id, { seen }, now())",
    becomes: "store.update(id, { seen }, seen.lastSeenAt)",
    killedBy: [
      touches,
      "a touch is conditional when it is written: who expired while it waited is not revived",
    ],
  },
  "revives an expired session by its use": {
    breaks: "B8",
    file: "coatcheck/src/stores/memory.ts",
    text: "if (!record || !isLive(record, now) || !meets",
    becomes: "if (!record || !meets",
    killedBy: [revocation, "use never revives an expired session"],
  },
  "lets use move the absolute deadline": {
    breaks: "B8",
    file: "coatcheck/src/core/policy.ts",
    text: "return Math.min(lastSeenAt + policy.idleTimeout, createdAt + policy.absoluteTimeout);",
    becomes: "return lastSeenAt + policy.idleTimeout;",
    killedBy: [
      "coatcheck/test/core/policy.test.ts",
      "policy lets a session die at the earlier of both deadlines",
    ],
  },
  "moves the last use back with the clock": {
    breaks: "B24",
    file: "coatcheck/src/core/record.ts",
    text: "lastSeenAt: Math.max(record.lastSeenAt, seen.lastSeenAt)",
    becomes: "lastSeenAt: seen.lastSeenAt",
    killedBy: [revocation, "use never moves backwards with the clock"],
  },
  "notes uses by a clock that is wrong": {
    breaks: "B24",
    file: "coatcheck/src/core/touches.ts",
    text: "if (!storeClock.agrees || this",
    becomes: "if (this",
    killedBy: [
      outage,
      "a node whose clock differs from the store's is unready beyond five seconds, and then neither touches nor prunes",
    ],
  },
  "prunes by a clock that is wrong": {
    breaks: "B24",
    file: "coatcheck/src/core/pruning.ts",
    text: `    if (!storeClock.agrees) break;
`,
    becomes: "",
    killedBy: [
      outage,
      "a node whose clock differs from the store's is unready beyond five seconds, and then neither touches nor prunes",
    ],
  },
  "stops pruning after the first failure": {
    breaks: "B18",
    file: "coatcheck/src/core/upkeep.ts",
    text: `.catch((cause) => sessions.warn("Pruning failed", cause));`,
    becomes: `.catch((cause) => {
      sessions.warn("Pruning failed", cause);
      for (const timer of timers) clearInterval(timer);
    });`,
    killedBy: [outage, "upkeep goes on after a failure, and reports it"],
  },
  "forgets its promise of two clocks where a level was named": {
    breaks: "promise 8",
    file: "coatcheck/src/core/policy.ts",
    text: "if (ceiling && policy[name] > ceiling[name]) {",
    becomes: "if (ceiling && policy[name] > ceiling[name] * 2) {",
    killedBy: [
      "coatcheck/test/core/policy.test.ts",
      "policy aal2 has the timeouts of NIST SP 800-63B-4, and refuses looser ones",
    ],
  },
  "takes an outage for an unknown token": {
    breaks: "B25",
    file: "coatcheck/src/core/asked-store.ts",
    text: "find: (id) => find(store, id),",
    becomes: "find: (id) => find(store, id).catch(() => undefined),",
    killedBy: [outage, "an outage is one error for every verb, with the backend's own as its cause"],
  },
  "answers an outage with 401": {
    breaks: "B25",
    file: "coatcheck/src/http/problem.ts",
    text: "if (error instanceof StoreUnavailableError) return storeUnavailable();",
    becomes: "if (error instanceof StoreUnavailableError) return notSignedIn();",
    killedBy: [
      "coatcheck/test/adapters/web.test.ts",
      `${adapter} outage while the store is down, guarded routes say 503 and keep the cookie`,
    ],
  },
  "shows a page to nobody while the store is down": {
    breaks: "B25",
    file: "coatcheck/src/http/admission.ts",
    text: `    this.#validation ??= this.#recent() ?? this.#lookUp();
`,
    becomes: `    const asNobody = () => ({ ok: false, rejection: { reason: "absent" } }) as const;
    this.#validation ??= this.#recent() ?? Promise.resolve(this.#lookUp()).catch(asNobody);
`,
    killedBy: [
      "coatcheck/test/adapters/web.test.ts",
      `${adapter} outage while the store is down, a route that asks for the session gets 503, not nobody`,
    ],
  },
  "says 401 without a challenge": {
    breaks: "B26",
    file: "coatcheck/src/http/problem.ts",
    text: `    ...(problem.status === 401 && { "www-authenticate": 'Cookie realm="session"' }),
`,
    becomes: "",
    killedBy: [
      "coatcheck/test/http/problem.test.ts",
      "RFC 9457: Not signed in RFC 9110 §15.5.2: challenges if, and only if, nobody is signed in; never by Basic",
    ],
  },
  "answers in words only": {
    breaks: "B26",
    file: "coatcheck/src/http/problem.ts",
    text: `"content-type": "application/problem+json"`,
    becomes: `"content-type": "text/plain"`,
    killedBy: [
      "coatcheck/test/http/problem.test.ts",
      "RFC 9457: Not signed in is a problem document that nobody may cache",
    ],
  },
  "clears the cookie of whoever is refused": {
    breaks: "how-sessions-work",
    file: "coatcheck/src/http/admission.ts",
    text: `    else if (wasNeverOurs(validation.rejection)) countGarbage(this.#exchange);
`,
    becomes: `    else if (wasNeverOurs(validation.rejection)) countGarbage(this.#exchange);
    if (!validation.ok) this.#ticket.clear();
`,
    killedBy: ["coatcheck/test/adapters/web.test.ts", `${adapter} sign-out a late 401 clears no cookie`],
  },
};
