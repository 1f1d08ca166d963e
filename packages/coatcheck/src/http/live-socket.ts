/** WebSockets that were opened under a session. */
import type { SessionEndedError } from "../core/errors.ts";
import type { Session } from "../core/session.ts";
import { onceAborted } from "./aborted.ts";

/** For applications' own use (RFC 6455 §7.4.2), after HTTP's 401. */
const sessionEnded = 4401;

/** The part of a WebSocket that is used: those of `ws`, Hono, Deno, Bun and the standard have it. */
export interface ClosableSocket {
  close(code: number, reason: string): void;
}

/**
 * Closes a WebSocket when the session ends under which it was opened: with code 4401, and the end's reason, if it is
 * known, as `revoked`. Call it when the socket is open. See `session.signal`.
 */
export function closeWithSession<D>({ signal }: Session<D>, socket: ClosableSocket): void {
  onceAborted(signal, () => socket.close(sessionEnded, (signal.reason as SessionEndedError).reason ?? ""));
}
