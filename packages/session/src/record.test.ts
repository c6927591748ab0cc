/** The record over a store that is slow, broken or not ours. */
import { describe, expect, it, vi } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { api, outcome, scene, signedIn, signIn, slowReads, statuses, turns, watched } from '../test/scene.ts'
import type { Ports } from './ports.ts'

describe('a read that comes back late', () => {
  it('P4 P5 one that looked before a sign-in does not undo it', async () => {
    const slow: { held?: Promise<void> | undefined } = {}
    const { first, device } = scene({ ports: (ports) => slowReads(ports, slow) })
    await first.session.start()
    await turns()
    const release = Promise.withResolvers<void>()
    slow.held = release.promise
    first.context.look()
    await turns()
    slow.held = undefined
    const adopted = first.session.adopt({ accessToken: 'at-own', subject: 'mira' })
    await eventually(() => expect(device.row()?.live).toBeDefined())
    release.resolve()
    await adopted
    await turns()
    expect(first.session.state.status).toBe('active')
    expect(first.ends).toEqual([])
  })

  it('P2 one that looked before the end does not hide the journal from the purge', async () => {
    const slow: { held?: Promise<void> | undefined } = {}
    const { first, device } = await signedIn({ ports: (ports) => slowReads(ports, slow) })
    await device.clock.advance(200)
    const release = Promise.withResolvers<void>()
    slow.held = release.promise
    const call = outcome(first.session.fetch(`${api}/x`))
    await turns()
    slow.held = undefined
    const left = first.session.signOut()
    await eventually(() => expect(device.row()?.live).toBeUndefined())
    release.resolve()
    expect(await call).toBe('session-ended')
    expect(await left).toMatchObject({ purge: { complete: true } })
    expect(device.row()?.journals).toEqual([])
    expect(first.sent).toEqual([])
  })

  it('P1 E3 one that looked before the tab froze lets nothing through after it woke', async () => {
    const slow: { held?: Promise<void> | undefined } = {}
    const { first, second, device } = await signedIn({ tabs: 2, ports: (ports, tab) => (tab === 1 ? slowReads(ports, slow) : ports) })
    await device.clock.advance(200)
    const release = Promise.withResolvers<void>()
    slow.held = release.promise
    const before = outcome(second.session.fetch(`${api}/before`))
    await turns()
    second.context.freeze()
    await first.session.signOut()
    slow.held = undefined
    second.context.thaw()
    const after = outcome(second.session.fetch(`${api}/after`))
    await turns()
    release.resolve()
    expect([await before, await after]).toEqual(['session-ended', 'session-ended'])
    expect(second.sent).toEqual([])
  })
})

describe('two reads at once', () => {
  it.each(['an earlier session', 'no session yet'])('P4 that the store answers the wrong way round end no session: the older one, of %s, comes last and is not believed', async (what) => {
    const answers: PromiseWithResolvers<unknown>[] = []
    let held = false
    const read = (ports: Ports) => (): Promise<unknown> => {
      if (!held) return ports.store.read()
      const answer = Promise.withResolvers<unknown>()
      answers.push(answer)
      return answer.promise
    }
    const made = scene({ tabs: 2, ports: (ports, tab) => (tab === 1 ? { ...ports, store: { ...ports.store, read: read(ports) } } : ports) })
    const { first, second, device } = made
    for (const { session } of made.tabs) await session.start()
    if (what === 'an earlier session') {
      await signIn(made, first)
      await statuses([second], 'active')
      await first.session.signOut()
      await statuses([second], 'signed-out')
    }
    const ends = [...second.ends]
    held = true
    second.context.look()
    second.context.look()
    await eventually(() => expect(answers).toHaveLength(2))
    const before = structuredClone(device.row())
    await first.session.adopt({ accessToken: 'at-own', subject: 'olu' })
    answers[0]!.resolve(device.row())
    await eventually(() => expect(second.session.state).toMatchObject({ session: { subject: 'olu' } }))
    answers[1]!.resolve(before)
    await turns()
    held = false
    for (const answer of answers) answer.resolve(device.row())
    await statuses([second], 'active')
    expect(second.ends).toEqual(ends)
  })
})

