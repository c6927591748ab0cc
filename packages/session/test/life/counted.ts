/** Ports that count what is open: whoever stops must have given everything back. */
import type { Ports } from '../../src/ports.ts'

/** What is open now, over all contexts that were counted. */
export interface Open {
  /** Timers that wait. */
  timers: number
  channels: number
  /** Locks that are held or waited for. */
  locks: number
  /** Listeners to the page's life. */
  listeners: number
}

/** Everything given back. */
export const none: Open = { timers: 0, channels: 0, locks: 0, listeners: 0 }

/** Counts what a context opens through its ports. */
export function counted(ports: Ports, open: Open): Ports {
  let channel = false
  return {
    ...ports,
    clock: {
      ...ports.clock,
      timer(ms, run) {
        let waits = true
        const over = (): void => {
          if (waits) open.timers -= 1
          waits = false
        }
        open.timers += 1
        const cancel = ports.clock.timer(ms, () => {
          over()
          run()
        })
        return () => {
          over()
          cancel()
        }
      },
    },
    channel: {
      ...ports.channel,
      open(listener) {
        if (!channel) open.channels += 1
        channel = true
        ports.channel.open(listener)
      },
      close() {
        if (channel) open.channels -= 1
        channel = false
        ports.channel.close()
      },
    },
    lock: {
      async hold(name, signal, work) {
        open.locks += 1
        try {
          return await ports.lock.hold(name, signal, work)
        } finally {
          open.locks -= 1
        }
      },
    },
    wake: {
      ...ports.wake,
      listen(listener) {
        const leave = ports.wake.listen(listener)
        open.listeners += 1
        return () => {
          open.listeners -= 1
          leave()
        }
      },
    },
  }
}
