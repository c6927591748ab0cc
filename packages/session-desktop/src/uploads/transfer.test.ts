/** What a server may say of how much it has: nothing that cannot be true of this file is believed. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { newFolder } from '../../test/folders.ts'
import { application, serving } from '../../test/windows.ts'
import { createUploads } from './index.ts'
import { openSource } from './source.ts'
import { createConnections } from './stack.ts'
import { offsetOf, transfer } from './transfer.ts'

/** Sends a file of 30 bytes in parts of 10 to a server that answers so; `asked` is what came. */
async function sending({ head = {}, part = [] }: { readonly head?: Record<string, string>; readonly part?: readonly string[] }) {
  const path = join(newFolder(), 'chair.glb')
  writeFileSync(path, Buffer.alloc(30))
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push([request.method, request.headers['upload-offset']].join(' ').trim())
    const said = request.method === 'HEAD' ? head : { 'upload-offset': part[asked.filter((one) => one.startsWith('PATCH')).length - 1] ?? part.at(-1) ?? '' }
    request.resume().on('end', () => response.writeHead(asked.length > 20 ? 500 : 204, said).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const all = createConnections()
  const source = await openSource(path)
  onTestFinished(() => {
    source.close()
    all.close()
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/uploads/1`
  const { signal } = new AbortController()
  const stack = all.stack(signal)
  const done = transfer({
    source, endpoint: url, url, metadata: {}, chunkBytes: 10, retryDelays: [], stack, authorize: async () => ({}), ask: async () => undefined,
    located: () => undefined, step: () => undefined, sent: () => undefined, signal,
  }).then(() => 'done', (error: { failure?: unknown }) => (error as { causingError?: { failure?: unknown } }).causingError?.failure ?? error.failure ?? error)
  return { outcome: await done, asked, ask: () => offsetOf(url, stack, async () => ({}), signal) }
}

const begun = { 'upload-offset': '0', 'upload-length': '30' }

it.for([
  ['has all of another length', { 'upload-offset': '20', 'upload-length': '20' }],
  ['has more than there is', { 'upload-offset': '31', 'upload-length': '30' }],
] as const)('P10 a server that says that it %s is not sent to, and no file counts as done by it', async ([, head]) => {
  const { outcome, asked } = await sending({ head })
  expect([outcome, asked]).toEqual([{ code: 'integrity', status: 204 }, ['HEAD']])
})

it.for([
  ['that no byte of it arrived', ['0'], 1],
  ['that less arrived than before', ['10', '5'], 2],
  ['that more arrived than was sent', ['25'], 1],
] as const)('P10 a part of which the server says %s is not sent for ever', async ([, part, parts]) => {
  const { outcome, asked } = await sending({ head: begun, part })
  expect([outcome, asked.length]).toEqual([{ code: 'integrity', status: 204 }, 1 + parts])
})

it.for([
  ['less than nothing', { 'upload-offset': '-10', 'upload-length': '30' }],
  ['nothing, as a portal does that answers everything', {}],
  ['no length', { 'upload-offset': '0' }],
] as const)('P10 an answer with %s is none, and may be another the next time', async ([, head]) => {
  const { outcome, asked } = await sending({ head })
  expect([outcome, asked]).toEqual([{ code: 'unreachable', status: 204 }, ['HEAD']])
})

it('P10 goes on where less than a part arrived', async () => {
  const { outcome, asked } = await sending({ head: begun, part: ['7', '17', '27', '30'] })
  expect([outcome, asked]).toEqual(['done', ['HEAD', 'PATCH 0', 'PATCH 7', 'PATCH 17', 'PATCH 27']])
})

it.for(['', '-1', '1e3', 'many'])('an upload of which the server says "%s" is one of which it does not tell', async (offset) => {
  const { ask } = await sending({ head: { 'upload-offset': offset, 'upload-length': '30' } })
  expect(await ask()).toBeUndefined()
})

it('P10 an upload of which the server has something else begins anew when it is resumed', async () => {
  const folder = newFolder()
  const path = join(folder, 'chair.glb')
  writeFileSync(path, Buffer.alloc(30))
  const made: string[] = []
  const { origin } = await serving({
    '/uploads': (_request, response) => void response.writeHead(201, { location: `/uploads/${made.push('')}` }).end(),
    '/uploads/1': (request, response) => {
      if (request.method === 'HEAD') response.writeHead(200, { 'upload-offset': '20', 'upload-length': '20' }).end()
      else request.resume().on('end', () => response.writeHead(500).end())
    },
    '/uploads/2': (request, response) => void request.resume().on('end', () => response.writeHead(204, { 'upload-offset': '30' }).end()),
  })
  const { session } = await application([origin])
  const uploads = createUploads(session, { endpoint: `${origin}/uploads`, platform: { content: join(folder, 'content') }, authorize: session.authorize, retryDelays: [] })
  onTestFinished(() => uploads.close())
  const outcome = async () => (await uploads.settled()).uploads[0]?.failure?.code
  uploads.add(path)
  expect(await outcome()).toBe('unreachable')
  uploads.resume()
  expect(await outcome()).toBe('integrity')
  uploads.resume()
  expect([await outcome(), made.length]).toEqual([undefined, 2])
})
