/** Takes a lock again and again, and writes down when it is inside; or holds it until it is killed. */
import { appendFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { systemClock } from '@3dimli/session/platform'
import { fileLocks } from '../../src/lock/file-lock.ts'

const { folder, log, times } = JSON.parse(process.argv[2] ?? '') as { folder: string; log?: string; times: number }
const take = fileLocks({ folder, clock: systemClock(), token: () => randomBytes(16).toString('hex') })

for (let time = 0; time < times; time += 1) {
  const held = await take('shared', AbortSignal.timeout(60_000))
  if (log) appendFileSync(log, `in ${process.pid} ${time}\n`)
  console.log(`in ${time}`)
  // Some turns of the loop, so that a signal finds it at different places.
  for (let turn = randomBytes(1)[0]! % 8; turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve))
  if (log) appendFileSync(log, `out ${process.pid} ${time}\n`)
  if (times > 1) await held.release()
}
console.log('done')
if (times === 1) process.stdin.resume()
