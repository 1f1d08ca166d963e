/** Loaded into the process of a test: the source file of the mutant that `MUTANT` tells has its mistake in it there. */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Mutant, mutated } from "./mutant.ts";

const mutant: Mutant = JSON.parse(process.env.MUTANT!);
const { href } = pathToFileURL(join(import.meta.dirname, "../../packages", mutant.file));

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (url !== href) return loaded;
    return { ...loaded, source: mutated(String(loaded.source), mutant), shortCircuit: true };
  },
});
