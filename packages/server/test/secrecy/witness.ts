/** Browsers of a server of which every word is kept: what it hands out is planted as a canary, all the rest is evidence. */
import { KeyRing, SessionToken } from "coatcheck";
import { Canaries, type Evidence } from "../../../../test/secrecy/canaries.ts";
import type { ReceivedMail } from "../support/mail-server.ts";
import { type Answer, type Sent, Visitor } from "../support/visitor.ts";

type Ticket = Parameters<KeyRing["open"]>[0];

export class Witness {
  readonly canaries: Canaries = new Canaries();
  readonly evidence: Evidence[] = [];
  readonly #now: () => number;
  #keys: KeyRing | undefined;

  /** @param now the server's clock. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The keys that seal the server's cookies. Whoever knows them sees what is in them. */
  knows(keys: readonly string[]): void {
    for (const key of keys) this.canaries.plant("key", key.slice(key.indexOf(":") + 1));
    this.#keys = new KeyRing(keys);
  }

  get keys(): KeyRing {
    return this.#keys!;
  }

  get now(): number {
    return this.#now();
  }

  say(place: string, ...contents: readonly (string | Uint8Array)[]): void {
    this.evidence.push(...contents.map((content) => ({ place, content })));
  }

  /** Everything that was said in one place. */
  textOf(wanted: string): string {
    return this.evidence
      .filter(({ place }) => place === wanted)
      .map(({ content }) => Buffer.from(content as Uint8Array).toString("latin1"))
      .join("\n");
  }

  /** A mail has one code, and that is for who gets it. Returns it. */
  read({ headers, text, html, link, recipients }: ReceivedMail): string {
    const code = link.slice(-43);
    this.canaries.plant("code of a mail", code);
    const rest = [...[...headers].flat(), ...recipients, text, html];
    this.say("mail", ...rest.map((said) => said.replaceAll(link, "*")));
    return code;
  }

  heard(answer: Answer, request: string): void {
    for (const line of answer.headers.getSetCookie()) this.#harvest(line);
    for (const [name, value] of answer.headers) {
      const shown = name === "set-cookie" ? value.replace(/(__Host-[\w-]+)=[^;]*/g, "$1=*") : value;
      this.say(name === "location" ? "location" : "headers", `${request} ${answer.status} ${name}: ${shown}`);
    }
    this.say("body", this.#withoutGifts(answer.text));
  }

  /** What a cookie carries is a secret, and so is what is sealed in it. */
  #harvest(line: string): void {
    const [, role = "", value = ""] = /^__Host-(session|remember|device)=([^;]*)/.exec(line) ?? [];
    if (value === "") return;
    this.canaries.plant(`${role} cookie`, value.slice(value.indexOf(".") + 1));
    const opened = this.keys.open(role as Ticket, `__Host-${role}`, value, this.#now());
    const token = opened === undefined ? undefined : SessionToken.parse(opened);
    if (!token) return;
    const [, family, secret] = token.reveal().split(".");
    this.canaries.plant(`${role} family`, family!);
    this.canaries.plant(`${role} secret`, secret!);
    this.canaries.plant(`${role} CSRF key`, token.key("csrf").toString("base64url"));
  }

  /** The body, without what it is there to hand out. */
  #withoutGifts(body: string): string {
    return (
      body
        .replace(/("csrfToken":"|name="csrf_token" value=")([\w-]+)/g, (_, before, token) => {
          this.canaries.plant("CSRF token", token);
          return `${before}*`;
        })
        .replace(/(\/(?:setup|reset)#)([\w-]{43})/g, (_, before, code) => {
          this.canaries.plant("code of a link", code);
          return `${before}*`;
        })
        // The page in another language is at the same address, whatever its client put into that.
        .replace(/href="[^"]*"( lang="\w+" hreflang)/g, 'href="*"$1')
        // Back to who typed it, in the field where they did.
        .replace(/(name="(?:code|email)"[^>]*\svalue=")[^"]*/g, "$1*")
    );
  }
}

/** A browser under observation. */
export class WitnessedVisitor extends Visitor {
  readonly #witness: Witness;
  #requests = 0;
  static #visitors = 0;
  readonly #address: string = `10.1.${++WitnessedVisitor.#visitors >> 8}.${WitnessedVisitor.#visitors & 255}`;

  constructor(origin: string, witness: Witness, userAgent?: string) {
    super(origin, userAgent);
    this.keepsDevice = true;
    this.#witness = witness;
  }

  /** As if by a proxy, so that each has an address of its own. */
  override async send(method: string, path: string, { headers, body }: Sent = {}): Promise<Answer> {
    const sent = {
      headers: { "x-forwarded-for": this.#address, ...headers },
      ...(body !== undefined && { body }),
    };
    const answer = await super.send(method, path, sent);
    this.#witness.heard(answer, `${this.#address}/${++this.#requests}`);
    return answer;
  }
}
