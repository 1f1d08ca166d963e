import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Databases, startDatabases } from "./databases.ts";
import { roundTripsOfValidation, tap } from "./round-trips.ts";
import type { Place } from "./stores.ts";

let databases: Databases;
before(async () => {
  databases = await startDatabases();
});
after(() => databases[Symbol.asyncDispose]());

const place = (name: string): Place => ({ name, folder: "", databases: databases.addresses });

for (const name of ["redis", "postgres"] as const) {
  test(`a validation is one round trip on ${name}`, async () => {
    assert.equal(await roundTripsOfValidation(name, place(`validations_on_${name}`)), 1);
  });
}

test("more round trips are counted as more", async () => {
  await using tapped = await tap("postgres", place("sign_ins"));
  await tapped.sessions.create("ada");
  assert.equal(await tapped.count(() => tapped.sessions.create("ada")), 3);
});
