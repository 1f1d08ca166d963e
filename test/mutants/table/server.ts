/** The sign-in server: passwords, rights, and where it sends people. Some of the tests start it. */
import type { Mutants } from "../mutant.ts";

const hasher = "server/src/accounts/password-hasher.ts";
const httpServer = "server/src/http-server.ts";
const httpServerTests = "server/test/http-server.test.ts";

export const serverMutants: Mutants = {
  "answers at once where there is no such user": {
    breaks: "B1",
    file: hasher,
    text: "    const right = await this.#inTurn",
    becomes: `    if (passwordHash === undefined) return false;
    const right = await this.#inTurn`,
    killedBy: [
      "server/test/passwords.test.ts",
      "the hasher does the same work where there is no hash: one password is hashed under today's parameters (ASVS 6.3.8)",
    ],
  },
  "lets the decoy's password in": {
    breaks: "B1",
    file: hasher,
    text: "return right === true && passwordHash !== undefined;",
    becomes: "return right === true || passwordHash === undefined;",
    killedBy: ["server/test/passwords.test.ts", "the hasher says no where there is no hash"],
  },
  "hashes passwords cheaply": {
    breaks: "B1",
    file: hasher,
    text: "{ memoryCost: 19_456, timeCost: 2, parallelism: 1 }",
    becomes: "{ memoryCost: 1_024, timeCost: 1, parallelism: 1 }",
    killedBy: [
      "server/test/passwords.test.ts",
      "the hasher stores argon2id with OWASP's parameters and knows hashes that have others",
    ],
  },
  "goes where a stranger says after a sign-in": {
    breaks: "promise 8",
    file: "server/src/pages/next-path.ts",
    text: "text !== undefined && text.length <= longest && path.test(text) ? text",
    becomes: `text?.startsWith("/") ? text`,
    killedBy: ["server/test/next-path.test.ts", `where to go after signing in may not be "//evil.example"`],
  },
  "writes its keys where everybody reads": {
    breaks: "B5",
    file: "server/src/keys/key-file.ts",
    text: `openSync(fresh, "wx", 0o600)`,
    becomes: `openSync(fresh, "wx", 0o644)`,
    killedBy: [
      "server/test/keys.test.ts",
      "the file of keys is made once, for its owner alone, and read by everybody who comes later",
    ],
  },
  "lets in whose account was disabled": {
    breaks: "B7",
    file: "server/src/accounts/identify.ts",
    text: `if (!user || user.disabled) return "account-changed";`,
    becomes: `if (!user) return "account-changed";`,
    killedBy: [
      "server/test/api.integration.test.ts",
      "the API a disabled user's session opens nothing from the next request on",
    ],
  },
  "leaves the sessions of whoever may do less now": {
    breaks: "B7",
    file: "server/src/accounts/change-rights.ts",
    text: "changed.disabled || hasOtherRoles ? await",
    becomes: "changed.disabled ? await",
    killedBy: [
      "server/test/admin-api.integration.test.ts",
      "administration is open to who was made an administrator, and closed at once to who is none any more",
    ],
  },
  "lets everybody administrate": {
    breaks: "B7",
    file: "server/src/accounts/demands.ts",
    text: `if (user.roles.includes("admin")) return undefined;`,
    becomes: "if (user.roles) return undefined;",
    killedBy: ["server/test/admin-api.integration.test.ts", "administration is for administrators only"],
  },
  "resets who has connected when it is told to stop": {
    breaks: "decisions/0044-a-server-that-stops-lingers",
    file: httpServer,
    text: "await letIn(server);",
    becomes: "await immediate();",
    killedBy: [
      httpServerTests,
      "a server that is told to stop answers all who have connected, though it was too busy to let them in",
    ],
  },
  "takes a target that names a user for an error of its own": {
    breaks: "promise 6",
    file: httpServer,
    text: "else if (namesAUser(request)) refuse(response, 400, origin);",
    becomes: "",
    killedBy: [
      httpServerTests,
      "a request whose target names a user is a refusal, and no error of the server's",
    ],
  },
};
