/** What a port says, sentence by sentence, to be compared with the promises of its suite. */
import { readFileSync } from "node:fs";

/** The sentences about the interface `name` in a file of `src/`, as names of promises begin: in lower case. */
export function sentencesOf(path: string, name: string): string[] {
  const source = readFileSync(new URL(`../src/${path}`, import.meta.url), "utf8");
  const declaration = new RegExp(
    String.raw`\/\*\*(?:(?!\/\*\*)[\s\S])*\*\/\s*export interface ${name} [^{]*\{[\s\S]*?\n\}`,
  );
  const [port] = declaration.exec(source)!;
  return Array.from(port.matchAll(/\/\*\*([\s\S]*?)\*\//g), ([, comment]) => plainText(comment!))
    .flatMap((text) => text.split(/\.(?:\s|$)/))
    .filter((sentence) => sentence !== "")
    .map((sentence) => sentence[0]!.toLowerCase() + sentence.slice(1));
}

function plainText(comment: string): string {
  return comment
    .replace(/^\s*\* ?/gm, " ")
    .replace(/\s+/g, " ")
    .trim();
}
