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
export {
  describeProjectedDirectory,
  describeSessionDirectory,
  type SearchedSessions,
} from "./directory-suite.ts";
export { describeSessionModel, type ModelUnderTest } from "./model-suite.ts";
export {
  assertKept,
  checkHistory,
  clockJumps,
  clockWrong,
  describeRaces,
  explain,
  type Fault,
  holdRace,
  limitOf,
  ManagerNode,
  managerNode,
  NodeProcess,
  type NodeProgram,
  newSeed,
  nodeKilled,
  nodePaused,
  type Operation,
  type OperationOf,
  type PlannedFault,
  type RaceBackend,
  type RaceHistory,
  type RaceNode,
  type RaceOptions,
  type RaceSettings,
  type RacesUnderTest,
  type Rule,
  raceSettings,
  type Span,
  serveRaceNode,
  spread,
  startNodes,
  summary,
  type Terms,
  type ToldEnd,
  type Violation,
} from "./race-suite.ts";
export { beginning, fullRecord, sessionRecord } from "./record.ts";
export { fullRememberRecord, rememberRecord } from "./remember-record.ts";
export { describeRememberStore } from "./remember-suite.ts";
export { describeSessionStore, type StoreBackend, type StoreUnderTest } from "./store-suite.ts";
export { describeThrottleStore } from "./throttle-suite.ts";
