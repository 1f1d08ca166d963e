import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tolerantFingerprint } from "../../src/core/fingerprint.ts";
import { judge } from "../../src/core/judge.ts";
import { definePolicy } from "../../src/core/policy.ts";
import { newRecord } from "../../src/core/sign-in.ts";
import { type SessionRecord, tombstone } from "../../src/core/store.ts";
import { SessionToken } from "../../src/core/token.ts";
import { chrome, firefox, firefoxUpdated } from "./house.ts";

const policy = definePolicy({ idleTimeout: 1_000_000, absoluteTimeout: 3_000_000 });
const now = 5_000_000;
const token = SessionToken.generate("ada");
const signedIn = { amr: ["pwd"], client: firefox, data: "{}", dataVersion: 1 };
const record = newRecord(policy, "ada", token, signedIn, now);

const successor = token.successor("salt");
const pending: SessionRecord = {
  ...record,
  pending: {
    secretHash: successor.secretHash,
    salt: "salt",
    fingerprint: tolerantFingerprint(token, firefox),
    startedAt: now,
  },
};
const renewed: SessionRecord = {
  ...record,
  secretHash: successor.secretHash,
  superseded: [{ secretHash: token.secretHash, until: now + 30_000 }],
};

const guess = SessionToken.parse(`${token.id}.${"A".repeat(22)}.${"A".repeat(43)}`)!;

function kind(
  found: Parameters<typeof judge>[1],
  presented: SessionToken,
  at = now,
  client = firefox,
): string {
  const verdict = judge(policy, found, presented, { client }, at);
  return "reason" in verdict ? `${verdict.kind}: ${verdict.reason}` : verdict.kind;
}

describe("judge", () => {
  it("knows the current secret", () => {
    assert.equal(kind(record, token), "current");
  });

  it("rejects what the store does not know", () => {
    assert.equal(kind(undefined, token), "rejected: unknown");
  });

  it("tells the reason of an end to a token of the family, and to nobody else", () => {
    const ended = tombstone(record, "evicted", now);
    assert.equal(kind(ended, token), "ended: evicted");
    assert.equal(kind(ended, token.refreshed()), "ended: evicted");
    assert.equal(kind(ended, guess), "rejected: unknown");
  });

  it("tells why a session ended for as long as its tombstone counts, and no longer", () => {
    const ended = tombstone(record, "evicted", now);
    assert.equal(kind(ended, token, ended.until - 1), "ended: evicted");
    assert.equal(kind(ended, token, ended.until), "rejected: unknown");
  });

  it("takes a wrong family for a guess, which says nothing and changes nothing", () => {
    assert.equal(kind(record, guess), "rejected: unknown");
    assert.equal(kind(record, guess, now + 10_000_000), "rejected: unknown");
  });

  it("takes the right family with any other secret for theft, at any age", () => {
    assert.equal(kind(record, token.refreshed()), "theft");
    assert.equal(kind(renewed, token, now + 30_000), "theft");
    assert.equal(kind(renewed, token, now + 999_999), "theft");
  });

  it("accepts the old secret of a pending renewal and sends the same successor to the same client", () => {
    assert.equal(kind(pending, token), "resend");
    assert.equal(kind(pending, token, now, firefoxUpdated), "resend");
  });

  it("accepts the old secret of a pending renewal from another client, and sends it nothing", () => {
    assert.equal(kind(pending, token, now, chrome), "current");
  });

  it("takes the first sight of the successor for its confirmation, from any client", () => {
    assert.equal(kind(pending, successor), "confirm");
    assert.equal(kind(pending, successor, now, chrome), "confirm");
  });

  it("accepts a replaced secret up to the last millisecond of its grace", () => {
    assert.equal(kind(renewed, token, now + 29_999), "grace");
    assert.equal(kind(renewed, token, now + 30_000), "theft");
  });

  // Proves ASVS 7.3.1.
  it("ends a session at the very millisecond of its idle deadline", () => {
    assert.equal(kind(record, token, now + 999_999), "current");
    assert.equal(kind(record, token, now + 1_000_000), "rejected: idle-timeout");
    assert.equal(kind(record, token, now + 1_000_001), "rejected: idle-timeout");
  });

  // Proves ASVS 7.3.2.
  it("ends a session at the very millisecond of its absolute deadline, however lately it was used", () => {
    const busy = { ...record, lastSeenAt: now + 2_999_999, expiresAt: now + 3_000_000 };
    assert.equal(kind(busy, token, now + 2_999_999), "current");
    assert.equal(kind(busy, token, now + 3_000_000), "rejected: absolute-timeout");
  });

  it("holds to a deadline that was stored under a tighter policy", () => {
    assert.equal(kind({ ...record, expiresAt: now + 10 }, token, now + 10), "rejected: idle-timeout");
  });

  it("applies a tighter policy to sessions that were stored under a looser one", () => {
    const tighter = definePolicy({ idleTimeout: 100, absoluteTimeout: 200 });
    assert.equal(judge(tighter, record, token, {}, now + 100).kind, "rejected");
  });

  // Proves ASVS 7.4.1.
  it("lets nothing out of an expired session, whatever the secret", () => {
    const late = now + 1_000_000;
    for (const presented of [token, successor, token.refreshed()]) {
      assert.equal(kind(pending, presented, late), "rejected: idle-timeout");
    }
  });

  it("looks at the client only for its fingerprint, or while a renewal is pending", () => {
    const off = definePolicy({ fingerprint: "off" });
    const request = {
      get client(): never {
        throw new Error("looked");
      },
    };
    assert.equal(judge(off, record, token, request, now).kind, "current");
    assert.throws(() => judge(off, pending, token, request, now), /looked/);
    assert.throws(() => judge(policy, record, token, request, now), /looked/);
  });

  it("asks for the fingerprint last: what is dead or stolen is that for every client", () => {
    const revoking = definePolicy({ ...policy, fingerprint: { onMismatch: "revoke" } });
    const request = { client: chrome };
    assert.equal(judge(revoking, record, token, request, now).kind, "foreign");
    assert.equal(judge(revoking, pending, successor, request, now).kind, "foreign");
    assert.equal(judge(revoking, renewed, token, request, now).kind, "foreign");
    assert.equal(judge(revoking, record, token.refreshed(), request, now).kind, "theft");
    assert.equal(judge(revoking, record, guess, request, now).kind, "rejected");
    assert.equal(judge(revoking, record, token, request, now + 1_000_000).kind, "rejected");
    assert.equal(judge(revoking, tombstone(record, "logout", now), token, request, now).kind, "ended");
  });
});
