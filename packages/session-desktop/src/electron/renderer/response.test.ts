/** Answers of a server of which no `Response` can be made as they are. */
import { createServer, type AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { active, application } from '../../../test/windows.ts'
import { limits } from '../messages.ts'

/** A server that says its first line as it likes. */
async function saying(line: string): Promise<string> {
  const server = createServer((socket) => void socket.on('error', () => undefined).on('data', () => socket.end(Buffer.from(`HTTP/1.1 ${line}\r\ncontent-length: 2\r\n\r\nok`))))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

it.for([['200 Grüße 🏠', 200], ['600 Beyond', 'TypeError'], ['999 Odd', 'TypeError']] as const)('an answer "%s" is settled as %s, and leaves room for the calls after it', async ([line, outcome]) => {
  const origin = await saying(line)
  const window = (await application([origin])).open()
  await active(window)
  const fetched = (): Promise<unknown> => window.session.fetch(`${origin}/x`).then(({ status }) => status, (error: unknown) => (error as Error).name)
  expect(new Set(await Promise.all(Array.from({ length: limits.calls + 1 }, fetched)))).toEqual(new Set([outcome]))
})
