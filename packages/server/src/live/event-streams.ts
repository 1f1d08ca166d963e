/** The server-sent events that go out of this node: bounded in number, and ended with their session or with the server. */
import type { EndReason, Session, SessionEndedError, SessionId } from "coatcheck";

/** A browser opens one for each page of ours that is seen; more are a mistake, or mischief. */
const mostOfSession = 8;
/** A socket and about 20 KB each. */
const mostOfNode = 10_000;
/** Proxies give up on connections that say nothing for a minute, mostly; in milliseconds. */
const heartbeatEvery = 20_000;

/** What a stream may tell. */
interface StreamEvent {
  readonly event: "ended";
  readonly data: { readonly reason: EndReason | undefined };
}

type Bytes = Uint8Array<ArrayBuffer>;
export type EventStream = ReadableStream<Bytes>;

/** Why none is opened: this session has enough of them, or this node has, or is stopping. */
export type Refusal = "session-full" | "node-full";

type Outlet = Pick<ReadableStreamDefaultController<Bytes>, "enqueue" | "close">;

export class EventStreams {
  readonly #outlets = new Map<SessionId, Set<Outlet>>();
  readonly #most: number;
  #size = 0;
  #heartbeat: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ most = mostOfNode }: { readonly most?: number } = {}) {
    this.#most = most;
  }

  /** How many are open. */
  get size(): number {
    return this.#size;
  }

  /** Tells `ended` when the session ends, and closes then. */
  open({ id, signal }: Session): EventStream | Refusal {
    if (this.#closed || this.#size >= this.#most) return "node-full";
    if ((this.#outlets.get(id)?.size ?? 0) >= mostOfSession) return "session-full";
    let outlet: Outlet;
    return new ReadableStream<Bytes>({
      start: (controller) => {
        outlet = controller;
        this.#add(id, outlet);
        // So that the client knows at once that it is open.
        outlet.enqueue(comment("open"));
        const end = () => this.#end(id, outlet, (signal.reason as SessionEndedError).reason);
        if (signal.aborted) end();
        else signal.addEventListener("abort", end, { once: true });
      },
      cancel: () => void this.#remove(id, outlet),
    });
  }

  /** Closes all, and opens none any more. Clients connect again, to another node. */
  close(): void {
    this.#closed = true;
    for (const [id, outlets] of this.#outlets) {
      for (const outlet of outlets) if (this.#remove(id, outlet)) outlet.close();
    }
  }

  #add(id: SessionId, outlet: Outlet): void {
    const outlets = this.#outlets.get(id);
    if (outlets) outlets.add(outlet);
    else this.#outlets.set(id, new Set([outlet]));
    this.#size += 1;
    this.#heartbeat ??= setInterval(() => this.#beat(), heartbeatEvery).unref();
  }

  /** Whether it was open. */
  #remove(id: SessionId, outlet: Outlet): boolean {
    const outlets = this.#outlets.get(id);
    if (!outlets?.delete(outlet)) return false;
    if (outlets.size === 0) this.#outlets.delete(id);
    this.#size -= 1;
    if (this.#size > 0) return true;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    return true;
  }

  #end(id: SessionId, outlet: Outlet, reason: EndReason | undefined): void {
    if (!this.#remove(id, outlet)) return;
    outlet.enqueue(written({ event: "ended", data: { reason } }));
    outlet.close();
  }

  /** Also how it is noticed that a client is gone. */
  #beat(): void {
    for (const outlets of this.#outlets.values()) {
      for (const outlet of outlets) outlet.enqueue(comment("still here"));
    }
  }
}

const encoder = new TextEncoder();

function comment(text: string): Bytes {
  return encoder.encode(`: ${text}\n\n`);
}

function written({ event, data }: StreamEvent): Bytes {
  return encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
