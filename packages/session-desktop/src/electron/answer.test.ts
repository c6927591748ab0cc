/** What becomes of a body that comes at the very moment at which nobody wants it any more. */
import { expect, it, vi } from 'vitest'
import type { FeatureAccess } from '@3dimli/session/platform'
import { answerFetch } from './answer.ts'
import { readPasses } from './headers.ts'
import type { Answer } from './messages.ts'
import { eventually } from '../../test/eventually.ts'

it('P1 a piece that had come when the call was given up is not told, and the rest of the body is let go of', async () => {
  const cancelled = vi.fn<() => void>()
  let body!: ReadableStreamDefaultController<Uint8Array>
  // A body that follows no signal, as one may that a platform makes by itself.
  const answer = new Response(new ReadableStream<Uint8Array>({ start: (controller) => void (body = controller), cancel: cancelled }))
  const access = { capture: async () => ({ epochId: 'one', signal: new AbortController().signal }), fetch: async () => answer } as Partial<FeatureAccess> as FeatureAccess
  const told: Answer[] = []
  const call = answerFetch(access, { type: 'fetch', id: 1, url: 'https://api.test/', method: 'GET', headers: [] }, readPasses(), (what) => told.push(what), () => undefined)
  await eventually(() => expect(told).toHaveLength(1))
  expect(call.pull()).toBe(true)
  body.enqueue(new Uint8Array(3))
  call.stop()
  await eventually(() => expect(cancelled).toHaveBeenCalledTimes(1))
  // The piece was read before that; whoever waited for it has run by the next turn.
  await new Promise(setImmediate)
  expect(told.map(({ type }) => type)).toEqual(['head'])
})
