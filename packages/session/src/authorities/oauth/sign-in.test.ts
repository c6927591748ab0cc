/** What a link, a parameter or a server's metadata may do to a sign-in: nothing that leads elsewhere. */
import { describe, expect, it } from 'vitest'
import { createSession } from '../../index.ts'
import { createDevice } from '../../testing/index.ts'
import { outcome } from '../../../test/scene.ts'
import { oauth } from './index.ts'

const issuer = 'https://id.test'
const options = { issuer, clientId: 'shop', redirectUri: 'https://shop.test/', scope: 'library' }

/** A page at `url` whose server has this metadata. */
async function page({ url = 'https://shop.test/', more = {} }: { url?: string; more?: Record<string, unknown> } = {}) {
  const context = createDevice().context()
  context.url = url
  context.fetch = async (request) => {
    if (request.url.endsWith('/token')) return Response.json({ access_token: 'at-1', token_type: 'Bearer', expires_in: 300 })
    return Response.json({ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, ...more })
  }
  const session = createSession({ authority: oauth(options), platform: context.platform, origins: ['https://api.test'] })
  await session.start()
  return { context, session }
}

/** Signs in from a page and comes back to it. */
async function returned(url: string, returnTo?: string) {
  const { context, session } = await page({ url })
  await session.signIn({ ...(returnTo !== undefined && { returnTo }) })
  const state = new URL(context.visited[0]!).searchParams.get('state')
  session.stop()
  context.url = `https://shop.test/?code=c-1&state=${state}`
  return session.start()
}

describe('parameters of the application', () => {
  const reserved = [
    'response_type', 'response_mode', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method', 'request', 'request_uri',
  ]
  it.each(reserved)('`%s` protects the sign-in and is refused by name, at oauth() and at signIn()', async (name) => {
    expect(() => oauth({ ...options, params: { [name]: 'x' } })).toThrow(`"params.${name}"`)
    const { session, context } = await page()
    const failure = await outcome(session.signIn({ params: { [name]: 'x' } }))
    expect(failure).toBeInstanceOf(TypeError)
    expect((failure as TypeError).message).toContain(`"params.${name}"`)
    expect(context.visited).toEqual([])
  })

  it.each<readonly [string, unknown]>([['surprise', 1], ['login_hint', 'mira'], ['returnTo', 7], ['params', 'a=1'], ['device', true], ['signal', {}]])('bad input: "%s" as %j of signIn() is a TypeError that names it', async (name, value) => {
    const { session, context } = await page()
    const failure = await outcome(session.signIn({ [name]: value } as never))
    expect(failure).toBeInstanceOf(TypeError)
    expect((failure as TypeError).message).toContain(`"${name}"`)
    expect(context.visited).toEqual([])
  })

  it('others travel along', async () => {
    const { session, context } = await page()
    await session.signIn({ params: { login_hint: 'mira', prompt: 'login' } })
    expect(Object.fromEntries(new URL(context.visited[0]!).searchParams)).toMatchObject({ login_hint: 'mira', prompt: 'login', client_id: 'shop' })
  })
})

describe('the way back', () => {
  it.each<readonly [string, string | undefined, string | undefined]>([
    ['https://shop.test/library?page=2#top', undefined, '/library?page=2#top'],
    ['https://shop.test/', '/basket', '/basket'],
    ['https://shop.test/', 'https://shop.test/basket', '/basket'],
    ['https://shop.test//evil.test/x', undefined, undefined],
    ['https://shop.test/', '//evil.test/x', undefined],
    ['https://shop.test/', '/\\\\evil.test', undefined],
    ['https://shop.test/', 'https://evil.test/', undefined],
    ['https://shop.test/', 'javascript:alert(1)', undefined],
    ['https://shop.test/', 'https://shop.test//evil.test', '/evil.test'],
  ])('from %s with %j is %j: never another origin', async (url, wish, way) => {
    const started = await returned(url, wish)
    expect(started.signInError).toBeUndefined()
    expect(started.returnTo).toBe(way)
  })
})

describe('metadata of the server', () => {
  it.each(['javascript:alert(1)', 'http://id.test/authorize', 'data:text/html,x', 'nonsense'])('an authorization endpoint `%s` is not gone to', async (address) => {
    const { session, context } = await page({ more: { authorization_endpoint: address } })
    expect(await outcome(session.signIn())).toBe('misconfigured')
    expect(context.visited).toEqual([])
  })
})
