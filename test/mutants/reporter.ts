/** Reports each test as a line of JSON: its full name, as `--test-name-pattern` sees it, and how it failed. */
import type { TestEvent } from "node:test/reporters";

/** What became of a test. */
export interface TestReport {
  readonly name: string;
  /** The name and message of the error; undefined if it passed. */
  readonly failure?: string;
}

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const blocks: string[] = [];
  for await (const { type, data } of source) {
    if (type === "test:start") blocks.splice(data.nesting, Number.POSITIVE_INFINITY, data.name);
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.details.type === "suite") continue;
    const name = [...blocks.slice(0, data.nesting), data.name].join(" ");
    const report: TestReport =
      type === "test:pass" ? { name } : { name, failure: textOf(data.details.error) };
    yield `${JSON.stringify(report)}\n`;
  }
}

function textOf(error: Error): string {
  const { name, message } = (error.cause ?? error) as Error;
  return `${name}: ${message}`;
}
