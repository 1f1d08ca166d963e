/** Nodes that share sessions in memory and tell each other of changes, over a channel that tests cut and delay. */
import type { ChangeListener, ChangeWatch } from "../../src/core/change-watch.ts";
import type { SessionStore } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";

/** One message on its way to a node, or a proof that comes back. */
type Message = () => void;

/** The way from the backend to one node. What is sent arrives in order. */
export class Channel {
  /** What is on its way, while the channel is held up. */
  readonly #waiting: Message[] = [];
  #held = false;
  #cut = false;
  listener: ChangeListener | undefined;

  /** Nothing arrives until `release`. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    for (const message of this.#waiting.splice(0)) message();
  }

  /** Loses what is on its way and what is sent from now on. Nobody notices: proofs stay away. */
  cut(): void {
    this.#cut = true;
    this.#waiting.length = 0;
  }

  /** A new channel: what was sent meanwhile is lost for ever. */
  mend(): void {
    this.#cut = false;
    this.listener?.anyChanged();
  }

  send(message: Message): void {
    if (this.#cut) return;
    if (this.#held) this.#waiting.push(message);
    else message();
  }
}

/** The backend: one memory, and a channel to each node. */
export class ToldMemory {
  readonly memory: MemorySessionStore = new MemorySessionStore();
  readonly #channels: Channel[] = [];

  /** The backend as one more node sees it. */
  node(): {
    readonly store: SessionStore & Required<Pick<SessionStore, "watch">>;
    readonly channel: Channel;
  } {
    const channel = new Channel();
    this.#channels.push(channel);
    const { memory } = this;
    const telling = async <T>(write: Promise<T>, ids: (answer: T) => readonly SessionId[]): Promise<T> => {
      const answer = await write;
      for (const id of ids(answer)) this.#tell(id);
      return answer;
    };
    const idsOf = (records: readonly { readonly id: SessionId }[]) => records.map(({ id }) => id);
    const store: SessionStore & Required<Pick<SessionStore, "watch">> = {
      timeout: memory.timeout,
      remember: memory.remember,
      throttle: memory.throttle,
      insert: (...args) =>
        telling(memory.insert(...args), (result) =>
          result.inserted ? idsOf(result.ended.map(({ record }) => record)) : [],
        ),
      find: (...args) => memory.find(...args),
      update: (id, change, ...rest) =>
        telling(memory.update(id, change, ...rest), (updated) =>
          updated && Object.keys(change).some((group) => group !== "seen") ? [id] : [],
        ),
      delete: (...args) => telling(memory.delete(...args), (ended) => (ended ? [ended.id] : [])),
      findByUser: (...args) => memory.findByUser(...args),
      deleteByUser: (...args) => telling(memory.deleteByUser(...args), idsOf),
      deleteExpired: (...args) => telling(memory.deleteExpired(...args), ({ expired }) => idsOf(expired)),
      time: () => memory.time(),
      watch: (listener) => watched(channel, listener),
    };
    return { store, channel };
  }

  #tell(id: SessionId): void {
    for (const channel of this.#channels) channel.send(() => channel.listener?.changed(id));
  }
}

function watched(channel: Channel, listener: ChangeListener): ChangeWatch {
  channel.listener = listener;
  return {
    prove: () => new Promise((resolve) => channel.send(resolve)),
    close: async () => {
      channel.listener = undefined;
    },
  };
}
