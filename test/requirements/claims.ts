/**
 * Which test says that it proves which requirement, as its source tells it. Ids stand in its name,
 *
 *     test("another user's session is as good as none (ASVS 8.2.2)", …
 *
 * or, where they are many or the name is pinned elsewhere, in a comment above it:
 *
 *     // Proves ASVS 8.2.2, WSTG-SESS-03.
 */

/** A test and what it says that it proves. */
export interface Claim {
  readonly id: string;
  /** Where the words of the test stand, from the root of the repository. */
  readonly file: string;
  /** The name as its source has it, with `${…}` where it is put together. */
  readonly name: string;
}

/** What looks like an id of these is one of the catalogue's, or a mistake. */
const families = [
  /ASVS \d+\.\d+\.\d+/,
  /WSTG-[A-Z]+-\d+/,
  /NIST 5\.1 [a-z]+/,
  /NIST (?!5\.1\b(?!\.))\d+(?:\.\d+)*/,
  /CVE-\d{4}-\d+/,
  /GHSA(?:-\w{4}){3}/,
  /RFC \d+ §[\d.]*\d/,
  /Fetch Metadata \w+/,
];
const anyFamily = new RegExp(`\\b(?:${families.map(({ source }) => source).join("|")})`, "g");

/** `ASVS 7.4.1, 7.4.2` */
const severalOfAsvs = /\bASVS \d+\.\d+\.\d+(?:, \d+\.\d+\.\d+)+/g;

const quoted = /"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`/;
/** `test("…"`, a promise as a key (`"…": …`), or the first column of a table of cases (`["…", …`). */
const nameOfTest = new RegExp(
  `\\b(?:test|it|describe|suite)\\(\\s*(?:${quoted.source})|^\\s*(?:${quoted.source}):|^\\s*\\[\\s*(?:${quoted.source}),`,
  "gm",
);
const comment = /^[ \t]*\/\/ Proves ((?:[^\n]*\n[ \t]*\/\/ )*[^\n]*)\.\n/gm;

/** The claims of one source file. Of other ids than those of the families, names claim those that are `known`. */
export function claimsIn(file: string, text: string, known: ReadonlySet<string>): Claim[] {
  const byName = Array.from(text.matchAll(nameOfTest), (match) => nameIn(match)).flatMap((name) =>
    idsIn(name, known).map((id) => ({ id, file, name })),
  );
  const byComment = Array.from(text.matchAll(comment)).flatMap((match) => {
    const name = nameIn(quoted.exec(text.slice(match.index + match[0].length)) ?? []);
    return listOf(match[1]!).map((id) => ({ id, file, name }));
  });
  return [...byName, ...byComment];
}

function idsIn(text: string, known: ReadonlySet<string>): string[] {
  const name = text.replaceAll(severalOfAsvs, (list) => list.replaceAll(", ", ", ASVS "));
  const others = [...known].filter((id) => !isOfFamily(id) && name.includes(id));
  return [...new Set([...(name.match(anyFamily) ?? []), ...others])];
}

function isOfFamily(id: string): boolean {
  return id.replace(anyFamily, "") === "";
}

function listOf(text: string): string[] {
  return text.replaceAll(/\s*\n\s*\/\/ /g, " ").split(", ");
}

function nameIn(match: readonly (string | undefined)[]): string {
  const written = match.slice(1).find((group) => group !== undefined) ?? "";
  return written
    .replaceAll(/\\u([\da-f]{4})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll(/\\(.)/g, "$1");
}
