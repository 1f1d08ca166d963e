/** Promises about one-time messages. */
import assert from "node:assert/strict";
import { generateKey } from "../../../http/key-ring.ts";
import type { AdapterCases } from "../case.ts";
import { assertNotSignedIn } from "../expectations.ts";
import type { StageOptions } from "../stage.ts";

const withKeys: StageOptions = { auth: { keys: [generateKey()] } };
/** Tabs that open at once. */
const tabs = 8;

export const flash: AdapterCases = {
  "a message is there for the next page, once, and is no data of the session": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      await ada.do("flash:notice");
      assert.deepEqual((await ada.get("/me")).json.data, { theme: "dark" });
      assert.deepEqual((await ada.do("pop:other", "pop:notice", "pop:notice")).json.results, [
        null,
        "The notice",
        null,
      ]);
      assert.deepEqual((await ada.do("pop:notice")).json.results, [null]);
    }),

  "a message can be taken in the request that left it": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      const { results } = (await ada.do("flash:notice", "pop:notice", "pop:notice")).json;
      assert.deepEqual(results, [null, "The notice", null]);
    }),

  "of many tabs that ask at once, exactly one gets it": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      await ada.do("flash:notice");
      const answers = await Promise.all(Array.from({ length: tabs }, () => ada.do("pop:notice")));
      const got = answers.map(({ json }) => json.results[0]).filter((message) => message !== null);
      assert.deepEqual(got, ["The notice"]);
    }),

  "where nothing is waiting, asking costs no more than the session": (set) =>
    set(async ({ signedIn, store }) => {
      const ada = await signedIn();
      store.operations.length = 0;
      await ada.do("pop:notice", "pop:warning");
      assert.deepEqual(store.operations, ["find"]);
    }),

  "a visitor gets messages too where there are keys, also after a sign-out": (set) =>
    set(async ({ signedIn, browser }) => {
      const visitor = browser();
      await visitor.do("flash:notice");
      assert.deepEqual((await visitor.do("pop:notice")).json.results, ["The notice"]);
      assert.equal(visitor.cookie, undefined);
      const ada = await signedIn();
      await ada.do("logout", "flash:goodbye");
      assert.deepEqual((await ada.do("pop:goodbye", "pop:goodbye")).json.results, ["The goodbye", null]);
    }, withKeys),

  "a visitor's message goes along into the session": (set) =>
    set(async ({ browser }) => {
      const visitor = browser();
      await visitor.do("flash:notice");
      await visitor.do("login:ada");
      assert.match(visitor.cookie!, /^__Host-session=[^;]*$/);
      assert.deepEqual((await visitor.do("pop:notice", "pop:notice")).json.results, ["The notice", null]);
    }, withKeys),

  "names that objects have by themselves are names like any other": (set) =>
    set(async ({ browser, signedIn }) => {
      for (const somebody of [browser(), await signedIn()]) {
        for (const name of ["__proto__", "constructor", "toString"]) {
          const { results } = (await somebody.do(`pop:${name}`, `flash:${name}`, `pop:${name}`)).json;
          assert.deepEqual(results, [null, null, `The ${name}`]);
        }
      }
    }, withKeys),

  "a visitor without keys is told that there is no session": (set) =>
    set(async ({ browser }) => {
      const visitor = browser();
      assertNotSignedIn(await visitor.do("flash:notice"));
      assert.deepEqual((await visitor.do("pop:notice")).json.results, [null]);
    }),
};
