/** What the server counts and measures, for Prometheus. */
import type { SessionEvent } from "coatcheck";
import type { CachedSessionStore } from "coatcheck/cached";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { AccountEvent } from "../accounts/account-event.ts";
import { endReasonOf } from "./session-end.ts";

/** What is kept in a store, and pruned from it. */
export type Kept = "sessions" | "remember" | "throttle" | "audit" | "directory";

export class Metrics {
  readonly #registry = new Registry();
  readonly #created = this.#counter("sessions_created_total", "Sessions that began");
  readonly #ended = this.#counter(
    "sessions_ended_total",
    "Sessions that ended, as far as this node ended them",
    ["reason"],
  );
  readonly #rejected = this.#counter("tokens_rejected_total", "Session tokens that opened nothing", [
    "reason",
  ]);
  readonly #crossSite = this.#counter(
    "requests_refused_total",
    "Unsafe requests from another site, or without the CSRF token",
    ["reason"],
  );
  readonly #events = this.#counter("session_events_total", "All session events", ["type"]);
  readonly #accounts = this.#counter("account_events_total", "What happens to accounts", ["event", "reason"]);
  readonly #pruned = this.#counter("pruned_total", "What pruning has removed", ["kind"]);
  readonly #pruneSteps = this.#counter("prune_steps_total", "Bounded steps of pruning", ["kind"]);
  readonly #pruning = new Gauge({
    name: "coatcheck_pruning",
    help: "1 while a walk of pruning is under way",
    labelNames: ["kind"],
    registers: [this.#registry],
  });
  readonly #storeSeconds = new Histogram({
    name: "coatcheck_store_seconds",
    help: "How long operations of the stores take",
    labelNames: ["kind", "operation", "outcome"],
    buckets: [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [this.#registry],
  });

  constructor() {
    // The process, its memory, its garbage collector and the delay of its event loop.
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Observes sessions. */
  readonly observe = (event: SessionEvent): void => {
    const { type } = event;
    this.#events.inc({ type });
    const endReason = endReasonOf(event);
    if (endReason !== undefined) this.#ended.inc({ reason: endReason });
    if (type === "created") this.#created.inc();
    else if (type === "rejected") this.#rejected.inc({ reason: event.reason });
    else if (type === "csrf") this.#crossSite.inc({ reason: event.reason });
  };

  readonly observeAccount = ({ event, reason }: AccountEvent): void => {
    this.#accounts.inc({ event, reason: reason ?? "" });
  };

  /** From now on it shows whether this cache answers, and how many sessions it keeps. */
  showCache(cache: Pick<CachedSessionStore, "isOn" | "size">): void {
    this.#gauge("session_cache_on", "1 while sessions are answered from memory", () => Number(cache.isOn));
    this.#gauge("session_cache_sessions", "Sessions that are kept in memory", () => cache.size);
  }

  /** From now on it shows how many streams of events are open. */
  showStreams(streams: { readonly size: number }): void {
    this.#gauge("event_streams", "Streams of server-sent events that are open", () => streams.size);
  }

  /** An operation of a store that was called at `started` (`performance.now()`) has ended. */
  answered(kind: Kept, operation: string, started: number, outcome: "ok" | "failed"): void {
    this.#storeSeconds.observe({ kind, operation, outcome }, (performance.now() - started) / 1_000);
  }

  /** A step of pruning has removed so many; `isUnderWay` if there is more to walk over. */
  pruned(kind: Kept, removed: number, isUnderWay: boolean): void {
    this.#pruned.inc({ kind }, removed);
    this.#pruneSteps.inc({ kind });
    this.#pruning.set({ kind }, isUnderWay ? 1 : 0);
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name: `coatcheck_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.set(value());
      },
    });
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({ name: `coatcheck_${name}`, help, labelNames, registers: [this.#registry] });
  }
}
