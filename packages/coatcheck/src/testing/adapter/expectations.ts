/** What answers must be, in the words of the promises. */
import assert from "node:assert/strict";
import { SessionToken } from "../../core/token.ts";
import type { Answer } from "../browser.ts";

/** A refusal: a problem document, and the cookie left alone. */
export function assertRefused(answer: Answer, status: number, problem: string, reason?: string): void {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.headers["content-type"], "application/problem+json");
  assert.equal(answer.headers["cache-control"], "no-store");
  assert.equal(answer.json.type, `urn:coatcheck:problem:${problem}`);
  assert.equal(answer.json.reason, reason);
  assert.deepEqual(answer.setCookies, [], "A refusal must leave the cookie alone");
}

/** 401, with the challenge that RFC 9110 §15.5.2 demands. */
export function assertNotSignedIn(answer: Answer, reason?: string): void {
  assertRefused(answer, 401, "not-signed-in", reason);
  assert.match(String(answer.headers["www-authenticate"]), /^Cookie\b/);
}

/** 503: nothing is known, so nobody is signed out. */
export function assertUnavailable(answer: Answer): void {
  assertRefused(answer, 503, "store-unavailable");
  assert.match(String(answer.headers["retry-after"]), /^[1-9][0-9]*$/);
}

export function assertSignedIn(answer: Answer, userId = "ada"): void {
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.json.userId, userId);
}

/** The one cookie of an answer. */
export function cookieOf(answer: Answer): string {
  assert.equal(answer.setCookies.length, 1, "There must be exactly one Set-Cookie");
  return answer.setCookies[0]!;
}

/** The token in the one cookie of an answer. */
export function tokenOf(answer: Answer): SessionToken {
  return SessionToken.parse(textOf(answer))!;
}

/** `name=value` of the one cookie of an answer, as a `Cookie` header sends it. */
export function pairOf(answer: Answer): string {
  return cookieOf(answer).split(";", 1)[0]!;
}

function textOf(answer: Answer): string {
  return pairOf(answer).slice(pairOf(answer).indexOf("=") + 1);
}
