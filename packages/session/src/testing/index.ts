/**
 * A device without a browser: in-memory ports that several contexts share, a clock to move, and a scriptable authority.
 *
 * @module `@3dimli/session/testing`
 */
export { createDevice } from './device.ts'
export type { Device, DeviceContext } from './device.ts'
export { manualClock } from './clock.ts'
export type { ManualClock } from './clock.ts'
export { scriptedAuthority } from './authority.ts'
export type { ScriptedAuthority, ScriptedRefresh } from './authority.ts'
