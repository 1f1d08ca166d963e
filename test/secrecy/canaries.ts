/**
 * Looks for secrets where none may be. What a run hands out, or is told in confidence, is planted as a canary; what the
 * run says elsewhere is evidence. A canary that is seen in the evidence has flown: plainly, or in whatever way programs
 * write bytes down.
 */

/** Something that was said, printed, sent or stored, and where. */
export interface Evidence {
  readonly place: string;
  readonly content: string | Uint8Array;
}

/** A canary where it must not be. Never the secret itself: reports are printed. */
export interface Sighting {
  readonly secret: string;
  readonly place: string;
  /** How it was written down there, as far as that can be told. */
  readonly encoding: string;
}

interface Needle {
  readonly secret: string;
  readonly encoding: string;
  readonly bytes: Buffer;
}

/** Half a secret is one, too: of long ones the first and the last characters are looked for. */
const pieceLength = 20;
/** Shorter ones would be found by chance. */
const shortest = 8;
/** All needles are found by their first bytes, so that it takes no longer to look for many. */
const headLength = 5;
const sieveBits = 18;

export class Canaries {
  readonly #names = new Map<string, string>();
  readonly #needles = new Map<string, Needle[]>();
  /** What a needle's first four bytes come to, so that most places need no closer look. */
  readonly #beginnings = new Uint8Array(1 << sieveBits);

  /** How many secrets there are. */
  get size(): number {
    return this.#names.size;
  }

  /** The secrets themselves: for whoever tries to use them. */
  get secrets(): readonly string[] {
    return [...this.#names.keys()];
  }

  /**
   * @param name what to call it in reports.
   * @throws TypeError if it is so short that it would be found by chance.
   */
  plant(name: string, secret: string): void {
    if (secret.length < shortest) throw new TypeError(`${name} is too short to be looked for`);
    if (this.#names.has(secret)) return;
    this.#names.set(secret, name);
    for (const piece of piecesOf(secret)) {
      for (const [encoding, bytes] of spellingsOf(piece)) this.#add({ secret: name, encoding, bytes });
    }
  }

  sightings(evidence: Iterable<Evidence>): Sighting[] {
    return [...evidence].flatMap(({ place, content }) =>
      this.#seenIn(Buffer.from(content as Uint8Array)).map(({ secret, encoding }) => ({
        secret,
        place,
        encoding,
      })),
    );
  }

  #add(needle: Needle): void {
    const { bytes } = needle;
    this.#beginnings[beginningAt(bytes, 0)] = 1;
    const head = bytes.toString("latin1", 0, headLength);
    const others = this.#needles.get(head);
    if (others) others.push(needle);
    else this.#needles.set(head, [needle]);
  }

  #seenIn(content: Buffer): Needle[] {
    const seen = new Map<string, Needle>();
    for (let at = 0; at + headLength <= content.length; at++) {
      if (this.#beginnings[beginningAt(content, at)] === 0) continue;
      const needles = this.#needles.get(content.toString("latin1", at, at + headLength));
      for (const needle of needles ?? []) {
        const { secret, bytes } = needle;
        if (seen.has(secret) || !content.subarray(at, at + bytes.length).equals(bytes)) continue;
        seen.set(secret, needle);
      }
    }
    return [...seen.values()];
  }
}

/** Multiplicative hashing: by the golden ratio. */
function beginningAt(bytes: Buffer, at: number): number {
  return Math.imul(bytes.readInt32BE(at), 0x9e3779b1) >>> (32 - sieveBits);
}

function piecesOf(secret: string): readonly string[] {
  if (secret.length <= 2 * pieceLength) return [secret];
  return [secret.slice(0, pieceLength), secret.slice(-pieceLength)];
}

function spellingsOf(piece: string): [encoding: string, bytes: Buffer][] {
  const text = Buffer.from(piece);
  const spellings: [string, Buffer][] = [
    ["plain", text],
    ["JSON", Buffer.from(JSON.stringify(piece).slice(1, -1))],
    ["HTML", Buffer.from(html(piece))],
    ["URL", Buffer.from(encodeURIComponent(piece))],
    ["form", Buffer.from(new URLSearchParams({ _: piece }).toString().slice(2))],
    ["UTF-16", Buffer.from(piece, "utf16le")],
    ...bytesOf(text),
  ];
  if (!/^[\w-]{16,}$/.test(piece)) return spellings;
  // What is base64url already may be decoded somewhere; of the last characters not every bit is a byte's.
  const decoded = Buffer.from(piece.slice(0, piece.length - (piece.length % 4)), "base64url");
  return [...spellings, ...[["bytes", decoded] as [string, Buffer], ...bytesOf(decoded)].map(ofDecoded)];
}

function ofDecoded([encoding, bytes]: [string, Buffer]): [string, Buffer] {
  return [`${encoding} of what it decodes to`, bytes];
}

function bytesOf(bytes: Buffer): [encoding: string, bytes: Buffer][] {
  const hex = bytes.toString("hex");
  const pairs = hex.match(/../g)!;
  return [
    ["hex", Buffer.from(hex)],
    ["HEX", Buffer.from(hex.toUpperCase())],
    ["inspected buffer", Buffer.from(pairs.join(" "))],
    ["percent", Buffer.from(pairs.map((pair) => `%${pair}`).join(""))],
    ["PERCENT", Buffer.from(pairs.map((pair) => `%${pair.toUpperCase()}`).join(""))],
    ["list of numbers", Buffer.from([...bytes].join(","))],
    ["inspected list of numbers", Buffer.from([...bytes].join(", "))],
    ...[0, 1, 2].flatMap((before): [string, Buffer][] => [
      [`base64 behind ${before}`, Buffer.from(base64Behind(before, bytes, "base64"))],
      [`base64url behind ${before}`, Buffer.from(base64Behind(before, bytes, "base64url"))],
    ]),
  ];
}

/** The characters that depend on these bytes alone, where so many others came before them. */
function base64Behind(before: number, bytes: Buffer, encoding: "base64" | "base64url"): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString(encoding)
    .replace(/=+$/, "");
  const whole = Math.floor(((before + bytes.length) * 8) / 6);
  return text.slice(Math.ceil((before * 8) / 6), whole);
}

function html(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
