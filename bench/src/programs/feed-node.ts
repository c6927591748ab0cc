// The server of the figure about feeds: ours over the store in memory, or the floor, which writes the same bytes on bare node:http. A line publishes; the answer is when.
import { createServer, type ServerResponse } from 'node:http'
import { createInterface } from 'node:readline'
import { createSessionServer, memoryStore } from '../../../packages/session-server/src/index.ts'

const way = process.argv[2]
const issuer = 'https://id.example'
const now = (): number => performance.timeOrigin + performance.now()

/** Ours: every feed is of one session, and a publication is a change of it. */
async function ours(): Promise<{ answer: (response: ServerResponse) => Promise<void>; publish: (serial: number) => Promise<void> }> {
  const server = createSessionServer({ issuer, store: memoryStore(), authenticate: async () => ({ sid: 's1', subject: 'u1' }), heartbeatMs: 2 ** 30, feedsPerSession: 100_000 })
  await server.begin({ sid: 's1', subject: 'u1', client: 'Storefront' })
  return {
    async answer(response) {
      const { status, headers, body } = (await server.handle(new Request(`${issuer}/session/events`)))!
      response.writeHead(status, Object.fromEntries(headers))
      for await (const chunk of body!) response.write(chunk)
      response.end()
    },
    publish: (serial) => (serial % 2 === 1 ? server.suspend('s1') : server.resume('s1')),
  }
}

/** The floor: a set of responses and one string. */
function floor(): { answer: (response: ServerResponse) => Promise<void>; publish: (serial: number) => Promise<void> } {
  const open = new Set<ServerResponse>()
  const tell = (id: number): string => `event: session\nid: ${id}\ndata: ${JSON.stringify({ active: false, type: `${issuer}/problems/account-suspended`, sid: 's1', initiating_entity: 'admin', event_timestamp: 1_700_000_000, reason: 'account-suspended' })}\n\n`
  return {
    async answer(response) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform' })
      response.write('retry: 3000\n\n')
      response.write(tell(1))
      open.add(response)
      response.on('close', () => open.delete(response))
    },
    async publish(serial) {
      const text = tell(serial + 1)
      for (const response of open) response.write(text)
    },
  }
}

const { answer, publish } = way === 'ours' ? await ours() : floor()
const server = createServer((_, response) => void answer(response).catch(() => response.destroy()))
const memory = (): number => {
  for (let round = 0; round < 3; round++) (globalThis as { gc?: () => void }).gc?.()
  return process.memoryUsage.rss()
}
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'memory') {
    const { user, system } = process.cpuUsage()
    console.log(JSON.stringify({ bytes: memory(), cpuMs: (user + system) / 1000 }))
    return
  }
  const at = now()
  publish(Number(line)).then(() => console.log(JSON.stringify({ at })), (error: unknown) => console.log(JSON.stringify({ failed: String(error) })))
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as { port: number }).port })))
