/** What the PostgreSQL store does without a server. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Pool } from "pg";
import { escaped, toRow } from "../../src/stores/postgres/row.ts";
import { schemaVersion } from "../../src/stores/postgres/schema.ts";
import { PostgresSessionStore, postgresMigration } from "../../src/stores/postgres.ts";
import { fullRecord, sessionRecord } from "../../src/testing/record.ts";
import { readRow } from "./postgres-row.ts";

describe("A PostgreSQL store", () => {
  test("refuses what is no pool", () => {
    for (const pool of [undefined, null, "postgres://localhost", {}]) {
      assert.throws(
        () => new PostgresSessionStore(pool as unknown as Pool),
        /new PostgresSessionStore\(new Pool\(\)\)/,
      );
    }
  });

  test("refuses a timeout or a schema that makes no sense", () => {
    const pool = new Pool();
    for (const timeout of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      assert.throws(() => new PostgresSessionStore(pool, { timeout }), TypeError);
    }
    for (const schema of ["", "a\0b", "x".repeat(64), "ü".repeat(32)]) {
      assert.throws(() => new PostgresSessionStore(pool, { schema }), TypeError);
      assert.throws(() => postgresMigration({ schema }), TypeError);
    }
    assert.equal(new PostgresSessionStore(pool).timeout, 2_000);
  });

  test("listens to the errors of a pool to which nobody listens, once", () => {
    const pool = new Pool();
    new PostgresSessionStore(pool);
    new PostgresSessionStore(pool);
    assert.equal(pool.listenerCount("error"), 1);
  });
});

describe("The printed migration", () => {
  test("creates the tables, in a schema if one is named", () => {
    assert.match(postgresMigration(), /^CREATE TABLE coatcheck_schema /);
    assert.match(postgresMigration({ schema: "auth" }), /^CREATE SCHEMA IF NOT EXISTS "auth";\n/);
    assert.match(postgresMigration({ schema: "auth" }), /CREATE TABLE "auth"\.coatcheck_sessions /);
  });

  test("begins at a version that there is", () => {
    assert.equal(postgresMigration({ from: schemaVersion }), "");
    for (const from of [-1, 0.5, 99, Number.NaN]) assert.throws(() => postgresMigration({ from }), TypeError);
  });
});

describe("A row", () => {
  test("gives back the record that it was made of", () => {
    for (const record of [
      sessionRecord(),
      fullRecord(),
      fullRecord({ userId: 'a\0\\"\n', data: '{"\\u0000":1}' }),
    ]) {
      assert.deepEqual(readRow(toRow(record)), record);
    }
  });

  test("holds nothing that PostgreSQL has no place for", () => {
    const odd = "\0 \ud800 \udfff\ud800 \u2028 \u{1f9e5}";
    const record = fullRecord({
      userId: odd,
      client: { userAgent: odd },
      data: JSON.stringify({ [odd]: odd }),
    });
    for (const value of toRow(record).map(String)) {
      assert.ok(value.isWellFormed() && !value.includes("\0"));
    }
  });

  test("with a damaged text is an error that shows nothing of it", () => {
    const row = toRow(fullRecord()).with(1, "ada\\ and what is hers");
    assert.throws(() => readRow(row), {
      message: "A row of the coatcheck tables is damaged: its owner cannot be read",
    });
  });

  test("keeps a text as it is where that can be", () => {
    for (const text of ["ada", "ada@example.com", "größe", "\u{1f9e5}", "it's", "50 %"])
      assert.equal(escaped(text), text);
  });
});
