/** What the oracle knows for sure, from the sign-ins, the server and the record alone. */
import type { Row } from '../../src/row.ts'
import type { Login } from './server.ts'

/** One stretch of being signed in. */
export interface Stretch {
  readonly epochId: string
  readonly login: Login
  readonly beganAt: number
  readonly contentId: string
  readonly key: unknown
  /** When the record showed its end. */
  endedAt?: number
  endCause?: string
}

export interface Ledger {
  /** By epoch id, in the order of their beginning. */
  readonly stretches: Map<string, Stretch>
  /** Epochs the person signed out of. */
  readonly signedOut: Set<string>
  /** Contexts whose person signed out without seeing who was signed in. */
  blindSignOuts: number
  /** Sign-ins that were handed to the SDK. */
  readonly handedOver: Set<Login>
  /** How often the record was lost, or replaced by that of another version. */
  recordLost: number
  /** Refresh tokens that reached a context after their session was over there. */
  readonly late: { readonly token: string; readonly tab: number }[]
  /** When the wall clock was last moved. */
  wallMovedAt: number
  /** When the storage last failed. */
  storageFailedAt: number
  row(): Row | undefined
}

export function createLedger(stored: () => unknown): Ledger {
  return {
    stretches: new Map(), signedOut: new Set(), blindSignOuts: 0, handedOver: new Set(), recordLost: 0, late: [], wallMovedAt: -1, storageFailedAt: -1,
    row() {
      const row = stored() as Partial<Row> | undefined
      return row?.epoch ? (row as Row) : undefined
    },
  }
}
