/** What the token is made of, what is at rest, and what is known of whoever presents it. */
import type { Mutants } from "../mutant.ts";

const token = "coatcheck/src/core/token.ts";
const tokenTests = "coatcheck/test/core/token.test.ts";
const atRest = "coatcheck/test/core/at-rest.test.ts";
const client = "coatcheck/src/http/client.ts";
const clientTests = "coatcheck/test/http/client.test.ts";

export const secretsMutants: Mutants = {
  "makes secrets of 128 bits": {
    breaks: "B4",
    file: token,
    text: "text(16, 32), text(32, 64));",
    becomes: `text(16, 32), \`\${text(32, 48)}AAAAAAAAAAAAAAAAAAAAA\`);`,
    killedBy: [tokenTests, "tokens have 256 bits of secret, each of them as often set as not"],
  },
  "makes secrets out of UUIDs": {
    breaks: "B4",
    file: token,
    text: "text(16, 32), text(32, 64));",
    becomes: `text(16, 32), Buffer.from(crypto.randomUUID().slice(4)).toString("base64url"));`,
    killedBy: [tokenTests, "tokens have 256 bits of secret, each of them as often set as not"],
  },
  "stores the secret as it is": {
    breaks: "B2",
    file: token,
    text: "return sha256(this.#text.slice(familyAt));",
    becomes: "return this.#text.slice(familyAt);",
    killedBy: [
      atRest,
      "what is at rest has no part of any token that ever opened the session, whatever became of its secret",
    ],
  },
  "stores the family as it is": {
    breaks: "B2",
    file: token,
    text: "return sha256(this.#family);",
    becomes: "return this.#family;",
    killedBy: [
      atRest,
      "what is at rest has no part of any token that ever opened the session, whatever became of its secret",
    ],
  },
  "hashes the secret without the family": {
    breaks: "decisions/0001-three-part-token",
    file: token,
    text: "return sha256(this.#text.slice(familyAt));",
    becomes: "return sha256(this.#secret);",
    killedBy: [tokenTests, "hashes depend on the family as well as on the secret"],
  },
  "writes its secret into JSON": {
    breaks: "B17",
    file: token,
    text: `toJSON(): string {
    return this.toString();`,
    becomes: `toJSON(): string {
    return this.#text;`,
    killedBy: [tokenTests, "the secret of a token does not come out by JSON.stringify"],
  },
  "writes its secret into logs": {
    breaks: "B17",
    file: token,
    text: `return \`[SessionToken \${this.id}]\`;`,
    becomes: "return this.#text;",
    killedBy: [tokenTests, "the secret of a token does not come out by String"],
  },
  "knows the next id by this one": {
    breaks: "B4",
    file: token,
    text: "SessionToken.#of(routingTag(userId) + text(0, 16), text(16",
    becomes: `SessionToken.#of(routingTag(userId) + process.hrtime.bigint().toString().padStart(22, "0").slice(-22), text(16`,
    killedBy: [tokenTests, "tokens have 128 bits of id, each of them as often set as not"],
  },
  "accepts an id that decodes to the same bytes": {
    breaks: "promise 8",
    file: token,
    text: "const idPattern = /^[A-Za-z0-9_-]{25}$/;",
    becomes: "const idPattern = /^[A-Za-z0-9_-]{25}=*$/;",
    killedBy: [
      "coatcheck/test/core/bad-input.test.ts",
      "a session id from outside is nothing if it only decodes to the same bytes, or has anything around it",
    ],
  },
  "believes X-Forwarded-For of anybody": {
    breaks: "B6",
    file: client,
    text: "while (client !== undefined && proxies(client)) {",
    becomes: "while (client !== undefined) {",
    killedBy: [
      clientTests,
      "the client's address ASVS 4.1.3: without declared proxies no forwarded header changes anything",
    ],
  },
  "trusts all of IPv4 for a range of IPv6": {
    breaks: "B6",
    file: client,
    text: "const declared = { ipv4: new BlockList(), ipv6: new BlockList() };",
    becomes: "const all = new BlockList(); const declared = { ipv4: all, ipv6: all };",
    killedBy: [
      clientTests,
      "resolveTrustedProxies trusts no IPv4 address for a range of IPv6, wherever the mapped ones lie",
    ],
  },
  "takes the address that the client made up": {
    breaks: "B6",
    file: client,
    text: `canonicalAddress(withoutPort(hops.pop()?.trim() ?? ""))`,
    becomes: `canonicalAddress(withoutPort(hops.shift()?.trim() ?? ""))`,
    killedBy: [clientTests, "the client's address is not the one that the client made up"],
  },
  "stores a User-Agent of any length": {
    breaks: "B6",
    file: client,
    text: `printable(request.header("user-agent"), 512)`,
    becomes: `printable(request.header("user-agent"), 1e9)`,
    killedBy: [
      clientTests,
      "the client's program ASVS 16.4.1: is cut to 512 and 256 characters that can be seen",
    ],
  },
  "lets a User-Agent write lines into logs": {
    breaks: "B17",
    file: client,
    text: `plainAscii.test(start) ? start : start.replace(/[\\p{C}\\p{Zl}\\p{Zp}]/gu, "")`,
    becomes: "plainAscii.test(start) ? start : start",
    killedBy: [
      clientTests,
      "the client's program ASVS 16.4.1: is cut to 512 and 256 characters that can be seen",
    ],
  },
  "counts each address of a /64 by itself": {
    breaks: "protections/throttle",
    file: client,
    text: `if (!address.includes(":")) return address;`,
    becomes: "return address;",
    killedBy: [
      clientTests,
      "What is counted by address of 2001:db8::1 is 2001:db8:0:0::/64 (CVE-2026-45364)",
    ],
  },
};
