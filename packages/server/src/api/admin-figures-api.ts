/** What the overview of administrators shows, as figures. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv, House } from "../env.ts";
import { type Overview, overviewOf, periods } from "../figures/overview.ts";
import { administratorsOnly } from "./api-guard.ts";
import { json, problems } from "./responses.ts";

const count = z.number().int().min(0);
const milliseconds = z.number().min(0);
const reasons = z.array(z.strictObject({ reason: z.string().openapi({ example: "unknown" }), count }));
const sums = { signedIn: count, cameBack: count, failed: count, rejected: count };

const figuresSchema = z
  .strictObject({
    period: z.enum(periods),
    at: z.iso.datetime(),
    sessions: z.strictObject({ alive: count, countedAt: z.iso.datetime() }).optional().openapi({
      description: "Exact at the moment when they were counted. Missing before the first count.",
    }),
    totals: z.strictObject(sums).openapi({ description: "`cameBack`: browsers that were remembered." }),
    pieces: z
      .array(
        z.strictObject({
          start: z.iso.datetime(),
          ...sums,
          alive: count.optional(),
          storeP99: milliseconds.optional(),
        }),
      )
      .openapi({ description: "60 minutes, 24 hours or 30 days, of UTC. The last one is not over yet." }),
    rejections: reasons.openapi({
      description: "Requests that were refused, by reason; not those whose session was only too old.",
    }),
    ends: reasons.openapi({ description: "Sessions that ended, by reason." }),
    store: z
      .strictObject({
        operations: count,
        failed: count,
        p50: milliseconds.optional(),
        p99: milliseconds.optional(),
      })
      .openapi({
        description:
          "How long the session store took, in milliseconds, rounded up: half of the operations, and 99 of 100, took no longer.",
      }),
    refusedAddresses: z
      .array(z.strictObject({ address: z.string(), count }))
      .openapi({ description: "Those that were throttled most in the last 24 hours." }),
  })
  .openapi("Figures");

export function adminFiguresApi(api: OpenAPIHono<AppEnv>, house: House): void {
  const { figures, sessions } = house;
  const read = createRoute({
    method: "get",
    path: "/api/admin/figures",
    tags: ["Administration"],
    operationId: "getFigures",
    summary: "See how much happens",
    description:
      "The sums of all servers that share the database. They are two seconds late; how many sessions are alive says itself how late it is.",
    ...administratorsOnly(house),
    request: { query: z.object({ period: z.enum(periods).default("hour") }) },
    responses: { 200: json("The figures.", figuresSchema), ...problems(401, 403, 422, 429, 503) },
  });
  api.openapi(read, async (c) => {
    const { period } = c.req.valid("query");
    return c.json(figuresJson(await overviewOf(figures, period, sessions.now())), 200);
  });
}

function figuresJson({ period, at, census, ...overview }: Overview): z.infer<typeof figuresSchema> {
  const { totals, pieces, rejections, ends, latency, addresses } = overview;
  const { p50, p99, operations, failed } = latency;
  return {
    period,
    at: new Date(at).toISOString(),
    ...(census && {
      sessions: { alive: census.alive, countedAt: new Date(census.countedAt).toISOString() },
    }),
    totals,
    pieces: pieces.map(({ start, alive, p99: storeP99, ...sum }) => ({
      start: new Date(start).toISOString(),
      ...sum,
      ...(alive !== undefined && { alive }),
      ...(storeP99 !== undefined && { storeP99 }),
    })),
    rejections: [...rejections],
    ends: [...ends],
    store: { operations, failed, ...(p50 !== undefined && { p50 }), ...(p99 !== undefined && { p99 }) },
    refusedAddresses: [...addresses],
  };
}
