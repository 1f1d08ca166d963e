import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  csrfFailed,
  forbidden,
  notSignedIn,
  type Problem,
  problemResponse,
  reauthenticationRequired,
  sessionLimitReached,
  storeUnavailable,
} from "../../src/http/problem.ts";

const problems: readonly (readonly [problem: Problem, status: number, type: string])[] = [
  [notSignedIn(), 401, "urn:coatcheck:problem:not-signed-in"],
  [notSignedIn("evicted"), 401, "urn:coatcheck:problem:not-signed-in"],
  [reauthenticationRequired(), 403, "urn:coatcheck:problem:reauth-required"],
  [csrfFailed(), 403, "urn:coatcheck:problem:csrf"],
  [forbidden(), 403, "urn:coatcheck:problem:forbidden"],
  [sessionLimitReached(), 409, "urn:coatcheck:problem:session-limit"],
  [storeUnavailable(), 503, "urn:coatcheck:problem:store-unavailable"],
];

for (const [problem, status, type] of problems) {
  const what = [problem.title, problem.reason].filter(Boolean).join(", ");
  describe(`RFC 9457: ${what}`, () => {
    test("is a problem document that nobody may cache", async () => {
      const response = problemResponse(problem);
      assert.equal(response.status, status);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.deepEqual(await response.json(), problem);
      assert.deepEqual([problem.status, problem.type], [status, type]);
    });

    test("supertokens-node#141: sets and clears no cookie", () => {
      assert.deepEqual(problemResponse(problem).headers.getSetCookie(), []);
    });

    test("RFC 9110 §15.5.2: challenges if, and only if, nobody is signed in; never by Basic", () => {
      const challenge = problemResponse(problem).headers.get("www-authenticate");
      assert.equal(challenge, status === 401 ? 'Cookie realm="session"' : null);
    });

    test("says when to try again if, and only if, the store is down", () => {
      const retryAfter = problemResponse(problem).headers.get("retry-after");
      assert.equal(retryAfter, status === 503 ? "5" : null);
    });
  });
}

// Proves RFC 9457.
test("the reason of an ended session is told in words and for programs", () => {
  const { detail, reason } = notSignedIn("evicted");
  assert.equal(reason, "evicted");
  assert.equal(detail, "You signed in on another device and reached the limit of concurrent sessions.");
});

test("without a reason a 401 tells nothing more", () => {
  assert.deepEqual(Object.keys(notSignedIn()), ["type", "title", "status"]);
});

test("CSRF failures carry the agreed title", () =>
  assert.equal(csrfFailed().title, "CSRF validation failed"));

test("the time to try again can be given", () => {
  assert.equal(problemResponse(storeUnavailable(30)).headers.get("retry-after"), "30");
});
