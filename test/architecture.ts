/** The rules of the house as functions of a file's path and text, so that they can be shown to bite. */
import { posix } from "node:path";

/** A source file: its path from the root of the repository, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const library = "packages/coatcheck/src";

/** `core ← {remember, throttle, audit} ← {http, stores} ← adapters`. Nothing imports adapters or testing. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: ["core"],
  http: ["core", "remember", "throttle", "audit", "http"],
  remember: ["core", "remember"],
  throttle: ["core", "throttle"],
  audit: ["core", "audit"],
  stores: ["core", "remember", "throttle", "audit", "stores"],
  doctor: ["core", "http", "doctor"],
  adapters: ["core", "http", "remember", "throttle", "audit", "adapters"],
  testing: ["core", "http", "remember", "throttle", "audit", "stores", "testing"],
  // The main entry must not load a store, and with it a database.
  "index.ts": ["core", "http", "remember", "throttle", "audit", "doctor"],
};

const importing = /^(?:import|export)\b[^;"]*\bfrom\s*"([^"]+)"|^import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;

export function importsOf({ text }: SourceFile): string[] {
  return Array.from(text.matchAll(importing), ([, from, bare, dynamic]) => (from ?? bare ?? dynamic)!);
}

/** Why a file may not import what it imports; empty if all is well. */
export function wrongImports(file: SourceFile): string[] {
  const rule = file.path.startsWith(`${library}/`) ? wrongInLibrary : wrongOutside;
  return importsOf(file).flatMap((specifier) => {
    const problem = rule(file.path, specifier);
    return problem ? [`${file.path} imports ${specifier}: ${problem}`] : [];
  });
}

function wrongInLibrary(path: string, specifier: string): string | undefined {
  const room = roomOf(path);
  if (!specifier.startsWith(".")) {
    return room === "core" && specifier !== "node:crypto" ? "core stands on node:crypto alone" : undefined;
  }
  const target = posix.join(posix.dirname(path), specifier);
  if (!target.startsWith(`${library}/`)) return "the library does not reach outside itself";
  if (!mayImport[room]?.includes(roomOf(target))) return `${room} may not know ${roomOf(target)}`;
  const sameRoom = roomOf(target) === room;
  if (room === "stores" && sameRoom && storeOf(path) !== storeOf(target))
    return "stores do not know each other";
  return undefined;
}

/** The server and the examples see what a stranger sees. */
function wrongOutside(path: string, specifier: string): string | undefined {
  if (specifier.startsWith("coatcheck/src")) return "not a public export";
  if (!specifier.startsWith(".")) return undefined;
  const target = posix.join(posix.dirname(path), specifier);
  return target.startsWith(`${library}/`) ? "the library is imported by its public exports" : undefined;
}

function roomOf(path: string): string {
  return path.slice(library.length + 1).split("/")[0]!;
}

/** A store may have companions named after it: `sqlite-checkpoint.ts` belongs to `sqlite.ts`. */
function storeOf(path: string): string {
  return path.split("/stores/")[1]!.split(/[-./]/)[0]!;
}

/** Words that must not stand in the sources of the packages. */
const forbidden: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/\bMath\.random\b/, "Math.random can be predicted (ASVS 11.5.1)"],
  [/\buuid|randomUUID/i, "a UUID has 122 random bits at most and is no secret (ASVS 11.5.1)"],
  [
    /(?:hash|secret|token|digest)(?:\(\))?\s*[!=]==(?!\s*(?:undefined|null|["\d]))|[!=]==\s*[\w.#]*(?:hash|secret|token|digest)\b/i,
    "secrets are compared in constant time, by sameHash (CVE-2017-14775, CVE-2016-1000236)",
  ],
];

export function forbiddenWords({ path, text }: SourceFile): string[] {
  return text.split("\n").flatMap((line, index) => {
    const code = line.replace(/^\s*(\/?\*|\/\/).*/, "");
    return forbidden
      .filter(([pattern]) => pattern.test(code))
      .map(([, why]) => `${path}:${index + 1}: ${why}`);
  });
}

/** A name that says nothing collects everything. */
export function emptyNames(paths: readonly string[]): string[] {
  return paths.filter((path) => /(^|[/-])(utils?|helpers?|misc|common)(\.|\/|$)/.test(path));
}

const clients =
  /^(?:pg|redis|ioredis|nodemailer|node:(?:https?|http2|net|tls|dgram|dns|child_process))(?:\/|$)/;

/** By what a file could ask another program: clients that it imports, and `fetch`. */
export function waysOut(file: SourceFile): string[] {
  const text = file.text.replace(/^import type [^;]*;$/gm, "");
  const imported = importsOf({ ...file, text }).filter((specifier) => clients.test(specifier));
  const fetches = /(?<![.\w])fetch\(/.test(text) ? ["fetch"] : [];
  return [...imported, ...fetches].map((way) => `${file.path}: ${way}`);
}

/** Addresses with a user and a password in them, but for the one that says where they stand. */
export function credentials({ path, text }: SourceFile): string[] {
  return Array.from(text.matchAll(/[a-z]+:\/\/[^\s"'`/@]*:[^\s"'`/@]+@/g), ([address]) => address)
    .filter((address) => !address.endsWith("://user:password@"))
    .map((address) => `${path}: ${address}`);
}
