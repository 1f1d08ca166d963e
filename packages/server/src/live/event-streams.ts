/** The server-sent events that go out of this node: bounded in number, and ended with their session or with the server. */
import type { Session, SessionEndedError, SessionId } from "coatcheck";

/** A browser opens one for each page of ours that is seen; more are a mistake, or mischief. */
const mostOfSession = 8;
/** A socket and about 20 KB each. */
const mostOfNode = 10_000;
/** Messages and heartbeats that may wait for a client that reads slowly. It misses those that come then. */
const mostWaiting = 8;
/** Proxies give up on connections that say nothing for a minute, mostly; in milliseconds. */
const heartbeatEvery = 20_000;

/** What a stream may tell. */
export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
}

/** False if the client has not read the ones before, and misses this one. */
export type Send = (event: StreamEvent) => boolean;

/** What a stream tells besides the end of its session. */
export interface Telling {
  /** Begins to tell; returns how to stop. */
  readonly begin: (send: Send) => () => void;
  /** Asked before each message and every 20 seconds: what closes the stream, as its last message. */
  readonly last?: () => StreamEvent | undefined;
}

type Bytes = Uint8Array<ArrayBuffer>;
export type EventStream = ReadableStream<Bytes>;

/** Why none is opened: this session has enough of them, or this node has, or is stopping. */
export type Refusal = "session-full" | "node-full";

type Outlet = ReadableStreamDefaultController<Bytes>;

interface Told {
  readonly last: Telling["last"];
  stop: () => void;
}

export class EventStreams {
  readonly #outlets = new Map<SessionId, Map<Outlet, Told>>();
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
  open({ id, signal }: Session, telling?: Telling): EventStream | Refusal {
    if (this.#closed || this.#size >= this.#most) return "node-full";
    if ((this.#outlets.get(id)?.size ?? 0) >= mostOfSession) return "session-full";
    let outlet: Outlet;
    return new ReadableStream<Bytes>({
      start: (controller) => {
        outlet = controller;
        const told: Told = { last: telling?.last, stop: () => {} };
        this.#add(id, outlet, told);
        // So that the client knows at once that it is open.
        outlet.enqueue(comment("open"));
        const end = () => {
          const { reason } = signal.reason as SessionEndedError;
          this.#end(id, outlet, { event: "ended", data: { reason } });
        };
        if (telling) told.stop = telling.begin((event) => this.#send(id, outlet, event));
        if (signal.aborted) end();
        else signal.addEventListener("abort", end, { once: true });
      },
      cancel: () => void this.#remove(id, outlet),
    });
  }

  /** Closes all, and opens none any more. Clients connect again, to another node. */
  close(): void {
    this.#closed = true;
    this.#forEach((id, outlet) => {
      if (this.#remove(id, outlet)) outlet.close();
    });
  }

  #add(id: SessionId, outlet: Outlet, told: Told): void {
    const outlets = this.#outlets.get(id);
    if (outlets) outlets.set(outlet, told);
    else this.#outlets.set(id, new Map([[outlet, told]]));
    this.#size += 1;
    this.#heartbeat ??= setInterval(() => this.#beat(), heartbeatEvery).unref();
  }

  /** Whether it was open. */
  #remove(id: SessionId, outlet: Outlet): boolean {
    const outlets = this.#outlets.get(id);
    const told = outlets?.get(outlet);
    if (!outlets || !told) return false;
    told.stop();
    outlets.delete(outlet);
    if (outlets.size === 0) this.#outlets.delete(id);
    this.#size -= 1;
    if (this.#size > 0) return true;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    return true;
  }

  #end(id: SessionId, outlet: Outlet, last: StreamEvent): void {
    if (!this.#remove(id, outlet)) return;
    outlet.enqueue(written(last));
    outlet.close();
  }

  #send(id: SessionId, outlet: Outlet, event: StreamEvent): boolean {
    if (this.#isOver(id, outlet)) return true;
    if (isFull(outlet)) return false;
    outlet.enqueue(written(event));
    return true;
  }

  /** Closes the stream where its time is over. */
  #isOver(id: SessionId, outlet: Outlet): boolean {
    const told = this.#outlets.get(id)?.get(outlet);
    const last = told?.last?.();
    if (last) this.#end(id, outlet, last);
    return !told || last !== undefined;
  }

  /** Also how it is noticed that a client is gone. */
  #beat(): void {
    this.#forEach((id, outlet) => {
      if (!this.#isOver(id, outlet) && !isFull(outlet)) outlet.enqueue(comment("still here"));
    });
  }

  #forEach(act: (id: SessionId, outlet: Outlet) => void): void {
    for (const [id, outlets] of this.#outlets) for (const outlet of outlets.keys()) act(id, outlet);
  }
}

function isFull({ desiredSize }: Outlet): boolean {
  return (desiredSize ?? 0) <= -mostWaiting;
}

const encoder = new TextEncoder();

function comment(text: string): Bytes {
  return encoder.encode(`: ${text}\n\n`);
}

function written({ event, data }: StreamEvent): Bytes {
  return encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
