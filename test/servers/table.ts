/**
 * Everything that tests need beyond npm, one entry each, and the variable that tells them where it is.
 *
 * Of a server (Redis, PostgreSQL) it is the program, which each test file starts on a free port. The files that need one
 * find it themselves, so that where it is missing all others run.
 */
import { join } from "node:path";
import { chromium as playwright } from "playwright-core";
import type { Need } from "./need.ts";
import { firstExecutable, fromDebian, fromDocker, inFolders, namedBy, onPath } from "./ways.ts";

export const chromium: Need<string> = {
  name: "Chromium",
  ways: [
    namedBy("TEST_CHROMIUM"),
    onPath("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    {
      remedy: "run: npx playwright-core install --with-deps chromium",
      find: () => firstExecutable([playwright.executablePath()]),
    },
    fromDebian("chromium", "chromium"),
  ],
};

/** The program; `TEST_REDIS_URL` names a server that runs already, for tests that may share one. */
export const redisServer: Need<string> = {
  name: "a Redis server",
  ways: [
    namedBy("TEST_REDIS_SERVER"),
    onPath("redis-server"),
    fromDebian("redis-server", "redis-server"),
    fromDocker("redis:7.4", join(import.meta.dirname, "redis-in-docker")),
  ],
};

/** Debian keeps PostgreSQL's programs off the PATH, those of each version by themselves. */
const postgresFolders = "/usr/lib/postgresql/*/bin";

/** `initdb`, and `postgres` beside it. */
export const postgresPrograms: Need<string> = {
  name: "PostgreSQL",
  ways: [
    {
      remedy: "set TEST_POSTGRES_URL to the address of a server (for the tests that may share one)",
      find: async () => undefined,
    },
    namedBy("TEST_INITDB"),
    onPath("initdb"),
    inFolders(postgresFolders, "initdb"),
    fromDebian("postgresql", "initdb", postgresFolders),
    fromDocker("postgres:17", join(import.meta.dirname, "postgres-in-docker/initdb")),
  ],
};

export const pgBouncer: Need<string> = {
  name: "PgBouncer",
  ways: [
    namedBy("TEST_PGBOUNCER"),
    onPath("pgbouncer"),
    inFolders("/usr/sbin", "pgbouncer"),
    fromDebian("pgbouncer", "pgbouncer", "/usr/sbin"),
  ],
};

/** Checks units; no systemd need run. */
export const systemdAnalyze: Need<string> = {
  name: "systemd-analyze",
  ways: [
    namedBy("TEST_SYSTEMD_ANALYZE"),
    onPath("systemd-analyze"),
    fromDebian("systemd", "systemd-analyze"),
  ],
};

/** What the files of each kind need. The runner finds it once and tells every file by these variables. */
export const neededBy: Readonly<Record<string, Readonly<Record<string, Need<string>>>>> = {
  unit: {},
  integration: {},
  browser: { TEST_CHROMIUM: chromium },
};
