import { MemorySessionStore } from "../../src/stores/memory.ts";
import { describeSessionModel } from "../../src/testing/model-suite.ts";

describeSessionModel("MemorySessionStore", { open: () => new MemorySessionStore() });
