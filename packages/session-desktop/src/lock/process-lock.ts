/** Locks between the processes of a device, with a queue inside each of them. */
import { queueLock, type Lock } from '@3dimli/session/platform'
import type { Take } from './file-lock.ts'

/** Makes the lock of a process: of its own contexts only one at a time asks the file system. */
export function processLock(take: Take): Lock {
  const here = queueLock()
  return {
    hold: (name, signal, work) =>
      here.hold(name, signal, async () => {
        const held = await take(name, signal)
        try {
          return await work()
        } finally {
          await held.release()
        }
      }),
  }
}
