/**
 * Everything that tests need beyond npm, one entry each, and the variable that tells them where it is.
 *
 * A server (Redis, PostgreSQL) is an entry whose ways lead to an address: a variable that holds one, a program
 * that `startProgram` starts on a free port, Debian's package for that program, Docker.
 */
import { chromium as playwright } from "playwright-core";
import type { Need } from "./need.ts";
import { firstExecutable, fromDebian, namedBy, onPath } from "./ways.ts";

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

/** What the files of each kind need. The runner finds it once and tells every file by these variables. */
export const neededBy: Readonly<Record<string, Readonly<Record<string, Need<string>>>>> = {
  unit: {},
  integration: {},
  browser: { TEST_CHROMIUM: chromium },
};
