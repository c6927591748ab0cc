/** Each record of a kept file is asked for when it is handed out. */
import { expect, it } from 'vitest'
import { turns } from '../../test/scene.ts'
import { permitted } from './permitted.ts'

type Bytes = Uint8Array<ArrayBuffer>

const records = (): ReadableStream<Bytes> => new ReadableStream({
  start(controller) {
    for (const byte of [1, 2, 3]) controller.enqueue(Uint8Array.of(byte))
    controller.close()
  },
})

it('P1 P2 a record is asked for before it is handed out, and what is refused is not', async () => {
  const over = new Error('over')
  let asked = 0
  const reader = records().pipeThrough(permitted(async () => {
    asked += 1
    if (asked === 3) throw over
  })).getReader()
  expect([(await reader.read()).value, (await reader.read()).value]).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
  await expect(reader.read()).rejects.toBe(over)
  expect(asked).toBe(3)
})

it('P1 a record that lay ready before the refusal is not handed out after it', async () => {
  let allowed = true
  const reader = records().pipeThrough(permitted(async () => {
    if (!allowed) throw new Error('over')
  })).getReader()
  await reader.read()
  await turns()
  allowed = false
  await expect(reader.read()).rejects.toThrow('over')
})
