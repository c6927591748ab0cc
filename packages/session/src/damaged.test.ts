/** A record that lies or is damaged: it never keeps anybody from starting, from signing out or from signing in anew. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { api, outcome, scene, signedIn, watched } from '../test/scene.ts'
import { written, beginning } from '../test/rows.ts'
import { emptyRow } from './row.ts'

const junk = fc.oneof(fc.constantFrom<unknown>(undefined, null, 0, -1, 'text', '', true, [], {}, [{}], [null], { v: 1 }), fc.jsonValue())
/** A good row of which some members, at any depth, were replaced by something else. */
const damaged = fc.array(fc.tuple(fc.nat(), junk), { minLength: 1, maxLength: 3 }).map((blows) => {
  const row = structuredClone(written(beginning(emptyRow('nobody', 1_800_000_000_000)))) as unknown as Record<string, unknown>
  for (const [at, what] of blows) {
    const places: [Record<string, unknown>, string][] = []
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return
      for (const name of Object.keys(node)) {
        places.push([node as Record<string, unknown>, name])
        walk((node as Record<string, unknown>)[name])
      }
    }
    walk(row)
    const place = places[at % places.length]
    if (place) place[0][place[1]] = what
  }
  return row
})
/** A newer version's record is nobody's to touch, so it is no damage. */
const ofThisVersion = (row: unknown): boolean => !(typeof row === 'object' && row !== null && Number((row as { v?: unknown }).v) > 1)

describe('whatever lies where the record should be', () => {
  it.each<readonly [string, unknown]>([
    ['live', 7], ['live', {}], ['live.content', undefined], ['live.tokens', undefined], ['live.targets', {}], ['journals', 7], ['outbox', [null]], ['vault', [null]],
  ])('B5 a record whose `%s` is %j: the application starts, and signing out works', async (path, value) => {
    const { first, device } = scene()
    const row: unknown = structuredClone(written(beginning(emptyRow('nobody', 1_800_000_000_000))))
    const names = path.split('.')
    const parent = names.slice(0, -1).reduce((node, name) => (node as Record<string, unknown>)[name], row)
    Object.assign(parent as object, { [names.at(-1)!]: value })
    device.overwrite(row)
    const started = watched(first.session.start())
    await device.clock.advance(500)
    expect(started.result).toEqual({})
    const left = watched(first.session.signOut())
    await device.clock.advance(1_000)
    expect([left.result, first.session.state.status]).toEqual([expect.objectContaining({ remote: expect.any(String) as string }), 'signed-out'])
    const adopted = watched(first.session.adopt({ accessToken: 'at-own', subject: 'mira' }))
    await device.clock.advance(500)
    // Keys are made by the platform's own threads, which know nothing of this clock.
    await eventually(() => expect([adopted.result, first.session.state.status]).toEqual([undefined, 'active']))
  })

  it('B5 start() settles, signing out works, and so does the next sign-in', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(junk, damaged).filter(ofThisVersion), async (stored) => {
      const made = scene()
      const { first, device } = made
      device.overwrite(structuredClone(stored))
      const started = watched(first.session.start())
      await device.clock.advance(500)
      expect(started.result).toEqual({})
      const left = watched(first.session.signOut())
      await device.clock.advance(1_000)
      expect(left.result).toMatchObject({ remote: expect.any(String) })
      expect(first.session.state.status).toBe('signed-out')
      const adopted = watched(first.session.adopt({ accessToken: 'at-own', subject: 'mira' }))
      await device.clock.advance(500)
      await eventually(() => expect(adopted.result).toBe(undefined))
      expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
      first.session.stop()
      // Always the same damage: red means that a change broke something.
    }), { numRuns: 60, seed: 20_261_121 })
  })
})

describe('a store whose reads are behind', () => {
  it.each([1, 3, 10])('D7 by %i reads: the other tab refreshes nothing again, and sends no spent token', async (behind) => {
    let old: { readonly row: unknown; left: number } | undefined
    const { first, second, server, device } = await signedIn({
      tabs: 2, lifetimeSeconds: 5,
      ports: (ports, tab) => (tab === 0 ? ports : {
        ...ports,
        store: {
          ...ports.store,
          read: async () => {
            if (!old || old.left <= 0) return ports.store.read()
            old.left -= 1
            return structuredClone(old.row)
          },
        },
      }),
    })
    await device.clock.advance(6_000)
    const stale = { row: structuredClone(device.row()), left: behind }
    old = stale
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    const call = watched(second.session.fetch(`${api}/x`))
    await device.clock.advance(5_000)
    expect([call.result, second.sent, server.refreshes.length]).toEqual([200, ['at-2'], 1])
    expect([device.row()?.generation, stale.left < behind]).toEqual([1, true])
  })
})
