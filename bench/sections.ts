/** What the benchmark measures, in this order. A new section is a new row. */
import type { Section } from "./section.ts";
import { calls } from "./sections/calls.ts";
import { flood } from "./sections/flood.ts";
import { growth } from "./sections/growth.ts";
import { routes } from "./sections/routes.ts";
import { stores } from "./sections/stores.ts";
import { told } from "./sections/told.ts";

// biome-ignore lint/suspicious/noExplicitAny: each section knows its own result, and nobody else looks into it.
export const sections: Readonly<Record<string, Section<any>>> = {
  routes,
  stores,
  calls,
  growth,
  flood,
  told,
};
