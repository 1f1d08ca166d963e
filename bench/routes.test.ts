import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { peers, routes } from "./routes.ts";

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
