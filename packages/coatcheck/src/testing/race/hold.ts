/** Holds a race: browsers of a few users do what the plan says, on all nodes at once, and everything is written down. */
import { setTimeout as delay } from "node:timers/promises";
import { browsersOf, has, leave, type RaceBrowser, renewed, take, type User } from "./browsers.ts";
import { type PlannedFault, Weather } from "./fault.ts";
import { isRefused, type RaceHistory, type Terms } from "./history.ts";
import { limitOf, type RaceSettings, type RevokeReason } from "./node.ts";
import type { NodeProcess } from "./node-process.ts";
import { plan, type Step } from "./plan.ts";
import { type AnswerOf, Recorder } from "./recorder.ts";

export interface RaceOptions {
  readonly seed: number;
  /** Part of the names of all users, so that races on one backend do not meet. Default the seed. */
  readonly name?: string;
  /** How many steps. Default 1000. */
  readonly steps?: number;
  /** How many of them are under way at once. Default 12. */
  readonly workers?: number;
  readonly faults?: readonly PlannedFault[];
  /** Whether the store loses nothing that it answered, whatever the faults. Default true. */
  readonly durable?: boolean;
}

/** So long nodes may take to recover after the last fault, in milliseconds, also where others want the processor. */
const patience = 60_000;

/** So long a browser waits after an outage, in milliseconds. */
const retryAfter = 20;

/**
 * Runs a race on nodes that share a backend.
 * @throws Error if a node hangs, or does not serve again after the faults.
 */
export async function holdRace(
  nodes: readonly NodeProcess[],
  settings: RaceSettings,
  options: RaceOptions,
): Promise<RaceHistory> {
  const { seed, name = String(seed), steps = 1000, workers = 12, faults = [], durable = true } = options;
  const track = new Track(nodes, name);
  const weather = new Weather(faults, nodes, track.recorder.faults);
  let done = 0;
  const work = async (own: readonly Step[]) => {
    for (const step of own) {
      weather.progress(done++ / steps);
      await track.take(step);
    }
  };
  try {
    await Promise.all(plan(seed, { steps, workers, nodes: nodes.length }).map(work));
  } finally {
    await weather.over();
  }
  await track.recover();
  await track.conclude(settings.staleness);
  return track.recorder.history(termsOf(track.users, settings, durable));
}

function termsOf(users: readonly User[], { staleness, grace }: RaceSettings, durable: boolean): Terms {
  const limited = users.filter(({ name }) => Number.isFinite(limitOf(name)));
  const limits = Object.fromEntries(limited.map(({ name }) => [name, limitOf(name)]));
  return { limits, staleness, grace, durable };
}

/** What a node said when it was asked for the last time. */
function why(isReady: unknown, failed: string | undefined, lastFailure: string | undefined): string {
  if (failed !== undefined) return failed;
  return isReady === true ? (lastFailure ?? "it died") : "it says that it is not ready";
}

class Track {
  readonly recorder: Recorder = new Recorder();
  readonly #nodes: readonly NodeProcess[];
  readonly #browsers: readonly RaceBrowser[];
  /** Each value that is written is another one. */
  #values = 0;

  constructor(nodes: readonly NodeProcess[], name: string) {
    this.#nodes = nodes;
    this.#browsers = browsersOf(name);
    for (const node of nodes) this.recorder.watch(node);
  }

