/** What one tab learns of what happened in another. */
import { describe, expect, it, vi } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { downloads } from '../test/rows.ts'
import { api, outcome, scene, signedIn, signIn, turns, type Tab } from '../test/scene.ts'
import type { Connection, AuthorityPorts } from './authority.ts'
import { feature } from './feature.ts'
import { createSession } from './index.ts'
import type { Ports, RecordStore } from './ports.ts'
import type { Row } from './row.ts'

describe('a tab that was frozen', () => {
  it('P2 E3 forgets what it holds of a session that ended meanwhile, although the same person is signed in again', async () => {
    const made = await signedIn({ tabs: 2 })
    const { first, second, device } = made
    const forget = vi.fn()
    second.session.register(forget)
    second.context.freeze()
    await first.session.signOut()
    await signIn(made, first)
    second.context.thaw()
    await eventually(() => expect(second.session.state).toMatchObject({ status: 'active', session: { epochId: device.row()?.epoch.id } }))
    expect(forget).toHaveBeenCalledTimes(1)
  })
})

/** A record of the tab's own, in memory: what a page has where its database never opened. */
function alone(ports: Ports): Ports {
  let row: Row | undefined
  const store: RecordStore = {
    kind: 'memory', persistent: () => false, sleep: () => true, close: () => undefined,
    read: async () => row,
    change: async (decide) => void (row = decide(row) ?? row),
  }
  return { ...ports, store }
}

describe('tabs that keep their record in memory', () => {
  it('D2 decision 19 are devices of their own: none hears of what happens in another, and none is fenced for it', async () => {
    const made = scene({ tabs: 2, ports: alone })
    for (const tab of made.tabs) await signIn(made, tab)
    for (const tab of made.tabs) tab.states.length = 0
    for (let beat = 0; beat < 10; beat += 1) {
      await made.device.clock.advance(5_000)
      await turns()
    }
    await made.first.session.signOut()
    await turns()
    expect(made.second.states).toEqual([])
    expect(made.second.session.state.status).toBe('active')
  })

  it('P2 P9 P10 erase what was theirs, and neither what the others share nor what another of them keeps', async () => {
    const swept = vi.fn()
    const watched = (ports: Ports): Ports => ({ ...ports, eraser: { ...ports.eraser, sweep: (...given) => (swept(), ports.eraser.sweep(...given)) } })
    const made = await signedIn({ ports: (ports, tab) => (tab === 0 ? ports : alone(watched(ports))) })
    const { device, first } = made
    const keep = async ({ session }: Tab): Promise<string> => {
      const { contentId } = await session[feature].pass(await session[feature].capture())
      const place = JSON.stringify({ ...downloads, cache: `files.${contentId}` })
      device.storage.set(place, new Set(['chair']))
      return place
    }
    const joins = async (subject: string): Promise<Tab> => {
      const tab = made.open()
      await tab.session.register(downloads)
      await signIn(made, tab, subject)
      await device.clock.advance(1_000)
      return tab
    }
    await device.clock.advance(1_000)
    const shared = await keep(first)
    const own = await keep(await joins('jonas'))
    const leaving = await joins('lena')
    expect(device.storage.has(await keep(leaving))).toBe(true)
    await leaving.session.signOut()
    expect([...device.storage.keys()]).toEqual([shared, own])
    // Nor do they hold the lock of a purge while they look at storages for nothing.
    expect(swept).not.toHaveBeenCalled()
  })
})

describe('a session of another authority', () => {
  it('P6 P8 P10 is nobody\'s here: none of its tokens goes to this one, and it is there again for its own', async () => {
    const made = await signedIn()
    const { first, device, server } = made
    first.session.stop()
    const connected: unknown[] = []
    const connect = (io: AuthorityPorts) => {
      const connection = server.authority.connect(io)
      return { ...connection, refresh: async (...given: Parameters<Connection['refresh']>) => (connected.push(given), connection.refresh(...given)) }
    }
    const context = device.context()
    const moved = createSession({ authority: { issuer: 'https://other.test', connect }, platform: context.platform, origins: [api] })
    await moved.start()
    await device.clock.advance(600_000)
    expect([moved.state.status, await outcome(moved.fetch(`${api}/x`)), await outcome(moved.authorize({ method: 'GET', url: `${api}/x` })), connected]).toEqual(['signed-out', 'signed-out', 'signed-out', []])
    moved.stop()
    await first.session.start()
    expect(first.session.state).toMatchObject({ status: 'active', session: { subject: 'mira' } })
  })
})

describe('a message', () => {
  it.each(['watching', 'ending', 'changed'])('P1 E8 `%s` that names another epoch fences at once and lifts when the record was read', async (type) => {
    const { first, device } = await signedIn()
    await device.clock.advance(200)
    first.states.length = 0
    device.post({ v: 1, type, from: 'another', epochId: 'another', generation: 0, feed: true })
    await turns()
    expect(first.states.map(({ status }) => status)).toEqual(['fenced', 'active'])
    expect(first.session.state.status).toBe('active')
  })
})

it('P1 E4 a tab that hears of an end before it could read the record waits for it to be written, and no longer than 2 s', async () => {
  const { device, open } = await signedIn()
  const late = open()
  device.storageMode = 'throws'
  const starting = late.session.start()
  await turns()
  device.post({ v: 1, type: 'ending', from: 'another', epochId: device.row()?.epoch.id })
  device.storageMode = 'works'
  await device.clock.advance(1_500)
  expect(late.states.map(({ status }) => status)).not.toContain('active')
  await device.clock.advance(2_000)
  await starting
  expect(late.session.state.status).toBe('active')
})

describe('a page out of sight', () => {
  it('P1 E3 is not uncovered by what it learns meanwhile', async () => {
    const { first, device } = await signedIn()
    first.context.visible = false
    first.context.hidden()
    device.post({ v: 1, type: 'changed', from: 'another', epochId: 'another', generation: 0 })
    await turns()
    expect([first.states.at(-1)?.status, first.context.covered]).toEqual(['active', true])
    first.context.visible = true
    first.context.shown()
    await turns()
    expect(first.context.covered).toBe(false)
  })

  it.each([
    ['is covered, and stays so when it is seen again', true],
    ['and of which nobody was told that it went, is covered when it is seen again', false],
  ])('P1 E3 %s, until the record was read; nobody is told anything', async (_what, told) => {
    const { first, device } = await signedIn()
    const before = first.states.length
    if (told) first.context.hidden()
    expect(first.context.covered).toBe(told)
    device.storageMode = 'hangs'
    first.context.shown()
    await turns()
    expect(first.context.covered).toBe(true)
    device.storageMode = 'works'
    first.context.shown()
    await turns()
    expect([first.context.covered, first.states.length]).toEqual([false, before])
  })
})
