/** For tests: of stores and adapters that others write, and of applications. */
export { type ManualClock, manualClock } from "./clock.ts";
export { describeSessionModel, type ModelUnderTest } from "./model-suite.ts";
export { beginning, fullRecord, sessionRecord } from "./record.ts";
export { describeSessionStore, type StoreBackend, type StoreUnderTest } from "./store-suite.ts";
