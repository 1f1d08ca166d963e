/** What a sign-out means: tried on a running server, as a browser and a thief would. */
import { gate } from "./gate.ts";
import { userId } from "./population.ts";

export interface Trials {
  /** A slow request began before the sign-out and writes to the session after it: whether nobody is signed in then. */
  readonly survivesSlowRequest: boolean;
  /** Whether a copied cookie is worthless after its owner signed out. */
  readonly endsCopies: boolean;
  /** Whether it is when the owner signed out everywhere, from another browser; null where there is no such thing. */
  readonly endsCopiesEverywhere: boolean | null;
}

export async function tryOut(port: number): Promise<Trials> {
  const survivesSlowRequest = await trySlowRequest(new Browser(port));
  const owner = new Browser(port);
  await owner.signIn(1);
  const copy = owner.copy();
  await owner.post("/sign-out");
  const endsCopies = !(await copy.isSignedIn());
  return { survivesSlowRequest, endsCopies, endsCopiesEverywhere: await tryEverywhere(port) };
}

/** Neither the cookie from before nor one that the slow answer set may open the door. */
async function trySlowRequest(browser: Browser): Promise<boolean> {
  await browser.signIn(0);
  const slow = browser.copy();
  gate.close();
  const answered = slow.post("/slow");
  await Promise.race([gate.reached, answered]);
  const before = browser.copy();
  await browser.post("/sign-out");
  gate.open();
  await answered;
  const after = await Promise.all([before, slow, browser].map((each) => each.isSignedIn()));
  return !after.includes(true);
}

async function tryEverywhere(port: number): Promise<boolean | null> {
  const [laptop, phone] = [new Browser(port), new Browser(port)];
  await laptop.signIn(2);
  await phone.signIn(2);
  const copy = laptop.copy();
  const status = await phone.post("/sign-out-everywhere");
  if (status === 404) return null;
  if (status !== 200) throw new Error(`A sign-out everywhere was answered ${status}`);
  return !(await copy.isSignedIn());
}

/** Keeps cookies as a browser does. */
class Browser {
  readonly #port: number;
  readonly #cookies: Map<string, string>;

  constructor(port: number, cookies: ReadonlyMap<string, string> = new Map()) {
    this.#port = port;
    this.#cookies = new Map(cookies);
  }

  copy(): Browser {
    return new Browser(this.#port, this.#cookies);
  }

  async signIn(person: number): Promise<void> {
    const status = await this.post("/sign-in", { "X-User": userId(person) });
    if (status !== 200) throw new Error(`A sign-in was answered ${status}`);
    if (!(await this.isSignedIn())) throw new Error("Who has signed in is not signed in");
  }

  async isSignedIn(): Promise<boolean> {
    return (await this.#send("GET", "/")) === 200;
  }

  post(path: string, headers: Record<string, string> = {}): Promise<number> {
    return this.#send("POST", path, headers);
  }

  async #send(method: string, path: string, headers: Record<string, string> = {}): Promise<number> {
    const cookie = Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
      method,
      headers: { ...headers, Cookie: cookie, "X-Forwarded-Proto": "https" },
      redirect: "manual",
    });
    await response.arrayBuffer();
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response.status;
  }

  #keep(line: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    const isCleared = /;\s*max-age=0\b/i.test(line) || /;\s*expires=thu, 01 jan 1970/i.test(line);
    if (isCleared) this.#cookies.delete(name!);
    else this.#cookies.set(name!, value!);
  }
}
