/** Content keys without WebCrypto: objects with a name, made in a turn of the schedule. */
import type { Schedule } from './schedule.ts'

/** Stands for a `CryptoKey`; only its identity matters. */
export class ModelKey {
  readonly type = 'secret'
  readonly extractable = false
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

let current: { readonly schedule: Schedule; made: number } | undefined
let installed = false

/** Makes keys come from this run's schedule. */
export function useKeysOf(schedule: Schedule | undefined): void {
  current = schedule && { schedule, made: 0 }
  if (installed) return
  installed = true
  const subtle = Object.getPrototypeOf(crypto.subtle) as SubtleCrypto
  const real = subtle.importKey
  Object.assign(subtle, {
    importKey(this: SubtleCrypto, ...given: Parameters<SubtleCrypto['importKey']>): Promise<CryptoKey> {
      if (!current) return real.apply(this, given)
      const name = `KEY~${(current.made += 1)}`
      return current.schedule.later(undefined, `imports ${name}`, () => new ModelKey(name) as unknown as CryptoKey, current.schedule.delay(10))
    },
  })
}
