/** An end is told, written, erased and honoured later, also where this device does not help. */
import { describe, expect, it } from 'vitest'
import type { Ports } from './ports.ts'
import { api, outcome, problems, signedIn, statuses, turns, watched } from '../test/scene.ts'

describe('a store that refuses to write the end', () => {
  it('P1 P5 the fence stays, a flag is raised, and the report says that nothing is complete', async () => {
    const { first, device } = await signedIn()
    device.storageMode = 'refuses-writes'
    expect(await first.session.signOut()).toMatchObject({ purge: { complete: false } })
    expect(first.session.state.status).toBe('fenced')
    expect(device.flags.size).toBe(1)
  })

  it('B6 nobody is told that the server revoked what it was never asked to', async () => {
    const { first, device, server } = await signedIn()
    device.storageMode = 'refuses-writes'
    const { remote } = await first.session.signOut()
    expect(server.revoked).toEqual([])
    expect(remote).toBe('queued')
  })

  it('B6 P2 signing out again writes what was refused, and says no sooner that the server was told', async () => {
    const { first, device, server } = await signedIn()
    device.storageMode = 'refuses-writes'
    await first.session.signOut()
    expect(await first.session.signOut()).toMatchObject({ purge: { complete: false }, remote: 'queued' })
    device.storageMode = 'works'
    expect(await first.session.signOut()).toMatchObject({ purge: { complete: true }, remote: 'revoked' })
    expect([server.revoked, device.row()?.live, [...device.flags], first.ends]).toEqual([['rt-1'], undefined, [], ['signed-out']])
  })

  it.each(['this tab', 'the flag'])('P2 P5 the same person signs in only after it was written, and takes over nothing that it destroys, where only %s remembers it', async (who) => {
    const { first, device, open } = await signedIn()
    const { content } = device.row()?.live ?? {}
    device.storageMode = 'refuses-writes'
    await first.session.signOut()
    let tab = first
    if (who === 'this tab') device.flags.clear()
    else {
      first.session.stop()
      tab = open()
      await tab.session.start()
    }
    const again = { accessToken: 'at-again', subject: 'mira' }
    expect(await outcome(tab.session.adopt(again))).toBe('storage')
    device.storageMode = 'works'
    await tab.session.adopt(again)
    expect(device.row()?.live?.tokens.accessToken).toBe('at-again')
    expect(device.row()?.live?.content.id).not.toBe(content?.id)
    expect(tab.ends).toEqual(['signed-out'])
  })

  it('P1 a later start never shows the ended session as active', async () => {
    const { first, device, open } = await signedIn()
    device.storageMode = 'refuses-writes'
    await first.session.signOut()
    first.session.stop()
    const later = open()
    await later.session.start()
    expect(later.states.map(({ status }) => status)).not.toContain('active')
  })

  it('P5 the flag stays up for as many starts as it takes until the end is written', async () => {
    const { first, device, open } = await signedIn()
    device.storageMode = 'refuses-writes'
    await first.session.signOut()
    first.session.stop()
    const flags = [...device.flags]
    const later = open()
    await later.session.start()
    later.session.stop()
    expect([...device.flags]).toEqual(flags)
    device.storageMode = 'works'
    const last = open()
    await last.session.start()
    expect(device.row()?.live).toBeUndefined()
    expect([...device.flags]).toEqual([])
  })
})

