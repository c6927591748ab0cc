/** The application without a face: whose record it opens, and what it makes of answers. */
import { expect, it } from 'vitest'
import { nameFor } from './application.ts'

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
