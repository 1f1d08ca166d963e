/** Where to go after signing in: only ever to a page of this server (ASVS 3.7.2). */

// An allow-list of what our own paths are made of. No percent sign, so nothing can hide behind an encoding; no `//`,
// `\`, `@`, `:` or line break, so no browser can read a host out of it; no `..`.
const path = /^\/(?:[\w-]+(?:\/[\w-]+)*)?(?:\?[\w-]+=[\w.-]*(?:&[\w-]+=[\w.-]*)*)?$/;
const longest = 256;

/** The path if it is one of ours, else undefined. */
export function nextPath(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= longest && path.test(text) ? text : undefined;
}
