/** Where revocations come from besides the application itself: logout tokens of an OpenID provider, and security event tokens. @module */
export { createBackChannelLogout } from './back-channel-logout.ts'
export type { Received, ReceiverOptions } from './options.ts'
export { pollSecurityEvents, type SecurityEventPollOptions } from './poll.ts'
export { createSecurityEventPush, type SecurityEventPushOptions } from './push.ts'
export type { SecurityEventOptions } from './security-event-token.ts'
export { memorySeenTokens, type MemorySeenTokensOptions, type SeenTokens } from './seen.ts'
export type { ComplexSubject, SimpleSubject, Subject } from './subject.ts'
