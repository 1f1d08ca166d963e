import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tolerantFingerprint } from "../../src/core/fingerprint.ts";
import { SessionToken } from "../../src/core/token.ts";
import { chrome, firefox, firefoxUpdated } from "./house.ts";

const token = SessionToken.generate("ada");

const agents = {
  edge: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0",
  opera:
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 OPR/120.0.0.0",
  safari:
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15",
  iphone:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
  android:
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36",
  curl: "curl/8.5.0",
  okhttp: "okhttp/4.12.0",
  nothing: "",
};

describe("the tolerant fingerprint", () => {
  it("stays the same over an update of the browser and a change of regional language", () => {
    const same = { ...firefoxUpdated, language: "en-US,de;q=0.5" };
    assert.equal(tolerantFingerprint(token, firefox), tolerantFingerprint(token, same));
  });

  it("tells browser families and platforms apart", () => {
    const clients = [
      firefox,
      chrome,
      ...Object.values(agents).map((userAgent) => ({ ...firefox, userAgent })),
    ];
    assert.equal(new Set(clients.map((client) => tolerantFingerprint(token, client))).size, clients.length);
  });

  it("tells languages apart", () => {
    const french = { ...firefox, language: "fr-FR,fr;q=0.9,en;q=0.1" };
    assert.notEqual(tolerantFingerprint(token, firefox), tolerantFingerprint(token, french));
  });

  it("does not look at the address: people move between networks", () => {
    assert.equal(
      tolerantFingerprint(token, { ...firefox, ip: "192.0.2.1" }),
      tolerantFingerprint(token, { ...firefox, ip: "2001:db8::1" }),
    );
  });

  it("is keyed by the session: the same client has unrelated digests elsewhere", () => {
    const other = SessionToken.generate("ada");
    assert.notEqual(tolerantFingerprint(token, firefox), tolerantFingerprint(other, firefox));
  });

  it("survives renewal", () => {
    assert.equal(tolerantFingerprint(token, firefox), tolerantFingerprint(token.successor("salt"), firefox));
  });
});
