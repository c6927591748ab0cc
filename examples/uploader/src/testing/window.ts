/** A window without a browser: what the page does over HTTP. */
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { View, Wish } from '../window/view.ts'

/** An open window. */
export interface OpenWindow {
  /** Resolves with the first view that fits, from where the last look ended. */
  until(fits: (view: View) => boolean): Promise<View>
  ask(wish: Wish): Promise<void>
}

/** Opens it with the address that works once. */
export async function enter(address: string): Promise<OpenWindow> {
  const first = await fetch(address, { redirect: 'manual' })
  const place = new URL(first.headers.get('location') ?? '', address)
  const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const leave = new AbortController()
  const { body } = await fetch(new URL('events', place), { headers: { cookie }, signal: leave.signal })
  const lines = createInterface({ input: Readable.fromWeb(body as never).on('error', () => undefined) })[Symbol.asyncIterator]()
  onTestFinished(() => leave.abort())
  let last: View | undefined
  return {
    async until(fits) {
      for (;;) {
        if (last && fits(last)) return last
        const { done, value } = await lines.next()
        if (done) throw new Error(`The window was closed, and showed last: ${JSON.stringify(last)}`)
        if (value.startsWith('data:')) last = JSON.parse(value.slice(5)) as View
      }
    },
    async ask(wish) {
      const answer = await fetch(new URL('wishes', place), { method: 'POST', headers: { cookie, origin: place.origin, 'content-type': 'application/json' }, body: JSON.stringify(wish) })
      if (!answer.ok) throw new Error(`It was refused: ${answer.status}`)
    },
  }
}
