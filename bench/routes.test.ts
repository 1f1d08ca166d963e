import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { RouteResult } from "./http.ts";
import { bareRoute, peers, routes } from "./routes.ts";
import { routes as section } from "./sections/routes.ts";

const folder = join(import.meta.dirname, "peers");
const json = (file: string) => JSON.parse(readFileSync(join(folder, file), "utf8"));

test("no two rows have one name", () => {
  const names = [...routes, ...peers].map(({ framework, title }) => `${framework}: ${title}`);
  assert.deepEqual([...new Set(names)], names);
});

test("every package is compared with a row of ours on the same framework", () => {
  for (const { framework, title, budget } of peers) {
    const ours = routes.filter(
      (route) => route.framework === framework && route.title === budget?.ours?.title,
    );
    assert.equal(ours.length, 1, title);
  }
});

test("the packages have exact versions, and their lockfile names no registry", () => {
  const { dependencies, devDependencies } = json("package.json");
  for (const version of Object.values({ ...dependencies, ...devDependencies })) {
    assert.match(version as string, /^\d+\.\d+\.\d+$/);
  }
  const locked = Object.values(json("package-lock.json").packages) as { readonly resolved?: string }[];
  assert.ok(locked.length > 1);
  assert.deepEqual(
    locked.filter(({ resolved }) => resolved !== undefined),
    [],
  );
});

test("results without a guarded route are printed, and drawn nowhere", () => {
  const one = { median: 1, spread: 0 };
  const bare: RouteResult = {
    framework: "fastify",
    title: bareRoute("fastify").title,
    perSecond: one,
    microseconds: one,
    addedMicroseconds: 0,
    share: one,
    cpuShare: one,
    busy: one,
    p50: one,
    p99: one,
    budget: {},
    calls: { all: 0, writes: 0 },
    bytes: 0,
    cookieBytes: 0,
    trials: { survivesSlowRequest: true, endsCopies: true, endsCopiesEverywhere: null },
  };
  assert.match(section.toMarkdown([bare]), /### On fastify\n/);
  assert.deepEqual(section.plots!([bare]), []);
  const guarded = { ...bare, title: routes.at(-1)!.title };
  assert.match(section.plots!([bare, guarded])[0]!.svg, /requireSession\(\), PostgreSQL/);
});
