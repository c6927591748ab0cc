/** The channel between the processes of a device: each listens on a socket in the data folder, and whoever posts writes to all of them. */
import type { Channel } from '@3dimli/session/platform'
import { openStation, type Station } from './station.ts'

/** Makes the channel of a process. Messages are hints: one that does not arrive costs time, not safety. */
export function processChannel(input: { readonly folder: string; readonly id: () => string; readonly lack: (what: string) => void }): Channel {
  let current: Promise<Station | undefined> | undefined
  /** What is posted goes out in that order, and before the channel is closed. */
  let last: Promise<unknown> = Promise.resolve()

  return {
    open(listener) {
      if (current) return
      const own = openStation(input.folder, input.id(), (text) => {
        if (current === own) listener(parsed(text))
      }).catch(() => {
        input.lack('processes cannot tell each other anything')
        return undefined
      })
      current = own
    },
    post(message) {
      const own = current
      if (!own) return
      const text = JSON.stringify(message)
      last = last.then(async () => (await own)?.post(text)).catch(() => undefined)
    },
    close() {
      const own = current
      current = undefined
      last = last.then(async () => (await own)?.close()).catch(() => undefined)
    },
  }
}

/** What is no JSON is no message of ours; the core counts it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
