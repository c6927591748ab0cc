/**
 * What a platform is made of, for packages that bring the core to other surroundings; applications have no use for it.
 *
 * @module `@3dimli/session/platform`
 */
export type {
  Address, Channel, Clock, Cover, Eraser, Flags, Flows, Keys, Lock, Platform, Ports, RecordStore, SignInOutcome, Wake, WakeListener, WayBack,
} from '../ports.ts'
export type { Target } from '../end.ts'
export { feature } from '../feature.ts'
export { systemClock } from '../clock.ts'
export type { Content, Row } from '../row.ts'
export type { Captured, FeatureAccess, LeaseKind, Owner } from '../feature.ts'
export { decrypt, encrypt, streamOf } from '../aes128gcm.ts'
export { createListeners, type Listeners } from '../listeners.ts'
export { queueLock } from '../queue.ts'
export { isInside } from '../target.ts'
export { deadline, pause, within } from '../time.ts'
