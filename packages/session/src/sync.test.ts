/** Messages between contexts: anybody of this origin may post anything, and nothing of it may do harm. */
import { describe, expect, it } from 'vitest'
import { readMessage } from './sync.ts'
import { generator } from '../test/junk.ts'
import { api, outcome, signedIn, turns } from '../test/scene.ts'

const words = ['ending', 'changed', 'watching', 'began', 'ended', '', 'a'.repeat(65), 'epoch-1', '__proto__', '{"v":1}', '💥']
const members = ['v', 'type', 'from', 'epochId', 'generation', 'feed', 'token', 'accessToken', '__proto__', 'toString']

describe('reading a message', () => {
  it.each([
    { v: 1, type: 'ending', from: 'a', epochId: 'b' },
    { v: 1, type: 'watching', from: 'a', epochId: 'b', feed: true },
    { v: 1, type: 'watching', from: 'a', epochId: 'b', feed: false, listMs: 20_500, doubt: true },
    { v: 1, type: 'changed', from: 'a', epochId: 'b'.repeat(64), generation: 0 },
    { v: 1, type: 'blocked', from: 'a' },
  ])('D8 understands %j, which every version sends', (message) => {
    expect(readMessage(message)).toEqual(message)
    expect(readMessage({ ...message, more: 'of a newer version' })).toEqual(message)
  })

  it.each([
    undefined, null, 'ending', 1, [], () => undefined, new Date(0), { v: 2, type: 'ending', from: 'a', epochId: 'b' }, { v: '1', type: 'ending', from: 'a', epochId: 'b' },
    { v: 1, type: 'ended', from: 'a', epochId: 'b' }, { v: 1, type: 'ending', epochId: 'b' }, { v: 1, type: 'ending', from: 'a' },
    { v: 1, type: 'ending', from: 'a', epochId: 'b'.repeat(65) }, { v: 1, type: 'ending', from: '', epochId: 'b' }, { v: 1, type: 'changed', from: 'a', epochId: 'b' },
    { v: 1, type: 'changed', from: 'a', epochId: 'b', generation: -1 }, { v: 1, type: 'changed', from: 'a', epochId: 'b', generation: 0.5 },
    { v: 1, type: 'changed', from: 'a', epochId: 'b', generation: 1e300 }, { v: 1, type: 'changed', from: 'a', epochId: 'b', generation: '1' },
    { v: 1, type: 'watching', from: 'a', epochId: 'b', feed: 'yes' },
  ])('E8 ignores %j', (value) => {
    expect(readMessage(value)).toBeUndefined()
  })

  it('E8 makes nothing but messages of anything', () => {
    const junk = generator(88)
    let understood = 0
    for (let round = 0; round < 20_000; round += 1) {
      const value = junk.value(words, members, 1)
      const message = readMessage(junk.chance(0.7) && typeof value === 'object' ? { ...value, v: 1, from: 'a', epochId: junk.pick(words), type: junk.pick(words) } : value)
      if (!message) continue
      understood += 1
      const more = { ending: ['epochId'], changed: ['epochId', 'generation'], watching: ['epochId', 'feed'], blocked: [] }[message.type]
      expect(Object.keys(message).sort()).toEqual(['from', ...more, 'type', 'v'].sort())
    }
    expect(understood).toBeGreaterThan(50)
  })
})

describe('a tab that hears junk', () => {
  it('P4 E8 E6 ends nothing, begins nothing, asks nobody and passes nothing on', async () => {
    const { first, device, server } = await signedIn()
    const junk = generator(99)
    const before = { ...device.row() }
    const posted = device.posted.length
    let asked = 0
    const answer = server.onSession
    server.onSession = async () => {
      asked += 1
      return answer()
    }
    for (let round = 0; round < 300; round += 1) {
      const value = junk.value(words, members, 1)
      device.post(junk.chance(0.5) && typeof value === 'object' ? { ...value, v: 1, from: 'forger', epochId: 'forged' } : value)
    }
    await turns()
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    expect([first.session.state.status, first.ends, asked, device.posted.length - posted, server.refreshes.length]).toEqual(['active', [], 0, 0, 0])
    expect(device.row()).toEqual(before)
    expect(first.session.diagnostics().ignored.malformed).toBeGreaterThan(100)
  })

  it('P4 E8 of an end of its own session that never comes holds requests back for 2 s and no longer', async () => {
    const { first, device } = await signedIn()
    device.post({ v: 1, type: 'ending', from: 'forger', epochId: device.row()?.epoch.id })
    await turns()
    expect(first.session.state).toMatchObject({ status: 'fenced', reason: 'waking' })
    await device.clock.advance(2_100)
    expect(first.session.state.status).toBe('active')
    expect(first.ends).toEqual([])
  })
})

describe('what is posted', () => {
  it('P8 D8 is ids and numbers, in the shape that every version reads', async () => {
    const { tabs, device, first } = await signedIn({ tabs: 2, lifetimeSeconds: 5 })
    await device.clock.advance(6_000)
    await first.session.fetch(`${api}/x`)
    await first.session.signOut()
    await turns()
    expect(tabs.map(({ ends }) => ends)).toEqual([['signed-out'], ['signed-out']])
    expect(device.posted.length).toBeGreaterThan(2)
    for (const message of device.posted) expect(readMessage(message)).toEqual(message)
    expect(JSON.stringify(device.posted)).not.toMatch(/at-\d|rt-\d|mira|api\.test/)
  })
})
