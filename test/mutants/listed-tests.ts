/**
 * The names of all tests in these files, without running one: `node listed-tests.ts file…` prints them by file, as JSON.
 * Servers are started by tests and hooks, so none is started here.
 */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const files = process.argv.slice(2);
const names = new Map<string, string[]>();
const blocks: string[] = [];
let found: string[] = [];

Object.assign(globalThis, {
  listTest: (name: string) => void found.push([...blocks, name].join(" ")),
  listBlock: (name: string, block: () => void) => {
    blocks.push(name);
    block();
    blocks.pop();
  },
});

/** Stands in for `node:test`: blocks are entered, tests are listed, and hooks are nothing. */
const listing = `
  const last = (args) => args.findLast((each) => typeof each === "function") ?? (() => {});
  export const test = Object.assign((name, ...args) => listTest(name), { skip() {}, todo() {} });
  export const describe = Object.assign((name, ...args) => listBlock(name, last(args)), { skip() {}, todo() {} });
  export { test as it, describe as suite };
  export const before = () => {};
  export { before as after, before as beforeEach, before as afterEach, before as run };
  export const mock = {};
  export default test;
`;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== "node:test") return next(specifier, context);
    return { url: `data:text/javascript,${encodeURIComponent(listing)}`, shortCircuit: true };
  },
});

for (const file of files) {
  found = [];
  await import(pathToFileURL(file).href);
  names.set(file, found);
}
process.stdout.write(JSON.stringify(Object.fromEntries(names)), () => process.exit());
