/** Which events are the end of a session: for Prometheus and for the overview alike. */
import type { SessionEvent } from "coatcheck";

/** For what reason a session ended; undefined if none did. A browser that was only remembered is none. */
export function endReasonOf(event: SessionEvent): string | undefined {
  if ("remember" in event) return undefined;
  switch (event.type) {
    case "revoked":
      return event.reason;
    case "evicted":
    case "replaced":
    case "expired":
    case "theft":
      return event.type;
    default:
      return undefined;
  }
}
