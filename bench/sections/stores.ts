/** What the stores cost without HTTP. */
import type { Section } from "../section.ts";
import { deeds, measureStores, type StoreResult } from "../store-deeds.ts";
import { stores as rows } from "../stores.ts";
import { microseconds, table, thousands, whole } from "../table.ts";

export const stores: Section<readonly StoreResult[]> = {
  title: "Stores, without HTTP",

  // Its turns are short: they can be more.
  measure: (run) => measureStores({ ...run, rounds: 4 * run.rounds }, 60),

  toMarkdown: (results) =>
    table(
      ["", ...results.map(({ store }) => rows[store].title)],
      [
        ...deeds.map((deed) => [
          `${deed}, a second`,
          ...results.map((result) => {
            const { perSecond, microseconds: cpu } = result.deeds[deed];
            return `${thousands(perSecond)} (${microseconds(cpu.median)})`;
          }),
        ]),
        ["bytes a session", ...results.map(({ bytesPerSession }) => whole(bytesPerSession))],
        [
          "round trips of a validation",
          ...results.map(({ roundTripsPerValidation: counted }) => counted.toLocaleString("en")),
        ],
      ],
    ),
};
