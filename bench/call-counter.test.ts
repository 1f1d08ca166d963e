import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { callsOfMethods, callsOfSqlite } from "./call-counter.ts";

test("statements of SQLite are counted while they are, and those that write", async () => {
  using database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE coats (hook INTEGER)");
  const hang = database.prepare("INSERT INTO coats VALUES (?)");
  const look = database.prepare("SELECT hook FROM coats");
  const begin = database.prepare("BEGIN");
  const commit = database.prepare("COMMIT");
  const counter = callsOfSqlite();
  hang.run(1);
  await counter.start();
  begin.run();
  hang.run(2);
  commit.run();
  assert.equal(look.all().length, 2);
  look.get();
  assert.deepEqual(await counter.stop(), { all: 3, writes: 1 });
  hang.run(3);
  assert.deepEqual(await counter.stop(), { all: 3, writes: 1 });
});

test("calls of a store are counted, and it is itself again afterwards", async () => {
  class Store {
    readonly #coats = new Map([["a", 1]]);
    get(id: string) {
      return this.#coats.get(id);
    }
    set(id: string, coat: number) {
      this.#coats.set(id, coat);
    }
  }
  const store = new Store();
  const counter = callsOfMethods(store, ["get"], ["set"]);
  await counter.start();
  store.set("b", 2);
  assert.equal(store.get("b"), 2);
  assert.deepEqual(await counter.stop(), { all: 2, writes: 1 });
  assert.equal(store.get, Store.prototype.get);
});