describe('an end that is remembered and not written', () => {
  it.each(['froze', 'missed the message', 'was looked at'])('P1 P5 E4 holds in a tab that %s, as soon as it reads the record', async (why) => {
    let muted = false
    const mute = (ports: Ports): Ports => ({ ...ports, channel: { ...ports.channel, open: (listener) => ports.channel.open((message) => void (muted || listener(message))) } })
    const { first, second, device } = await signedIn({ tabs: 2, ports: (ports, tab) => (tab === 1 ? mute(ports) : ports) })
    muted = true
    if (why === 'froze') second.context.freeze()
    device.storageMode = 'refuses-writes'
    await first.session.signOut()
    first.session.stop()
    const asked = second.sent.length
    if (why === 'froze') second.context.thaw()
    else if (why === 'was looked at') second.context.look()
    else await device.clock.advance(101)
    const call = watched(second.session.fetch(`${api}/library`))
    await turns()
    expect(second.session.state.status).toBe('fenced')
    await device.clock.advance(3_000)
    expect([second.sent.length, call.result]).toEqual([asked, 'session-ended'])
    device.storageMode = 'works'
    await device.clock.advance(60_000)
    expect([device.row()?.live, [...device.flags], second.ends]).toEqual([undefined, [], ['signed-out']])
  })

  it('P2 comes before a sign-in that looked for it a moment earlier', async () => {
    const purging = Promise.withResolvers<void>()
    let slow = false
    const { first, second, device, server } = await signedIn({ tabs: 2, ports: (ports, tab) => (tab === 1 ? { ...ports, keys: { ...ports.keys, content: async (bytes) => {
      if (slow) await purging.promise
      return ports.keys.content(bytes)
    } } } : ports) })
    const { content } = device.row()?.live ?? {}
    slow = true
    const again = outcome(second.session.adopt({ accessToken: 'at-again', subject: 'mira' }))
    await turns()
    device.storageMode = 'refuses-writes'
    await first.session.signOut()
    device.storageMode = 'works'
    purging.resolve()
    expect(await again).toBe('storage')
    await device.clock.advance(5_000)
    expect([device.row()?.live, server.revoked, [...device.flags]]).toEqual([undefined, ['rt-1'], []])
    await second.session.adopt({ accessToken: 'at-again', subject: 'mira' })
    expect(device.row()?.live?.content.id).not.toBe(content?.id)
  })

  it('P2 P5 that wipes is not made milder by what the server says later', async () => {
    const { first, device, server, sid } = await signedIn()
    await first.session.register({ kind: 'cache-storage', cache: 'ours.{content}' })
    const answer = Promise.withResolvers<void>()
    server.onSession = async () => {
      await answer.promise
      return { from: 'session', status: 200, body: { active: false, type: `${problems}/session-expired`, sid, event_timestamp: 4_000_000_000 } }
    }
    const asked = first.session.confirm()
    await turns()
    device.storageMode = 'refuses-writes'
    await first.session.signOut()
    device.storageMode = 'works'
    answer.resolve()
    await outcome(asked)
    await device.clock.advance(5_000)
    expect(device.row()).toMatchObject({ vault: [], end: { cause: 'signed-out', disposition: 'wipe' } })
    expect([...device.flags]).toEqual([])
  })
})

describe('a tab that dies when it has said that it ends the session, and has not written it', () => {
  it('P1 P2 E1 leaves the end to the others: they do not stay fenced', async () => {
    let dead = false
    const mortal = (ports: Ports): Ports => ({ ...ports, store: { ...ports.store, change: (...change) => (dead ? new Promise(() => {}) : ports.store.change(...change)) } })
    const { first, second, server, device } = await signedIn({ tabs: 2, ports: (ports, tab) => (tab === 0 ? mortal(ports) : ports) })
    dead = true
    watched(first.session.signOut())
    await turns()
    first.session.stop()
    expect(second.session.state.status).toBe('fenced')
    await device.clock.advance(10_000)
    await statuses([second], 'signed-out')
    expect([server.revoked, device.row()?.live, [...device.flags], second.ends]).toEqual([['rt-1'], undefined, [], ['signed-out']])
  })
})

describe('functions of the application', () => {
  it('P2 one that never returns holds neither the purge nor the report', async () => {
    const { first, device } = await signedIn()
    first.session.register(() => new Promise(() => {}), { name: 'hung' })
    const left = watched(first.session.signOut())
    await device.clock.advance(60_000)
    expect(left.result).toMatchObject({ purge: { failedFunctions: ['hung'], complete: false } })
    expect(first.ends).toEqual(['signed-out'])
  })
})

