import { MemorySessionStore } from "../../src/stores/memory.ts";
import { describeSessionStore } from "../../src/testing/store-suite.ts";

describeSessionStore("memory", {
  open: () => {
    const store = new MemorySessionStore();
    return { connect: () => store, close: () => {} };
  },
});
