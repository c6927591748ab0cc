/** The application without a face: whose record it opens, and what it makes of answers. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { newFolder } from '../../../packages/session-desktop/test/folders.ts'
import { createApplication, nameFor } from './application.ts'
import { exitCode } from './exit-code.ts'
import { exitCodeOf } from './failures.ts'
import { explain } from './say/words.ts'

it('P6 sessions of two servers never share a record, however alike their addresses are', () => {
  const long = 'shop.'.repeat(12)
  const servers = [
    'https://a.example', 'https://a-example', 'http://localhost:4401', 'http://localhost-4401', 'https://a.example/one', 'https://a.example/two', `https://${long}one.example`, `https://${long}two.example`,
    'http://127.0.0.1:1', 'https://127.0.0.1:1', 'https://demo',
  ]
  const given = [undefined, 'second', 'n'.repeat(64)]
  const names = given.flatMap((name) => ['http://localhost:4400', ...servers].map((server) => nameFor(server, 'http://localhost:4400', name)))
  for (const name of names) expect(name).toMatch(/^[\w-]{1,64}$/)
  expect(new Set([...names, 'uploader-demo']).size).toBe(given.length * (servers.length + 1) + 1)
})

it.for([
  ['the page of a portal', '\u001B[2Jcanary'],
  ['no list', '{"canary":1}'],
  ['a list of something else', '[null,{"name":"canary"}]'],
] as const)('P4 P8 a marketplace that answers with %s cannot be reached, and nothing of its answer is told', async ([, body]) => {
  const server = createServer((_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(body))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const app = createApplication({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, name: 'portal', data: newFolder() })
  onTestFinished(() => {
    app.close()
    server.closeAllConnections()
    server.close()
  })
  await app.session.start()
  await app.session.adopt({ accessToken: 'access', refreshToken: 'refresh', expiresAt: Date.now() + 3_600_000, subject: 'sela' })
  const error = await app.assets().then(() => undefined, (reason: unknown) => reason)
  expect([explain(error), exitCodeOf(error)]).toEqual(['The server cannot be reached.', exitCode.unreachable])
})
