/** Many questions of one turn of the event loop travel as one. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Gathered } from "../../src/core/gathered.ts";

const unreadable = "?";

/** Answers come when the test says so. */
function heldUp(timeout = Number.POSITIVE_INFINITY) {
  const sent: (readonly string[])[] = [];
  const held: PromiseWithResolvers<readonly string[]>[] = [];
  const send = (questions: readonly string[]) => {
    sent.push(questions);
    held.push(Promise.withResolvers());
    return held.at(-1)!.promise;
  };
  const read = (answer: string, question: string) => {
    if (answer === unreadable) throw new Error(`The answer to ${question} cannot be read`);
    return answer;
  };
  const gathered = new Gathered(send, read, () => timeout);
  return { gathered, sent, held };
}

describe("Questions of one turn", () => {
  test("are sent together, and each gets its own answer", async () => {
    const { gathered, sent, held } = heldUp();
    const answers = Promise.all(["a", "b", "c"].map((question) => gathered.ask(question)));
    await nextTurn();
    assert.deepEqual(sent, [["a", "b", "c"]]);
    held[0]!.resolve(["1", "2", "3"]);
    assert.deepEqual(await answers, ["1", "2", "3"]);
  });

  test("are sent together also if they are the same, and each gets the answer in its place", async () => {
    const { gathered, sent, held } = heldUp();
    const answers = Promise.all(["a", "b", "a"].map((question) => gathered.ask(question)));
    await nextTurn();
    assert.deepEqual(sent, [["a", "b", "a"]]);
    held[0]!.resolve(["1", "2", "1"]);
    assert.deepEqual(await answers, ["1", "2", "1"]);
  });

  test("fail alone where only their own answer cannot be read", async () => {
    const { gathered, held } = heldUp();
    const answers = Promise.allSettled(["a", "b", "c"].map((question) => gathered.ask(question)));
    await nextTurn();
    held[0]!.resolve(["1", unreadable, "3"]);
    const [first, second, third] = await answers;
    assert.deepEqual(
      [first, third].map((answer) => (answer as PromiseFulfilledResult<string>).value),
      ["1", "3"],
    );
    assert.match(String((second as PromiseRejectedResult).reason), /answer to b/);
  });

  test("fail together where they cannot be answered", async () => {
    const { gathered, held } = heldUp();
    const answers = Promise.allSettled(["a", "b"].map((question) => gathered.ask(question)));
    await nextTurn();
    const outage = new Error("connection refused");
    held[0]!.reject(outage);
    for (const answer of await answers) assert.equal((answer as PromiseRejectedResult).reason, outage);
  });
});

test("Questions fail together when their time is over, counted from when they are sent", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { gathered } = heldUp(100);
  const answers = Promise.allSettled(["a", "b"].map((question) => gathered.ask(question)));
  await nextTurn();
  t.mock.timers.tick(99);
  assert.equal(await Promise.race([answers, nextTurn("under way")]), "under way");
  t.mock.timers.tick(1);
  const over = await Promise.race([answers, nextTurn("under way" as const)]);
  assert.notEqual(over, "under way");
  for (const answer of over) {
    assert.match(String((answer as PromiseRejectedResult).reason), /No answer within 100 ms/);
  }
});

test("Each answer is read in the asynchronous context of who asked for it", async () => {
  const asker = new AsyncLocalStorage<string>();
  const gathered = new Gathered(
    async (questions: readonly string[]) => questions,
    (_answer, question) => `${question} by ${asker.getStore()}`,
  );
  const answers = ["ada", "grace"].map((name) => asker.run(name, () => gathered.ask("a")));
  assert.deepEqual(await Promise.all(answers), ["a by ada", "a by grace"]);
});

test("A question does not join an answer that is under way: what was acknowledged meanwhile it would not see", async () => {
  const { gathered, sent, held } = heldUp();
  const early = gathered.ask("a");
  await nextTurn();
  const late = gathered.ask("a");
  await nextTurn();
  assert.deepEqual(sent, [["a"], ["a"]]);
  held[1]!.resolve(["ended"]);
  held[0]!.resolve(["alive"]);
  assert.deepEqual([await early, await late], ["alive", "ended"]);
});
