/** Server-side sessions: the manager, its rules and its port. Stores and adapters have subpaths of their own. */

export { type Audit, type AuditOptions, startAudit } from "./audit/audit.ts";
export {
  type AuditDetails,
  type AuditPage,
  type AuditQuery,
  type AuditRecord,
  parseCursor,
} from "./audit/audit-record.ts";
export type {
  AuditChainPart,
  AuditPruneStep,
  AuditSeal,
  AuditStore,
  SealedRecord,
  SealStep,
} from "./audit/audit-store.ts";
export {
  type AuditBreak,
  type AuditVerification,
  sealAfter,
  type VerifyAuditOptions,
  verifyAudit,
} from "./audit/chain.ts";
export { type AuditContext, correlated } from "./audit/correlation.ts";
export type { AuditFact } from "./audit/fact.ts";
export { type AuditSink, AuditTrail, type AuditTrailOptions } from "./audit/trail.ts";
export { type AuditUpkeepOptions, pruneAudit, sealAudit, startAuditUpkeep } from "./audit/upkeep.ts";
export type { ChangeListener, ChangeWatch } from "./core/change-watch.ts";
export type { DataOptions, StandardSchema } from "./core/data.ts";
export type { Devices } from "./core/devices.ts";
export { parseDirectoryCursor } from "./core/directory-page.ts";
export {
  type AnyCoatcheckError,
  DataConflictError,
  InvalidDataError,
  NotSignedInError,
  SessionEndedError,
  SignInRefusedError,
  StoreUnavailableError,
  ThrottledError,
} from "./core/errors.ts";
export type { SessionEvent, SessionObserver, Warn } from "./core/events.ts";
export type { Finding } from "./core/finding.ts";
export type { ClientInfo, FingerprintSignals } from "./core/fingerprint.ts";
export type {
  FingerprintComparison,
  FingerprintPolicy,
  FingerprintReaction,
  FingerprintRule,
} from "./core/fingerprint-policy.ts";
export { type Accepted, judge, type Refused, type Rejection, type Verdict } from "./core/judge.ts";
export { SessionManager, type SessionManagerOptions } from "./core/manager.ts";
export { type AssuranceLevel, definePolicy, type PolicyOptions, type SessionPolicy } from "./core/policy.ts";
export type {
  RememberChange,
  RememberPruneStep,
  RememberRecord,
  RememberStore,
} from "./core/remember-store.ts";
export type { DormantBrowser, RememberTicket } from "./core/remembered.ts";
export type { Session } from "./core/session.ts";
export type {
  ListedSession,
  ProjectedDirectory,
  ProjectionPruneStep,
  SessionDirectory,
  SessionPage,
  SessionQuery,
  SessionSort,
  TimeSpan,
} from "./core/session-directory.ts";
export type { CarriedOver, CreatedSession, SignIn, SignInRequest } from "./core/sign-in.ts";
export {
  type CountStep,
  type DataChange,
  dataText,
  type Ended,
  type EndedSession,
  type EndReason,
  type InsertResult,
  isEnded,
  mergeData,
  type PendingRenewal,
  type PruneStep,
  type SessionChange,
  type SessionLimit,
  type SessionRecord,
  type SessionStore,
  type StoreCompanions,
  type SupersededSecret,
  tombstone,
  tombstoneLifetime,
  type UpdateCondition,
} from "./core/store.ts";
export type { Readiness } from "./core/store-clock.ts";
export type {
  AttemptAnswer,
  ThrottleCounter,
  ThrottlePruneStep,
  ThrottleRule,
  ThrottleStore,
} from "./core/throttle-store.ts";
export { parseSessionId, type SessionId, SessionToken } from "./core/token.ts";
export { startUpkeep, type UpkeepOptions } from "./core/upkeep.ts";
export type { RefusedToken, TokenRequest, Validation, ValidSession } from "./core/validation.ts";
export { doctor, type Examination, isHealthy } from "./doctor/doctor.ts";
export { type AddedHeaders, addHeaders, type HeaderFields } from "./http/added-headers.ts";
export type { AuthRequest } from "./http/auth-request.ts";
export {
  type AuthOptions,
  type AuthSettings,
  type RememberOptions,
  resolveAuth,
} from "./http/auth-settings.ts";
export { networkOf, type RequestSource } from "./http/client.ts";
export type { CookieOptions } from "./http/cookie.ts";
export {
  applyGuard,
  csrfTokenPresent,
  type Guard,
  type Guarded,
  recentAuth,
  sessionWhere,
} from "./http/guard.ts";
export { generateKey, KeyRing } from "./http/key-ring.ts";
export { type ClosableSocket, closeWithSession } from "./http/live-socket.ts";
export { type Problem, problemHeaders, problemOf, problemResponse } from "./http/problem.ts";
export { RequestAuth } from "./http/request-auth.ts";
export { judgeRemember, type RememberVerdict } from "./remember/judge-remember.ts";
export { openAccount } from "./throttle/open-account.ts";
export { judgeAttempt } from "./throttle/rule.ts";
export type { ThrottleOptions } from "./throttle/rules.ts";