  get users(): User[] {
    return [...new Set(this.#browsers.map(({ user }) => user))];
  }

  async take(step: Step): Promise<void> {
    const before = this.recorder.failures;
    await this.#act(step, this.#browsers[step.browser]!, this.#nodeFor(step));
    if (this.recorder.failures > before) await delay(retryAfter);
  }

  /** Waits until every node serves. */
  async recover(): Promise<void> {
    const [user] = this.users;
    for (const node of this.#nodes) {
      for (const deadline = performance.now() + patience; ; await delay(50)) {
        const { answer, failed } = await node.ask({ do: "ready" });
        if (answer === true && (await this.#revokeAll(node, user!)) !== undefined) break;
        if (performance.now() < deadline) continue;
        throw new Error(
          `${node.name} does not serve again ${patience / 1000} s after the last fault: ${why(answer, failed, this.recorder.operations.at(-1)?.failed)}`,
        );
      }
    }
  }

  /** What is left is looked at on every node, ended, and must then be gone everywhere. */
  async conclude(staleness: number): Promise<void> {
    await this.#everywhere((node) => this.#lookAround(node));
    await Promise.all(
      this.users.map((user, index) => this.#disable(this.#nodes[index % this.#nodes.length]!, user)),
    );
    await delay(staleness);
    await this.#everywhere((node) => this.#lookAround(node));
  }

  async #lookAround(node: NodeProcess): Promise<void> {
    const tokens = this.#browsers.flatMap(({ token }) => token ?? []);
    const remembered = this.#browsers.filter(({ remember }) => remember !== undefined);
    await Promise.all([
      ...tokens.map((token) => this.#validate(node, token, { canRenew: false, strict: true })),
      ...tokens.map((token) => this.#validate(node, token, { canRenew: false, strict: false })),
      ...this.users.map((user) => this.#list(node, user)),
      ...remembered.map((browser) => this.#resume(node, browser)),
    ]);
  }

  async #act(step: Step, browser: RaceBrowser, node: NodeProcess): Promise<unknown> {
    const { way, arrives } = step;
    const { user, token, session } = browser;
    switch (step.do) {
      case "list":
        return this.#list(node, user);
      case "revoke all":
        return this.#revokeAll(node, user, way < 0.3 ? session : undefined);
      case "disable":
        return this.#disable(node, user);
      case "validate former":
        return this.#presentFormer(browser, way);
      case "resume":
      case "resume everywhere":
        if (browser.remember === undefined || !node.can("resume")) break;
        if (step.do === "resume everywhere") return this.#everywhere((each) => this.#resume(each, browser));
        return this.#resume(node, browser, arrives);
    }
    if (token === undefined || session === undefined || step.do === "sign in") {
      return this.#signIn(node, browser, step);
    }
    switch (step.do) {
      case "renew":
        return this.#renew(node, browser, token, arrives);
      case "renew everywhere":
        return this.#everywhere((each) => this.#renew(each, browser, token, arrives));
      case "reauthenticate":
        return this.#reauthenticate(node, browser, token, arrives);
      case "write":
        return this.#write(node, session, way);
      case "count":
        return this.#count(node, session);
      case "validate again":
        return this.#everywhere((each) => this.#useTwice(each, token));
      case "revoke":
        return this.#revoke(node, browser, session, token);
      default:
        return this.#use(node, browser, token, step);
    }
  }

  async #signIn(node: NodeProcess, browser: RaceBrowser, { way, arrives }: Step): Promise<void> {
    const { user } = browser;
    const { name, credentials } = user;
    const over = way < 0.5 ? browser.token : undefined;
    const remember = (way * 10) % 1 < 0.5;
    const said = { user: name, remember, ...(over !== undefined && { over }) };
    const answer = await this.recorder.ask(node, {
      do: "sign in",
      asked: { ...said, credentials },
      question: { do: "sign in", ...said },
      stillValid: () => user.credentials === credentials,
    });
    if (!answer || isRefused(answer) || !arrives) return;
    take(browser, answer.session, answer.token);
    browser.remember = answer.remember ?? browser.remember;
  }

  async #use(node: NodeProcess, browser: RaceBrowser, token: string, { way, arrives }: Step): Promise<void> {
    const answer = await this.#validate(node, token, { canRenew: way < 0.5, strict: (way * 10) % 1 < 0.3 });
    if (!answer) return;
    if (isRefused(answer)) {
      // Others go on to present it.
      if (way > 0.5 && has(browser, token)) leave(browser);
    } else if (answer.successor !== undefined && arrives) {
      renewed(browser, token, answer.successor);
    }
  }

  async #useTwice(node: NodeProcess, token: string): Promise<void> {
    const how = { canRenew: false, strict: false };
    await this.#validate(node, token, how);
    await this.#validate(node, token, how);
  }

  #presentFormer({ former }: RaceBrowser, way: number): Promise<unknown> {
    const token = former[Math.floor(way * former.length)];
    if (token === undefined) return Promise.resolve();
    return this.#everywhere((node) => this.#validate(node, token, { canRenew: true, strict: false }));
  }

  async #renew(node: NodeProcess, browser: RaceBrowser, token: string, arrives: boolean): Promise<void> {
    if (!node.can("renew")) return;
    const question = { do: "renew", token } as const;
    const answer = await this.recorder.ask(node, { do: "renew", asked: { token }, question });
    if (answer?.successor !== undefined && arrives) renewed(browser, token, answer.successor);
  }

  async #reauthenticate(
    node: NodeProcess,
    browser: RaceBrowser,
    token: string,
    arrives: boolean,
  ): Promise<void> {
    if (!node.can("reauthenticate")) return;
    const question = { do: "reauthenticate", token } as const;
    const answer = await this.recorder.ask(node, { do: "reauthenticate", asked: { token }, question });
    if (answer?.token !== undefined && arrives) renewed(browser, token, answer.token);
  }

  async #resume(node: NodeProcess, browser: RaceBrowser, arrives = true): Promise<void> {
    const { user, remember } = browser;
    if (remember === undefined) return;
    const { name, credentials } = user;
    const answer = await this.recorder.ask(node, {
      do: "resume",
      asked: { user: name, remember },
      question: { do: "resume", remember },
      stillValid: () => user.credentials === credentials,
    });
    if (!answer || isRefused(answer) || !arrives) return;
    const { session, token } = answer;
    if (token === undefined || !has(browser, remember)) return;
    browser.remember = answer.remember;
    if (!has(browser, token)) take(browser, session, token);
  }

