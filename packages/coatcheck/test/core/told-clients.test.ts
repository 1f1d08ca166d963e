import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SessionToken } from "../../src/core/token.ts";
import { ToldClients } from "../../src/core/told-clients.ts";

describe("the memory of what was told", () => {
  it("is bounded: of very many sessions the longest known are forgotten", () => {
    const told = new ToldClients();
    const [first, ...others] = Array.from({ length: 10_001 }, () => SessionToken.generate("ada").id);
    assert.equal(told.isNews(first!, "a"), true);
    assert.equal(told.isNews(first!, "a"), false);
    for (const id of others) told.isNews(id, "a");
    assert.equal(told.isNews(others.at(-1)!, "a"), false);
    assert.equal(told.isNews(first!, "a"), true);
  });
});
