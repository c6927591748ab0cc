/**
 * The session of a device: sign-in, tokens, requests, ends and what they erase.
 *
 * @module `@3dimli/session`
 */
export { createSession } from './session.ts'
export type { Diagnostics, Session, SignedOut, Started } from './shape.ts'
export type { AdoptedTokens } from './adopt.ts'
export type { SessionOptions } from './options.ts'
export type { LeaseKind } from './feature.ts'
export type { SessionInfo, SessionState } from './state.ts'
export type { Disposition, EndCause, EndInitiator, EndReason, PurgeReport, SessionEnd, Target, TargetReport } from './end.ts'
export { SessionError, isSessionError } from './errors.ts'
export type { FenceReason, SessionErrorCode, SessionErrorDetails } from './errors.ts'
export type { Narrow, NarrowOptions } from './narrow.ts'
export type { DevicePrompt, SignInOptions } from './authority.ts'
export type { StepUpChallenge } from './request.ts'
export type { Confirmation } from './revocation.ts'
export type { Detection } from './detection.ts'
export type { Duration, LeaseBound, LeaseOptions } from './lease.ts'
export type { TraceEntry, TraceEvent } from './trace.ts'
export type { Verdict } from './verdict.ts'
