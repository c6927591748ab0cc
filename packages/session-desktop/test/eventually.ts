/** Waiting for what is not awaited. */
import { vi } from 'vitest'

/** Waits until a check passes; vitest's own second is too little on a busy machine. */
export function eventually<Value>(check: () => Value | Promise<Value>): Promise<Value> {
  return vi.waitFor(check, { timeout: 60_000, interval: 10 })
}
