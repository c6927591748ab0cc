/** Refresh tokens that are ours no more: the server is told, however often it takes, and never about a token it must keep. */
import { describe, expect, it } from 'vitest'
import type { Answer, Authority } from './authority.ts'
import { eventually } from '../test/eventually.ts'
import { outcome, scene, signedIn, signIn, turns, watched } from '../test/scene.ts'

describe('a sign-out', () => {
  it.each<readonly [string, Answer]>([
    ['offline', { from: 'revocation', failed: 'network' }], ['against a server that is down', { from: 'revocation', status: 503 }],
  ])('B6 %s is one here at once, and is told later', async (_when, answer) => {
    const { first, server, device } = await signedIn()
    server.onRevoke = async () => answer
    const { remote, purge } = await first.session.signOut()
    expect([remote, purge?.complete, first.session.state.status, first.session.diagnostics().waitingToRevoke]).toEqual(['queued', true, 'signed-out', 1])
    server.onRevoke = async () => ({ from: 'revocation', status: 200 })
    await device.clock.advance(15_000)
    expect([server.revoked.at(-1), device.row()?.outbox]).toEqual(['rt-1', []])
  })

  it('B6 offline is told at the next start, if this page never comes to it', async () => {
    const { first, server, device, open } = await signedIn()
    server.onRevoke = async () => ({ from: 'revocation', failed: 'network' })
    await first.session.signOut()
    first.session.stop()
    server.onRevoke = async () => ({ from: 'revocation', status: 200 })
    await open().session.start()
    await turns()
    expect([server.revoked.at(-1), device.row()?.outbox]).toEqual(['rt-1', []])
  })

  it('A14 a server that stays down is asked less and less often', async () => {
    const { first, server, device } = await signedIn()
    server.onRevoke = async () => ({ from: 'revocation', status: 503 })
    await first.session.signOut()
    const before = server.revoked.length
    await device.clock.advance(45_000)
    expect(server.revoked.length - before).toBe(2)
    expect(device.row()?.outbox).toHaveLength(1)
  })

  it('A13 a revocation endpoint that never answers, not even to its signal, holds nobody for ever', async () => {
    const { first, server, device } = await signedIn()
    server.onRevoke = () => new Promise(() => {})
    const left = watched(first.session.signOut())
    await device.clock.advance(6_000)
    expect(left.result).toMatchObject({ remote: 'queued' })
  })

  it('from a server that has no such endpoint waits for nothing', async () => {
    const { first, server, device } = await signedIn()
    server.features = { ...server.features, revocation: false }
    expect(await first.session.signOut()).toMatchObject({ remote: 'unsupported' })
    expect([server.revoked, device.row()?.outbox]).toEqual([[], []])
  })

  it('from such a server says so however long the purge takes', async () => {
    const { first, server } = await signedIn({
      ports: (ports) => ({ ...ports, eraser: { ...ports.eraser, erase: async (target) => (await turns(30), ports.eraser.erase(target)) } }),
    })
    await first.session.register({ kind: 'indexeddb', database: 'recently-viewed' })
    server.features = { ...server.features, revocation: false }
    expect(await first.session.signOut()).toMatchObject({ remote: 'unsupported', purge: { complete: true } })
  })

  it('twice tells the server once', async () => {
    const { first, second, server } = await signedIn({ tabs: 2 })
    await Promise.all([first.session.signOut(), second.session.signOut(), first.session.signOut()])
    await turns()
    expect(new Set(server.revoked)).toEqual(new Set(['rt-1']))
    expect(await first.session.signOut()).toEqual({ remote: 'revoked' })
  })
})

describe('what waits', () => {
  it('P5 is sent before the page leaves for the next sign-in, never after', async () => {
    const order: string[] = []
    const watchedSignIn = (authority: Authority): Authority => ({
      ...authority,
      connect: (io) => ({ ...authority.connect(io), signIn: async () => void order.push('left') }),
    })
    const { first, server } = await signedIn({ authority: watchedSignIn })
    server.onRevoke = async () => ({ from: 'revocation', failed: 'network' })
    await first.session.signOut()
    server.onRevoke = async (token) => {
      await turns(2)
      order.push(token)
      return { from: 'revocation', status: 200 }
    }
    await first.session.signIn()
    expect(order).toEqual(['rt-1', 'left'])
  })

  it('P5 is dropped when the same person signs in again: revoking it could take the new grant with it', async () => {
    const made = await signedIn()
    const { first, server, device } = made
    server.onRevoke = async () => ({ from: 'revocation', failed: 'network' })
    await first.session.signOut()
    const asked = server.revoked.length
    server.onRevoke = () => new Promise(() => {})
    const begun = signIn(made, first)
    await device.clock.advance(2_100)
    await begun
    server.onRevoke = async () => ({ from: 'revocation', status: 200 })
    const late = server.revoked.length
    await device.clock.advance(60_000)
    expect(device.row()?.outbox).toEqual([])
    expect([late > asked, server.revoked.length]).toEqual([true, late])
  })

  it('is given up after 30 days, once it was tried again: the age may be a wrong clock\'s', async () => {
    const { first, server, device, open } = await signedIn()
    server.onRevoke = async () => ({ from: 'revocation', failed: 'network' })
    await first.session.signOut()
    first.session.stop()
    const asked = server.revoked.length
    device.clock.stepWall(31 * 86_400_000)
    await open().session.start()
    await turns()
    expect([server.revoked.length, device.row()?.outbox]).toEqual([asked + 1, []])
  })

  it('for another issuer stays as it is', async () => {
    const { first, device } = await signedIn()
    const other = { id: 'other', token: 'rt-other', issuer: 'https://other.test', subject: 'mira', at: device.clock.now() }
    device.overwrite({ ...device.row(), outbox: [other] })
    await first.session.signOut()
    expect(device.row()?.outbox).toEqual([other])
  })

  it('B6 signing out where nobody is signed in sends it too', async () => {
    const { first, device, server } = scene()
    await first.session.start()
    expect(await first.session.signOut()).toEqual({ remote: 'revoked' })
    const { issuer } = server.authority
    await first.session.adopt({ accessToken: 'at-own', refreshToken: 'rt-own', subject: 'mira' })
    server.onRevoke = async () => ({ from: 'revocation', failed: 'network' })
    await first.session.signOut()
    server.onRevoke = async () => ({ from: 'revocation', status: 200 })
    expect(await outcome(first.session.signOut())).toEqual({ remote: 'revoked' })
    expect(device.row()?.outbox.filter((entry) => entry.issuer === issuer)).toEqual([])
    await eventually(() => expect(server.revoked).toContain('rt-own'))
  })
})
