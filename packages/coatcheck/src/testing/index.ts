/** For tests: of stores and adapters that others write, and of applications. */
export {
  type AdapterUnderTest,
  type Application,
  type ApplicationOptions,
  describeAdapter,
  type Route,
  type RouteGuard,
  type RouteRequest,
  type Serve,
  type Served,
} from "./adapter-suite.ts";
export { auditRecord, fullAuditRecord } from "./audit/record.ts";
export { type AuditBackend, type AuditStoreUnderTest, describeAuditStore } from "./audit-suite.ts";
export { type Answer, Browser, type Message, Network } from "./browser.ts";
export { type ManualClock, manualClock } from "./clock.ts";
export { describeSessionModel, type ModelUnderTest } from "./model-suite.ts";
export { beginning, fullRecord, sessionRecord } from "./record.ts";
export { fullRememberRecord, rememberRecord } from "./remember-record.ts";
export { describeRememberStore } from "./remember-suite.ts";
export { describeSessionStore, type StoreBackend, type StoreUnderTest } from "./store-suite.ts";
export { describeThrottleStore } from "./throttle-suite.ts";
