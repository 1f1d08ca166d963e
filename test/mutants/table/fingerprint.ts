/** What is done about a client unlike the one that signed in. */
import type { Mutants } from "../mutant.ts";

const policy = "coatcheck/src/core/fingerprint-policy.ts";
const tests = "coatcheck/test/core/fingerprint-policy.test.ts";
const adapter = "The adapter for the web standard";
const webTests = "coatcheck/test/adapters/web.test.ts";
const requestAuth = "coatcheck/src/http/request-auth.ts";

export const fingerprintMutants: Mutants = {
  "ends sessions of odd clients by default": {
    breaks: "B13",
    file: policy,
    text: `option.onMismatch ?? "report"`,
    becomes: `option.onMismatch ?? "revoke"`,
    killedBy: [
      tests,
      "a cookie that was copied to another browser is reported by default and opens the session",
    ],
  },
  "compares whole headers by default": {
    breaks: "B13",
    file: policy,
    text: `option.signals ?? "tolerant"`,
    becomes: `option.signals ?? "strict"`,
    killedBy: [tests, "the tolerant signals sign nobody out when Firefox on Linux is updated"],
  },
  "takes an update of the browser for another browser": {
    breaks: "B13",
    file: "coatcheck/src/core/fingerprint.ts",
    text: `    browserFamily(userAgent),
`,
    becomes: `    userAgent,
`,
    killedBy: [
      "coatcheck/test/core/fingerprint.test.ts",
      "the tolerant fingerprint stays the same over an update of the browser and a change of regional language",
    ],
  },
  "takes every browser for the same": {
    breaks: "protections/fingerprint",
    file: "coatcheck/src/core/fingerprint.ts",
    text: `    browserFamily(userAgent),
`,
    becomes: "",
    killedBy: [tests, "the tolerant signals tell all of these browsers apart"],
  },
  "digests clients without a key": {
    breaks: "B13",
    file: "coatcheck/src/core/fingerprint.ts",
    text: `createHmac("sha256", token.key("fingerprint"))`,
    becomes: `createHmac("sha256", "fingerprint")`,
    killedBy: [
      "coatcheck/test/core/fingerprint.test.ts",
      "the tolerant fingerprint is keyed by the session: the same client has unrelated digests elsewhere",
    ],
  },
  "stores Accept-Encoding": {
    breaks: "protections/fingerprint",
    file: policy,
    text: `    client: stored,
`,
    becomes: `    client,
`,
    killedBy: [tests, "the strict signals are stored as a digest only, keyed by the session"],
  },
  "takes a missing fingerprint for a wrong one": {
    breaks: "B12",
    file: policy,
    text: `if (!record.fingerprint?.startsWith(\`\${signals}:\`)) return true;`,
    becomes: `if (!record.fingerprint?.startsWith(\`\${signals}:\`)) return false;`,
    killedBy: [
      tests,
      "a client that is not known which said nothing at sign-in has nothing to be compared with",
    ],
  },
  "judges a client by signals of a former policy": {
    breaks: "protections/fingerprint",
    file: policy,
    text: `if (!record.fingerprint?.startsWith(\`\${signals}:\`)) return true;`,
    becomes: "if (!record.fingerprint) return true;",
    killedBy: [
      tests,
      "a policy that was changed to other signals judges nobody by the former ones, and binds anew when they authenticate again",
    ],
  },
  "lets in who says nothing of itself": {
    breaks: "protections/fingerprint",
    file: policy,
    text: `if (!record.fingerprint?.startsWith(\`\${signals}:\`)) return true;`,
    becomes: `if (!record.fingerprint?.startsWith(\`\${signals}:\`) || !saysAnything(client)) return true;`,
    killedBy: [
      tests,
      "a client that is not known which says nothing now but did at sign-in is another one, whatever the reaction",
    ],
  },
  "lets an odd client in, whatever the policy": {
    breaks: "B12",
    file: "coatcheck/src/core/judge.ts",
    text: `return reaction === "report" ? { ...verdict, reaction } : { kind: "foreign", record: found, reaction };`,
    becomes: `return { ...verdict, reaction: "report" };`,
    killedBy: [
      tests,
      "a cookie that was copied to another browser under reject opens nothing, and the session lives on for its owner",
    ],
  },
  "only rejects where the policy is to revoke": {
    breaks: "protections/fingerprint",
    file: "coatcheck/src/core/examination.ts",
    text: `const isNews = reaction === "revoke" ? await endOdd(house, record) : isUntold(house, record, token, client);`,
    becomes: "const isNews = isUntold(house, record, token, client);",
    killedBy: [
      tests,
      "a cookie that was copied to another browser under revoke ends the session: the owner is told by an event, and both browsers are told why",
    ],
  },
  "lets in where the application's rule says nonsense": {
    breaks: "protections/fingerprint",
    file: policy,
    text: "  throw new TypeError(`The function policy.fingerprint must",
    becomes: `  return undefined;
  throw new TypeError(\`The function policy.fingerprint must`,
    killedBy: [tests, "a rule of the application's own that answers anything else lets nobody in"],
  },
  "fills the log with one odd client": {
    breaks: "protections/fingerprint",
    file: "coatcheck/src/core/told-clients.ts",
    text: "if (told.has(fingerprint) || told.size >= maximumClients) return false;",
    becomes: "if (told.has(fingerprint)) return false;",
    killedBy: [
      tests,
      "a cookie that was copied to another browser is told of once for each kind of client, and of eight kinds at most, however often it is used",
    ],
  },
  "lets a copied cookie authenticate again": {
    breaks: "protections/step-up",
    file: "coatcheck/src/core/reauthentication.ts",
    text: "if (!isAccepted(verdict) && !isLocked(verdict)) return undefined;",
    becomes: `if (!isAccepted(verdict) && verdict.kind !== "foreign") return undefined;`,
    killedBy: [
      tests,
      "a cookie that was copied to another browser under reject and revoke cannot authenticate again",
    ],
  },
  "binds a session to a client that nobody knows": {
    breaks: "protections/fingerprint",
    file: "coatcheck/src/core/reauthentication.ts",
    text: "client ? boundClient(policy.fingerprint, fresh, client) : clientOf(record)",
    becomes: "boundClient(policy.fingerprint, fresh, client ?? {})",
    killedBy: [
      tests,
      "A caller who does not know the client renews and authenticates again under reject, and the session stays bound to its client",
    ],
  },
  "counts every sign-in as recent": {
    breaks: "protections/step-up",
    file: requestAuth,
    text: "age >= -tolerableSkew && age < within",
    becomes: "age >= -tolerableSkew",
    killedBy: [webTests, `${adapter} guards a fresh sign-in is recent, an old one is not`],
  },
  "counts a remembered browser as recent": {
    breaks: "protections/step-up",
    file: requestAuth,
    text: `return !amr.includes("remember") && age`,
    becomes: `return !amr.includes("nothing") && age`,
    killedBy: [
      webTests,
      `${adapter} guards a remembered browser is never recent, however short ago it came back, until its user proves who they are`,
    ],
  },
  "counts a replaced secret as recent": {
    breaks: "protections/step-up",
    file: requestAuth,
    text: "if (!validation.ok || validation.superseded) return false;",
    becomes: "if (!validation.ok) return false;",
    killedBy: [webTests, `${adapter} renewal an old secret never counts as a recent sign-in`],
  },
  "believes the cache where the password is in question": {
    breaks: "protections/step-up",
    file: "coatcheck/src/http/admission.ts",
    text: "if (!validation.ok || !validation.recent) return validation;",
    becomes: "return validation;",
    killedBy: [
      webTests,
      `${adapter} sessions at hand a recent sign-in is proven by the store itself, not by what is at hand`,
    ],
  },
  "leaves the sign-in as old as it was after the password": {
    breaks: "protections/step-up",
    file: "coatcheck/src/core/reauthentication.ts",
    text: "authenticatedAt: now, amr",
    becomes: "authenticatedAt: record.authenticatedAt, amr",
    killedBy: [
      "coatcheck/test/core/renewal.test.ts",
      "re-authentication makes the sign-in recent again and replaces the secret by one that nobody can derive",
    ],
  },
  "lets a locked session through the doors": {
    breaks: "protections/step-up",
    file: "coatcheck/src/http/guard.ts",
    text: `if (!validation.ok) return goOn({ problem: signInProblem(validation.rejection) });
    const { session } = validation;`,
    becomes: `const held = validation.ok ? validation : validation.locked;
    if (!held) return goOn({ problem: signInProblem(validation.ok ? { reason: "absent" } : validation.rejection) });
    const { session } = held;`,
    killedBy: [
      webTests,
      `${adapter} fingerprint under step-up ordinary doors are closed to another browser, and a bare session() is nobody's`,
    ],
  },
};
