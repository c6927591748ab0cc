/**
 * The browser as a platform: IndexedDB, Web Locks, BroadcastChannel, the page's lifecycle and its storages.
 *
 * @module `@3dimli/session/browser`
 */
import { webKeys } from '../keys.ts'
import type { Platform, Ports } from '../ports.ts'
import { pageChannel } from './channel.ts'
import { systemClock } from '../clock.ts'
import { pageCover } from './cover.ts'
import { pageEraser } from './eraser.ts'
import { webLock } from './lock.ts'
import { pageFlags, pageFlows } from './notes.ts'
import { recordStore } from './store.ts'
import { pageWake } from './wake.ts'

/** Options of `browser()`. */
export interface BrowserOptions {
  /** Names this application's session on this origin: letters, digits, `-` and `_`. Two names are two independent sessions. */
  readonly name: string
}

/**
 * Makes the platform of a page, a worker's included. Importing and calling it touches nothing; `session.start()` does.
 *
 * Throws a `TypeError` when `name` is missing or has other characters.
 *
 * @example
 * ```ts
 * import { browser } from '@3dimli/session/browser'
 * const platform = browser({ name: 'storefront' })
 * ```
 */
export function browser(options: BrowserOptions): Platform {
  const name = options?.name
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) throw new TypeError('"name" must be 1 to 64 letters, digits, "-" or "_"')
  for (const option of Object.keys(options)) if (option !== 'name') throw new TypeError(`"${option}" is not an option of browser()`)
  return { name, open: () => openPage(`3dimli.${name}`) }
}

function openPage(scope: string): Ports {
  const missing = new Set<string>()
  const lack = (what: string): void => void missing.add(what)
  const clock = systemClock()
  return {
    clock,
    store: recordStore(scope, clock, lack),
    lock: webLock(lack),
    channel: pageChannel(scope, lack),
    wake: pageWake(clock),
    eraser: pageEraser(),
    flags: pageFlags(scope, lack),
    flows: pageFlows(scope),
    cover: pageCover(),
    keys: webKeys,
    address: {
      current: () => ('location' in globalThis ? new URL(globalThis.location.href) : undefined),
      replace: (url) => globalThis.history?.replaceState(globalThis.history.state, '', url),
      go: (url) => globalThis.location.assign(url),
    },
    // Bound late, so that what the page puts around fetch is used and can be taken off again.
    fetch: (request, signal) => globalThis.fetch(request, signal && { signal }),
    random: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
    degraded: () => [...missing],
  }
}
