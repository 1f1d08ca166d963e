/** How often a store is asked. */
import type { Section } from "../section.ts";
import {
  callsAtOnce,
  callsOfIgnoredSession,
  callsOverTenTouchIntervals,
  callsWithinTouchInterval,
  type StoreCalls,
} from "../store-calls.ts";
import { table, whole } from "../table.ts";

export const calls: Section<Readonly<Record<string, StoreCalls>>> = {
  title: "Store calls of 1,000 requests, counted",

  measure: async () => ({
    "session ignored": await callsOfIgnoredSession(),
    "guarded, within one touchInterval": await callsWithinTouchInterval(),
    "guarded, over ten touchIntervals": await callsOverTenTouchIntervals(),
    "guarded, all at once, a touch due": await callsAtOnce(),
  }),

  toMarkdown: (counted) =>
    table(
      ["requests", "finds", "writes"],
      Object.entries(counted).map(([what, { finds, writes }]) => [what, whole(finds), whole(writes)]),
    ),
};