  #write(node: NodeProcess, session: string, way: number): Promise<unknown> {
    if (!node.can("write")) return Promise.resolve();
    const asked = { session, key: `key${Math.floor(way * 3)}`, value: ++this.#values };
    return this.recorder.ask(node, { do: "write", asked, question: { do: "write", ...asked } });
  }

  #count(node: NodeProcess, session: string): Promise<unknown> {
    if (!node.can("count")) return Promise.resolve();
    const asked = { session, key: "sum" };
    return this.recorder.ask(node, { do: "count", asked, question: { do: "count", ...asked } });
  }

  async #revoke(node: NodeProcess, browser: RaceBrowser, session: string, token: string): Promise<void> {
    const asked = { session };
    await this.recorder.ask(node, { do: "revoke", asked, question: { do: "revoke", session } });
    await this.#everywhere((each) => this.#validate(each, token, { canRenew: true, strict: false }));
    if (has(browser, token)) leave(browser);
  }

  #revokeAll(node: NodeProcess, user: User, except?: string): Promise<number | undefined> {
    const asked = { user: user.name, ...(except !== undefined && { except }) };
    const question = { do: "revoke all", ...asked, reason: "revoked" } as const;
    return this.recorder.ask(node, { do: "revoke all", asked, question });
  }

  /** The application changes the user first, and revokes then. */
  #disable(node: NodeProcess, user: User): Promise<unknown> {
    const { name } = user;
    const credentials = ++user.credentials;
    const reason: RevokeReason = "account-changed";
    return this.recorder.ask(node, {
      do: "disable",
      asked: { user: name, credentials },
      question: { do: "revoke all", user: name, reason },
    });
  }

  #list(node: NodeProcess, { name: user }: User): Promise<unknown> {
    if (!node.can("list")) return Promise.resolve();
    return this.recorder.ask(node, { do: "list", asked: { user }, question: { do: "list", user } });
  }

  #validate(
    node: NodeProcess,
    token: string,
    how: { readonly canRenew: boolean; readonly strict: boolean },
  ): Promise<AnswerOf<"validate"> | undefined> {
    const asked = { token, ...how };
    return this.recorder.ask(node, { do: "validate", asked, question: { do: "validate", ...asked } });
  }

  #everywhere(act: (node: NodeProcess) => Promise<unknown>): Promise<unknown> {
    return Promise.all(this.#serving.map(act));
  }

  #nodeFor({ node }: Step): NodeProcess {
    const serving = this.#serving;
    return serving[node % serving.length]!;
  }

  /** A load balancer sends nothing to a node that is down or does not answer. */
  get #serving(): readonly NodeProcess[] {
    const serving = this.#nodes.filter(({ isServing }) => isServing);
    return serving.length > 0 ? serving : this.#nodes;
  }
}
