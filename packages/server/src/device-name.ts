/** What people call the thing that a request came from: "Firefox on Windows". */
import Bowser from "bowser";

export function deviceName(userAgent: string | undefined): string {
  if (!userAgent) return "Unknown device";
  const { browser, os } = Bowser.parse(userAgent);
  // Programs are named by their first product: curl, okhttp.
  const program = browser.name || /^[\w.-]+/.exec(userAgent)?.[0] || "Unknown program";
  return os.name ? `${program} on ${os.name}` : program;
}
