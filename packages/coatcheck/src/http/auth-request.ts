/** A request as an adapter shows it. */
import type { LiveConnection } from "../core/watched-sessions.ts";
import type { AddedHeaders } from "./added-headers.ts";
import type { RequestSource } from "./client.ts";

/** A request as an adapter shows it. */
export interface AuthRequest extends RequestSource, LiveConnection {
  readonly method: string;
  /** Reads a field of a form body without taking the body from the handler; undefined if it is no form. */
  formField?(name: string): Promise<string | undefined>;
  /** Whether the response has begun, where the adapter does not learn of it. */
  readonly answered?: boolean;
  /**
   * Called once when the response is first given a header, where the adapter does not learn when the response begins.
   * @param headers gives the headers of the response, which now begins.
   */
  onHeaders?(headers: () => AddedHeaders | undefined): void;
  /**
   * Calls back once when the response has ended, or the connection is gone; at once if that is so already. Where it is
   * missing, a `session.signal` that was read is watched until its session ends.
   */
  onClose?(listener: () => void): void;
}