describe('telling the server', () => {
  it.each([
    [401, { error: 'invalid_client' }], [400, { error: 'invalid_request' }], [401, undefined], [403, undefined], [404, undefined], [500, undefined], [503, undefined],
  ])('B6 %i %o: the session is over here, and nobody says that it was revoked there', async (status, body) => {
    const { first, server, device } = await signedIn()
    server.onRevoke = async () => ({ from: 'revocation', status, ...(body && { body }) })
    const { purge, remote } = await first.session.signOut()
    expect(purge?.complete).toBe(true)
    expect(device.row()?.live).toBeUndefined()
    expect(remote).not.toBe('revoked')
  })
})

describe('the order of an end', () => {
  it('P1 P2 fenced here, said to the others, written, said again, told', async () => {
    const { first, device } = await signedIn()
    const order: string[] = []
    const note = (what: string): void => void order.push(`${what}: ${first.session.state.status}, ${device.row()?.live ? 'live' : 'over'}`)
    first.session.register(() => void order.push('forgotten'))
    first.session.onEnd(() => note('told'))
    const { push } = device.posted
    device.posted.push = (...messages) => {
      for (const { type } of messages as { type: string }[]) note(type)
      return push.apply(device.posted, messages)
    }
    await first.session.signOut()
    expect(order).toEqual(['forgotten', 'ending: fenced, live', 'changed: purging, over', 'told: signed-out, over'])
  })
})

describe('what is erased', () => {
  it('P2 P9 D10 what was registered goes, and nothing else is touched', async () => {
    const { first, device } = await signedIn()
    const ours = [{ kind: 'indexeddb', database: 'recently-viewed' }, { kind: 'web-storage', area: 'local', key: 'shop.cart' }] as const
    const others = [
      { kind: 'indexeddb', database: 'recently-viewed-2' }, { kind: 'web-storage', area: 'local', key: 'shop.cart.theme' }, { kind: 'cache-storage', cache: 'shell' },
    ] as const
    for (const target of ours) await first.session.register(target)
    for (const target of [...ours, ...others]) device.storage.set(JSON.stringify(target), new Set(['entry']))
    const { purge } = await first.session.signOut()
    expect([...device.storage.keys()]).toEqual(others.map((target) => JSON.stringify(target)))
    expect(purge?.targets).toEqual(ours.map((target) => ({ target, outcome: 'erased', entries: 1, left: 0 })))
  })

  it('P2 registered by one tab goes when another tab ends the session', async () => {
    const { first, second, device } = await signedIn({ tabs: 2 })
    const target = { kind: 'opfs', path: 'drafts' } as const
    await second.session.register(target)
    device.storage.set(JSON.stringify(target), new Set(['entry']))
    second.session.stop()
    await first.session.signOut()
    expect(device.storage.size).toBe(0)
  })

  it('P2 G4 G6 what cannot be erased is reported, and erased at the next start', async () => {
    const target = { kind: 'opfs', path: 'drafts' } as const
    let broken = true
    const { first, device, open } = await signedIn({
      ports: (ports) => ({ ...ports, eraser: { ...ports.eraser, erase: (given) => (broken ? Promise.reject(new Error('in use')) : ports.eraser.erase(given)) } }),
    })
    await first.session.register(target)
    device.storage.set(JSON.stringify(target), new Set(['entry']))
    expect(await first.session.signOut()).toMatchObject({ purge: { complete: false, targets: [{ target, outcome: 'failed' }] } })
    expect([first.session.state.status, first.session.diagnostics().openJournals]).toEqual(['signed-out', 1])
    broken = false
    await open().session.start()
    expect([device.storage.size, device.row()?.journals]).toEqual([0, []])
  })
})
