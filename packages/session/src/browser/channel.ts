/** The channel between tabs, over the broadcast-channel package: native where it is, through localStorage where it is not. */
import { BroadcastChannel as Broadcast, type BroadcastMethod } from 'broadcast-channel'
import type { Channel } from '../ports.ts'

/**
 * The native channel as a method of the package. The package's own one stamps messages with the wall clock and drops those older than the
 * listener: after the clock went back, older pages would not hear newer ones. And a post that is refused would be an unhandled rejection.
 */
const native: BroadcastMethod<BroadcastChannel> = {
  type: 'native',
  microSeconds: () => 0,
  canBeUsed: () => true,
  averageResponseTime: () => 0,
  create: (name) => new globalThis.BroadcastChannel(name),
  close: (channel) => channel.close(),
  onMessage(channel, hear) {
    channel.onmessage = ({ data }) => hear(data)
    // Node's channel keeps the process alive while somebody listens.
    ;(channel as { unref?: () => void }).unref?.()
  },
  async postMessage(channel, message) {
    try {
      channel.postMessage(message)
    } catch {
      // Closed by the browser, or a page that is going away: the message was only a hint.
    }
  },
}

/** Makes the channel of a page. It is closed while the page is cached: a message to a cached page evicts it (seen in Chromium 156). */
export function pageChannel(scope: string, lack: (what: string) => void): Channel {
  let current: Broadcast<unknown> | undefined

  const make = (): Broadcast<unknown> | undefined => {
    try {
      return new Broadcast<unknown>(scope, { methods: native as unknown as BroadcastMethod })
    } catch {
      lack('BroadcastChannel is missing: tabs tell each other through localStorage')
    }
    try {
      return new Broadcast<unknown>(scope, { type: 'localstorage', webWorkerSupport: false })
    } catch {
      lack('tabs cannot tell each other anything')
      return undefined
    }
  }

  return {
    open(listener) {
      if (current) return
      current = make()
      if (current) current.onmessage = (message) => listener(message)
    },
    post(message) {
      current?.postMessage(message).catch(() => undefined)
    },
    close() {
      const closing = current
      current = undefined
      closing?.close().catch(() => undefined)
    },
  }
}
