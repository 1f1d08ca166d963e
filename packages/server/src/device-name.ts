/** What people call the thing that a request came from: "Firefox on Windows". */
import Bowser from "bowser";

/** Whoever sends a request names its program, so what is not known must not be able to form a sentence or a link. */
const program = /^[\w-]{1,32}(?=\/|$)/;

const browsers: ReadonlySet<string> = new Set(Object.values(Bowser.BROWSER_MAP));

/** What is known of a device; what is not is left out. */
export interface DeviceLook {
  /** Programs are named by their first product: curl, okhttp. */
  readonly browser?: string;
  readonly system?: string;
  readonly kind: "phone" | "computer" | "program";
}

/** @param userAgent as it was sent; empty where none was, as by some programs. */
export function lookOf(userAgent: string): DeviceLook {
  // Bowser throws at it.
  if (userAgent === "") return { kind: "program" };
  const { browser, os, platform } = Bowser.parse(userAgent);
  const isBrowser = browsers.has(browser.name ?? "");
  const name = isBrowser ? browser.name : program.exec(userAgent)?.[0];
  const isCarried = platform.type === "mobile" || platform.type === "tablet";
  return {
    ...(name && { browser: name }),
    ...(os.name && { system: os.name }),
    kind: isCarried ? "phone" : isBrowser ? "computer" : "program",
  };
}

/** In English: for programs, and for mails, where it stands among words of any language. */
export function deviceName(userAgent: string | undefined): string {
  if (!userAgent) return "Unknown device";
  const { browser = "Unknown program", system } = lookOf(userAgent);
  return system ? `${browser} on ${system}` : browser;
}
