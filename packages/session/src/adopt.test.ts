/** Which tokens, and bound to which key pairs, are taken over. */
import { expect, it } from 'vitest'
import { outcome, scene } from '../test/scene.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
const bound = { accessToken: 'at', tokenType: 'DPoP', subject: 'mira' } as const

it('P8 a private key that can leave the device is refused, by name', async () => {
  const { first } = scene()
  await first.session.start()
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
  const secret = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const pairs = [
    await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']), {}, { privateKey: {}, publicKey: {} }, { publicKey }, { privateKey },
    { privateKey, publicKey: {} }, { privateKey: { type: 'private', extractable: false }, publicKey }, { privateKey: secret, publicKey },
  ]
  for (const keys of pairs) {
    const failure = await outcome(first.session.adopt({ ...bound, keys: keys as never }))
    expect(failure).toBeInstanceOf(TypeError)
    expect((failure as TypeError).message).toContain('"keys"')
  }
  expect(first.session.state.status).toBe('signed-out')
  await first.session.adopt({ ...bound, keys: await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']) })
  expect(first.session.state.status).toBe('active')
})

it.each(['canary\n2', 'canary\0', 'canary\u{e9}', 'canary\u{6f22}', '\n'])('P8 an access token that no header can carry is refused before an engine shows it in an error (%j)', async (accessToken) => {
  const { first } = scene()
  await first.session.start()
  const failure = await outcome(first.session.adopt({ accessToken, subject: 'mira' }))
  expect(failure).toBeInstanceOf(TypeError)
  expect((failure as TypeError).message).toMatch(/^"accessToken"/)
  expect([(failure as TypeError).message.includes('canary'), first.session.state.status]).toEqual([false, 'signed-out'])
})
