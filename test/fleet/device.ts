// A device as far as a fleet sees it: it holds a feed, comes back when that is cut, remembers what it was told, and is switched off and on.
import { setTimeout as pause } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import type { Front } from './fleet.ts'
import type { Wire } from './wire.ts'

/** What was told once: on which of the device's connections, under which id. */
export interface Told {
  readonly connection: number
  readonly id: string
  readonly object: { readonly active: boolean; readonly sid?: string; readonly type?: string; readonly reason?: string }
  readonly at: number
}

export interface Device {
  readonly sid: string
  readonly front: Front
  readonly told: readonly Told[]
  readonly isOn: boolean
  /** Whether a feed is open now. */
  readonly isConnected: boolean
  switchOn(): void
  switchOff(): void
}

/** A feed that says nothing for so long, not even that it is there, is given up. */
const silenceMs = 10_000

/** Makes a device that is off. `backOffMs` draws how long it waits before it comes back. */
export function createDevice(sid: string, front: Front, wire: Wire, backOffMs: () => number): Device {
  const told: Told[] = []
  let power: AbortController | undefined
  let connections = 0
  let isConnected = false
  const hasEnded = () => told.some(({ object }) => !object.active && object.type?.endsWith('/session-revoked'))

  async function listen(signal: AbortSignal): Promise<void> {
    const connection = ++connections
    const last = told.at(-1)?.id
    const headers = { authorization: `Bearer ${sid}`, ...(last === undefined ? {} : { 'last-event-id': last }) }
    const silence = new AbortController()
    const { status, body } = await wire.send(front, '/session/events', { headers, signal: AbortSignal.any([signal, silence.signal]) })
    if (status !== 200) return void body.resume()
    const parser = createParser({
      onEvent({ id = '', data, event }) {
        if (event !== 'session') return
        isConnected = true
        told.push({ connection, id, object: JSON.parse(data) as Told['object'], at: Date.now() })
      },
    })
    // To its end, also after the last word: a second one would be seen.
    const silent = setTimeout(() => silence.abort(), silenceMs)
    try {
      for await (const chunk of body.setEncoding('utf8')) {
        parser.feed(chunk as string)
        silent.refresh()
      }
    } finally {
      clearTimeout(silent)
    }
  }

  async function live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !hasEnded()) {
      await listen(signal).catch(() => undefined)
      isConnected = false
      if (!signal.aborted && !hasEnded()) await pause(backOffMs(), undefined, { signal }).catch(() => undefined)
    }
  }

  return {
    sid, front, told,
    get isOn() {
      return power !== undefined
    },
    get isConnected() {
      return isConnected
    },
    switchOn() {
      if (power) return
      power = new AbortController()
      void live(power.signal)
    },
    switchOff() {
      power?.abort()
      power = undefined
    },
  }
}
