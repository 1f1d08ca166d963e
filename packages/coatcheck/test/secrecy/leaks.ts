/** Programs that tell secrets, one for each place: the search has to find all of them. */
import type { Run, Visitor } from "./run.ts";

/** Leaks the cookie of a visitor. Named after the place where it must be found. */
export const leaks: Readonly<Record<string, (run: Run, visitor: Visitor) => Promise<unknown>>> = {
  event: async (run, visitor) => {
    run.sessions.observe((event) => run.show("event", { ...event, cookie: visitor.cookie }));
    await visitor.get((auth) => auth.session(), { cookie: "__Host-session=x" });
  },
  warning: async ({ sessions }, visitor) => sessions.warn("A cookie came too late", visitor.cookie),
  audit: async (run, visitor) => {
    run.audit.record({ event: "odd", details: { cookie: visitor.cookie } });
    await run.audit.flush();
    run.show("audit", await run.ground.audit.query({ limit: 100 }));
  },
  error: (run, visitor) =>
    run.attempt(() => {
      throw new Error("It failed", { cause: new Error("Deeper", { cause: { header: visitor.cookie } }) });
    }),
  "public object": async (run, visitor) => run.show("public object", new Carrier(visitor.cookie)),
  result: (_run, visitor) => visitor.get((_auth, request) => request.headers.get("cookie")),
  headers: (_run, visitor) =>
    visitor.get(() => new Response(null, { headers: { etag: btoa(visitor.cookie) } })),
  body: (_run, visitor) => visitor.get((_auth, request) => new Response(request.headers.get("cookie"))),
  store: async (_run, visitor) => visitor.post((auth) => auth.update({ note: visitor.cookie })),
};

/** As private as TypeScript makes it. */
class Carrier {
  private readonly cookie: string;

  constructor(cookie: string) {
    this.cookie = cookie;
  }

  get length(): number {
    return this.cookie.length;
  }
}
