/** What the token endpoint is sent for one job, and how its answer is read. */
import { expect, it } from 'vitest'
import { createSession } from '../../index.ts'
import { createDevice } from '../../testing/index.ts'
import { outcome } from '../../../test/scene.ts'
import { oauth } from './index.ts'

const issuer = 'https://id.test'
const api = 'https://api.test'
const metadata = { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, idempotency_supported: true }

/** A session over a token endpoint that answers with these members beside the tokens. */
async function served(more: Record<string, unknown>) {
  const device = createDevice()
  const context = device.context()
  const forms: URLSearchParams[] = []
  const keys: (string | null)[] = []
  const sent: (string | null)[] = []
  context.fetch = async (request) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/x') sent.push(request.headers.get('authorization'))
    if (pathname !== '/token') return pathname.startsWith('/.well-known') ? Response.json(metadata) : new Response('')
    forms.push(new URLSearchParams(await request.text()))
    keys.push(request.headers.get('idempotency-key'))
    return Response.json({ access_token: `at.${forms.length}`, token_type: 'Bearer', expires_in: 300, refresh_token: `rt.${forms.length}`, ...more })
  }
  const session = createSession({ authority: oauth({ issuer, clientId: 'shop', redirectUri: 'https://shop.test/' }), platform: context.platform, origins: [api] })
  await session.start()
  await session.adopt({ accessToken: 'at-own', refreshToken: 'rt-own', expiresAt: device.clock.now() + 300_000, refreshExpiresAt: device.clock.now() + 900_000, scope: 'library uploads:write', subject: 'mira' })
  return { device, session, forms, keys, sent }
}

it('the scope and each resource are sent, under a key, with the refresh token that the last answer brought', async () => {
  const { device, session, forms, keys, sent } = await served({})
  const resource = ['https://files.test', 'https://api.test/v1']
  expect(await outcome(session.narrow({ scope: 'uploads:write', resource }).fetch(`${api}/x`))).toBe(200)
  expect(await outcome(session.narrow({ resource: 'https://files.test' }).fetch(`${api}/x`))).toBe(200)
  expect(forms.map((form) => [form.get('grant_type'), form.get('refresh_token'), form.getAll('scope'), form.getAll('resource')])).toEqual([
    ['refresh_token', 'rt-own', ['uploads:write'], ['https://api.test/v1', 'https://files.test']], ['refresh_token', 'rt.1', [], ['https://files.test']],
  ])
  expect(new Set(keys).size).toBe(2)
  expect(sent).toEqual(['Bearer at.1', 'Bearer at.2'])
  const { tokens } = device.row()!.live!
  // Nothing was said of how long the new one lives.
  expect(tokens).not.toHaveProperty('refreshExpiresAt')
  expect(tokens).toMatchObject({ accessToken: 'at-own', scope: 'library uploads:write', refreshToken: 'rt.2' })
})

it.each([
  [{}, 200], [{ scope: null }, 200], [{ scope: 'uploads:write' }, 200], [{ scope: 'library uploads:write' }, 'misconfigured'],
])('an answer with %j comes to %s: a scope that is not named is the one that was asked for', async (more, came) => {
  const { session } = await served(more)
  expect(await outcome(session.narrow({ scope: 'uploads:write' }).fetch(`${api}/x`))).toBe(came)
})

it('P4 a server that does not rotate keeps its refresh token, and what is known of its life', async () => {
  const { device, session } = await served({ refresh_token: undefined, scope: 'uploads:write' })
  const { tokens } = device.row()!.live!
  expect(await outcome(session.narrow({ scope: 'uploads:write' }).fetch(`${api}/x`))).toBe(200)
  expect(device.row()!.live!.tokens).toEqual(tokens)
})