describe('what is in the store', () => {
  it.each(['garbage', 7, [], { v: 1 }, { v: 1, epoch: 'x' }])('B5 D6 damaged, as %j, counts as lost: the application starts, signed out, and a sign-in works', async (stored) => {
    const { first, device } = scene()
    device.overwrite(stored)
    const started = watched(first.session.start())
    await device.clock.advance(10_000)
    expect(started.result).toEqual({})
    expect(first.session.state.status).toBe('signed-out')
    await first.session.adopt({ accessToken: 'at-own', subject: 'mira' })
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
  })

  it('D8 of a newer version is left as it is', async () => {
    const { first, device } = scene()
    const newer = { v: 2, whatever: ['it', 'holds'] }
    device.overwrite(structuredClone(newer))
    const started = watched(first.session.start())
    await device.clock.advance(30_000)
    const call = watched(first.session.adopt({ accessToken: 'at-own', subject: 'mira' }))
    await device.clock.advance(30_000)
    expect([started.result, call.result]).toEqual(['pending', 'storage'])
    expect(device.row()).toEqual(newer)
  })
})

describe('a store that fails', () => {
  it.each(['throws', 'hangs'] as const)('B5 D3 D5 and %s fences, ends nothing, and is forgiven when it works again', async (mode) => {
    const { first, device } = await signedIn()
    await device.clock.advance(200)
    device.storageMode = mode
    const call = watched(first.session.fetch(`${api}/x`))
    await device.clock.advance(2_100)
    expect(first.session.state).toMatchObject({ status: 'fenced', reason: 'storage' })
    device.storageMode = 'works'
    await device.clock.advance(3_000)
    expect([first.session.state.status, call.result, first.ends]).toEqual(['active', 200, []])
  })

  it.each(['throws', 'hangs'] as const)('D3 and %s at the start: the application waits, and starts as soon as it answers', async (mode) => {
    const { first, device } = scene()
    device.storageMode = mode
    const started = watched(first.session.start())
    await device.clock.advance(6_000)
    expect([started.result, first.session.state.status]).toEqual(['pending', 'restoring'])
    device.storageMode = 'works'
    await device.clock.advance(6_000)
    expect([started.result, first.session.state.status]).toEqual([{}, 'signed-out'])
  })

  it('P4 and hangs in one tab alone holds no other tab up', async () => {
    let hung = false
    const { first, second, device } = await signedIn({
      tabs: 2,
      ports: (ports, tab) => (tab === 0 ? { ...ports, store: { ...ports.store, read: () => (hung ? new Promise(() => {}) : ports.store.read()) } } : ports),
    })
    await device.clock.advance(200)
    hung = true
    const stuck = watched(first.session.fetch(`${api}/x`))
    expect(await outcome(second.session.fetch(`${api}/x`))).toBe(200)
    expect([stuck.result, first.ends]).toEqual(['pending', []])
  })
})

describe('a record that vanished', () => {
  it('D6 means signed out: what this tab holds is forgotten, and nothing is written back', async () => {
    const { first, device } = await signedIn()
    const forget = vi.fn()
    first.session.register(forget)
    device.overwrite(undefined)
    await device.clock.advance(200)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe('session-ended')
    await device.clock.advance(200)
    expect(first.session.state).toMatchObject({ status: 'signed-out', end: { cause: 'signed-out', by: 'system' } })
    expect([forget.mock.calls.length, device.row()?.live, first.sent]).toEqual([1, undefined, []])
  })
})

describe('a device that crashed after an end was written', () => {
  it('P2 the next start erases what is left before anything protected can be read', async () => {
    const { first, device, open } = await signedIn()
    const files = { kind: 'indexeddb', database: 'recently-viewed' } as const
    await first.session.register(files)
    device.storage.set(JSON.stringify(files), new Set(['chair', 'lamp']))
    // The page is gone as soon as the end is durable: nothing of the purge runs.
    const { epoch, live, ...row } = device.row()!
    first.session.stop()
    const end = { cause: 'revoked', by: 'admin', disposition: 'wipe', at: device.clock.now(), issuer: live!.issuer, subject: live!.subject, epochId: epoch.id } as const
    device.overwrite({ ...row, epoch: { n: epoch.n + 1, id: 'after' }, end, journals: [{ epochId: epoch.id, targets: live!.targets, unreadableAt: end.at }] })
    const later = open()
    await later.session.start()
    expect([device.storage.size, device.row()?.journals, later.session.state]).toEqual([0, [], { status: 'signed-out', end }])
  })
})
