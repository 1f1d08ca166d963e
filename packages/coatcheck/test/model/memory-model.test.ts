import { MemorySessionStore } from "../../src/stores/memory.ts";
import { describeSessionModel } from "../../src/testing/model-suite.ts";

describeSessionModel("memory", {
  open: () => {
    const store = new MemorySessionStore();
    return { connect: () => store, close: () => {} };
  },
});
