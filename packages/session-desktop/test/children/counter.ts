/** Counts in the record: adds one, as often as it is told, and says each time that it is done. */
import { desktop } from '../../src/index.ts'
import type { Row } from '@3dimli/session/platform'
import { secretsIn } from '../secrets.ts'

const { directory, secret, times } = JSON.parse(process.argv[2] ?? '') as { directory: string; secret: string; times: number }
const { store } = desktop({ name: 'counter', directory, secrets: secretsIn(secret) }).open()
const empty: Row = { v: 1, epoch: { n: 0, id: 'e' }, generation: 0, seenAt: 0, journals: [], outbox: [], vault: [] }

console.log('ready')
for (let time = 0; time < times;) {
  const failure = await store.change((stored) => ({ ...((stored as Row | undefined) ?? empty), generation: ((stored as Row | undefined)?.generation ?? 0) + 1 }), 'strict')
    .then(() => undefined, (error: unknown) => error)
  // A lock that was not to be had in time: nothing was written, and the core would try again too.
  if (failure && (failure as DOMException).name !== 'TimeoutError') throw failure
  if (failure) continue
  time += 1
  console.log(`counted ${time}`)
}
console.log('done')
