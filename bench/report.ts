/** Results as a page: the same text on the terminal and in `results/`. */
import type { Databases } from "./databases.ts";
import type { Machine } from "./machine.ts";
import type { Plot } from "./section.ts";
import { sections } from "./sections.ts";

export interface Results {
  readonly machine: Machine;
  readonly date: string;
  readonly databases: Partial<Databases["versions"]>;
  /** By the name of the section. */
  readonly sections: Readonly<Record<string, unknown>>;
}

export function markdown({ machine, date, databases, sections: measured }: Results): string {
  return [
    "# Results of `npm run bench`",
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}, Node ${machine.node}, ${date}. ${pinning(machine)}${asked(databases)} The load average before was ${machine.loadBefore.toFixed(1)}. What the columns mean: [README](../README.md).`,
    ...Object.entries(measured).flatMap(([name, result]) => {
      const { title, toMarkdown, plots } = sections[name]!;
      const pictures = plots?.(result) ?? [];
      return [`## ${title}`, ...pictures.map(image), toMarkdown(result)];
    }),
  ]
    .map((part) => `${part}\n`)
    .join("\n");
}

/** Those of all sections that were measured. */
export function plotsOf({ sections: measured }: Results): Plot[] {
  return Object.entries(measured).flatMap(([name, result]) => sections[name]!.plots?.(result) ?? []);
}

function image({ name, title }: Plot): string {
  return `![${title}](${name}.svg)`;
}

function pinning({ pinned }: Machine): string {
  return pinned ? "Servers and load have a core each." : "Servers and load share the cores.";
}

const databaseNames = { redis: "Redis", postgres: "PostgreSQL" };

function asked(databases: Results["databases"]): string {
  const named = Object.entries(databases).map(
    ([name, version]) => `${databaseNames[name as keyof typeof databaseNames]} ${version}`,
  );
  return named.length > 0 ? ` ${named.join(" and ")} run beside the load.` : "";
}
