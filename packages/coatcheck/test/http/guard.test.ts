import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, test } from "node:test";
import { atEndOfTurn } from "../../src/http/guard.ts";

const atHand = { mayBeAtHand: true };

describe("requests of one turn", () => {
  test("go on together, after all of them have come in", async () => {
    const seen: string[] = [];
    const going = ["ada", "grace"].map((name) => {
      seen.push(`${name} came`);
      return atEndOfTurn(atHand, () => seen.push(`${name} went on`));
    });
    await Promise.all(going);
    assert.deepEqual(seen, ["ada came", "grace came", "ada went on", "grace went on"]);
  });

  test("go on each in its own asynchronous context", async () => {
    const contexts = new AsyncLocalStorage<string>();
    const going = ["ada", "grace"].map((name) =>
      contexts.run(name, () => atEndOfTurn(atHand, () => contexts.getStore())),
    );
    assert.deepEqual(await Promise.all(going), ["ada", "grace"]);
  });

  test("are no trouble to each other if one fails", async () => {
    const fails = () => {
      throw new Error("This one failed");
    };
    const [failed, other] = await Promise.allSettled([
      atEndOfTurn(atHand, fails),
      atEndOfTurn(atHand, () => "ada"),
    ]);
    assert.equal(failed!.status, "rejected");
    assert.deepEqual(other, { status: "fulfilled", value: "ada" });
  });

  test("go on in the next turn as well", async () => {
    for (const name of ["ada", "grace"]) assert.equal(await atEndOfTurn(atHand, () => name), name);
  });

  test("go on where a test holds up all timers", async (t) => {
    t.mock.timers.enable();
    assert.equal(await atEndOfTurn(atHand, () => "ada"), "ada");
  });

  test("wait for nobody where the store must be asked, or the answer is known", () => {
    assert.equal(
      atEndOfTurn({ mayBeAtHand: false }, () => "ada"),
      "ada",
    );
  });
});
