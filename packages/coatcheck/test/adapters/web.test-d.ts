/** What the compiler knows of an application on the web standard. Nothing here runs: `npm run check` is the test. */
import * as z from "zod";
import { applyGuard, recentAuth, sessionWhere, withSessions } from "../../src/adapters/web.ts";
import { SessionManager } from "../../src/core/manager.ts";
import type { Session } from "../../src/core/session.ts";
import type { RequestAuth } from "../../src/http/request-auth.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function assertType<_Holds extends true>(): void {}

interface Data {
  theme: "light" | "dark";
}

const schema = z.object({ theme: z.enum(["light", "dark"]).default("light") });
const sessions = new SessionManager({ store: new MemorySessionStore(), data: { schema } });

const handle = withSessions(sessions, async (request, auth) => {
  assertType<Equals<typeof request, Request>>();
  assertType<Equals<typeof auth, RequestAuth<Data>>>();

  const guarded = await applyGuard(auth);
  // @ts-expect-error: it may be a problem
  guarded.session.userId;
  if (guarded.problem) return new Response(null, { status: guarded.problem.status });
  assertType<Equals<typeof guarded.session, Session<Data>>>();

  await applyGuard(auth, recentAuth(600_000));
  await applyGuard(
    auth,
    sessionWhere((session) => session.data.theme === "dark"),
  );
  await applyGuard(
    auth,
    // @ts-expect-error: not in the schema
    sessionWhere((session) => session.data.colour === "dark"),
  );
  return Response.json(guarded.session.data);
});

assertType<Equals<ReturnType<typeof handle>, Promise<Response>>>();
handle(new Request("https://shop.example"), { remoteAddress: undefined });

// @ts-expect-error: a handler answers
withSessions(sessions, () => {});
