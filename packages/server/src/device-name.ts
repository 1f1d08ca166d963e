/** What people call the thing that a request came from: "Firefox on Windows". */
import Bowser from "bowser";

/** Whoever sends a request names its program, so what is not known must not be able to form a sentence or a link. */
const program = /^[\w-]{1,32}(?=\/|$)/;

const browsers: ReadonlySet<string> = new Set(Object.values(Bowser.BROWSER_MAP));

export function deviceName(userAgent: string | undefined): string {
  if (!userAgent) return "Unknown device";
  const { browser, os } = Bowser.parse(userAgent);
  // Programs are named by their first product: curl, okhttp.
  const name = browsers.has(browser.name ?? "") ? browser.name : program.exec(userAgent)?.[0];
  return [name ?? "Unknown program", ...(os.name ? [os.name] : [])].join(" on ");
}
