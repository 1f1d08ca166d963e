/** The public names of the library. A change here is a change for everybody who uses it: say so in the changelog. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { publicNames } from "./exports.ts";

const library = join(import.meta.dirname, "../packages/coatcheck");
const subpaths: Record<string, string> = JSON.parse(
  readFileSync(join(library, "package.json"), "utf8"),
).exports;

const pinned: Record<string, readonly string[]> = {
  ".": [
    "DataConflictError",
    "InvalidDataError",
    "KeyRing",
    "NotSignedInError",
    "RequestAuth",
    "SessionManager",
    "SessionToken",
    "SignInRefusedError",
    "StoreUnavailableError",
    "applyGuard",
    "csrfTokenPresent",
    "dataText",
    "definePolicy",
    "doctor",
    "generateKey",
    "isEnded",
    "isHealthy",
    "judge",
    "mergeData",
    "parseSessionId",
    "problemHeaders",
    "problemOf",
    "problemResponse",
    "recentAuth",
    "resolveAuth",
    "sessionWhere",
    "startUpkeep",
    "tombstone",
    "tombstoneLifetime",
    "type AnyCoatcheckError",
    "type AssuranceLevel",
    "type AuthOptions",
    "type AuthRequest",
    "type AuthSettings",
    "type ClientInfo",
    "type CookieOptions",
    "type CreatedSession",
    "type DataChange",
    "type DataOptions",
    "type EndReason",
    "type Ended",
    "type EndedSession",
    "type Examination",
    "type Finding",
    "type Guard",
    "type Guarded",
    "type InsertResult",
    "type PendingRenewal",
    "type PolicyOptions",
    "type Problem",
    "type PruneStep",
    "type Readiness",
    "type Rejection",
    "type RememberChange",
    "type RememberPruneStep",
    "type RememberRecord",
    "type RememberStore",
    "type RequestSource",
    "type Session",
    "type SessionChange",
    "type SessionEvent",
    "type SessionId",
    "type SessionLimit",
    "type SessionManagerOptions",
    "type SessionObserver",
    "type SessionPolicy",
    "type SessionRecord",
    "type SessionStore",
    "type SignIn",
    "type SignInRequest",
    "type StandardSchema",
    "type StoreCompanions",
    "type SupersededSecret",
    "type TokenRequest",
    "type UpdateCondition",
    "type UpkeepOptions",
    "type ValidSession",
    "type Validation",
    "type Verdict",
    "type Warn",
  ],
  "./memory": ["MemorySessionStore", "type MemorySessionStoreOptions"],
  "./sqlite": ["SqliteSessionStore", "type SqliteSessionStoreOptions"],
  "./redis": [
    "RedisSessionStore",
    "type IoRedis",
    "type IoRedisCluster",
    "type NodeRedisClient",
    "type NodeRedisCluster",
    "type NodeRedisSentinel",
    "type RedisClient",
    "type RedisSessionStoreOptions",
  ],
  "./postgres": [
    "PostgresSessionStore",
    "postgresMigration",
    "type PostgresClient",
    "type PostgresMigrationOptions",
    "type PostgresPool",
    "type PostgresQuery",
    "type PostgresResult",
    "type PostgresSchemaOptions",
    "type PostgresSessionStoreOptions",
  ],
  "./web": [
    "applyGuard",
    "csrfTokenPresent",
    "problemResponse",
    "recentAuth",
    "sessionWhere",
    "withSessions",
    "type Connection",
    "type Guard",
    "type Guarded",
    "type Problem",
    "type SessionHandler",
    "type WebOptions",
  ],
  "./hono": [
    "coatcheck",
    "requireCsrfToken",
    "requireRecentAuth",
    "requireSession",
    "requireSessionWhere",
    "type AuthVariables",
    "type HonoOptions",
    "type SessionVariables",
  ],
  "./express": [
    "answerProblems",
    "authOf",
    "coatcheck",
    "requireCsrfToken",
    "requireRecentAuth",
    "requireSession",
    "requireSessionWhere",
    "sessionOf",
    "type ExpressOptions",
  ],
  "./fastify": [
    "authOf",
    "coatcheck",
    "requireCsrfToken",
    "requireRecentAuth",
    "requireSession",
    "requireSessionWhere",
    "sessionOf",
    "type FastifyOptions",
  ],
  "./testing": [
    "Browser",
    "Network",
    "beginning",
    "describeAdapter",
    "describeSessionModel",
    "describeSessionStore",
    "fullRecord",
    "manualClock",
    "sessionRecord",
    "type AdapterUnderTest",
    "type Answer",
    "type Application",
    "type ApplicationOptions",
    "type ManualClock",
    "type Message",
    "type ModelUnderTest",
    "type Route",
    "type RouteGuard",
    "type RouteRequest",
    "type Serve",
    "type Served",
    "type StoreBackend",
    "type StoreUnderTest",
  ],
};

test("every subpath is pinned", () => {
  assert.deepEqual(Object.keys(subpaths), Object.keys(pinned));
});

describe("public names", () => {
  for (const [subpath, names] of Object.entries(pinned)) {
    const specifier = join("coatcheck", subpath);
    test(specifier, async () => {
      const { types, values } = publicNames(readFileSync(join(library, subpaths[subpath]!), "utf8"));
      assert.deepEqual([...values, ...types.map((name) => `type ${name}`)], names);
      assert.deepEqual(Object.keys(await import(specifier)).sort(), values);
    });
  }
});

test("names are read from every form of export", () => {
  const source = [
    "export class A {}",
    "export async function b() {}",
    "export const c = 1;",
    "export abstract class D {}",
    "export interface E {}",
    "export type F = 1;",
    'export { g, type H } from "./x.ts";',
    'export type { I, J as K } from "./y.ts";',
    "const hidden = 1;",
  ];
  assert.deepEqual(publicNames(source.join("\n")), {
    values: ["A", "D", "b", "c", "g"],
    types: ["E", "F", "H", "I", "K"],
  });
  assert.throws(() => publicNames('export * from "./z.ts";'), /by name/);
});
