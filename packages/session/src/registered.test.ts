/** What was registered to be erased, and the record refused to take in: it goes with the session all the same. */
import { describe, expect, it } from 'vitest'
import { after, beginning, contentOf, day, downloads, ending, expiry, recent, start, written } from '../test/rows.ts'
import { signedIn, turns } from '../test/scene.ts'

const drafts = { kind: 'indexeddb', database: 'drafts', prefix: '{content}:' } as const
const draftsOfMira = { ...drafts, prefix: 'content of mira:' } as const
const filesOfMira = { ...downloads, cache: 'files.content of mira' } as const
/** The record of a session that began in a release which knew of nothing else. */
const older = after({ targets: [downloads] })

describe('what only the context knows that writes the end', () => {
  it('P2 is in the journal, after what the record knows, and once', () => {
    const row = written(ending(older, {}, start, 7 * day, [recent, downloads, drafts]))
    expect(row.journals).toEqual([{ epochId: 'epoch of mira', targets: [filesOfMira, recent, draftsOfMira], unreadableAt: start }])
  })

  it('P2 P10 is locked with the content where that is what holds it, and erased where it is not', () => {
    const row = written(ending(older, expiry, start, 7 * day, [recent, drafts]))
    expect(row.journals).toMatchObject([{ targets: [recent] }])
    expect(row.vault).toMatchObject([{ content: contentOf('content of mira'), targets: [downloads, drafts] }])
  })

  it('P2 P6 is erased of whoever was there before another signed in', () => {
    const row = written(beginning(older, { subject: 'jonas', targets: [recent, drafts] }))
    expect(row.journals).toMatchObject([{ epochId: 'epoch of mira', targets: [filesOfMira, recent, draftsOfMira] }])
  })
})

describe('a record that refuses what a new release registers', () => {
  /** A tab of the old release, and one of the new that could not write when it started. */
  async function refused() {
    const made = await signedIn()
    const newer = made.open()
    await newer.session.register(recent)
    made.device.storageMode = 'refuses-writes'
    await newer.session.start()
    made.device.storageMode = 'works'
    await made.device.clock.advance(250)
    expect([newer.session.state.status, made.device.row()?.live?.targets]).toEqual(['active', []])
    made.device.storage.set(JSON.stringify(recent), new Set(['chair']))
    return { ...made, first: made.first, newer }
  }

  it('P2 leaves nothing of it when that tab ends the session', async () => {
    const { newer, device } = await refused()
    expect(await newer.session.signOut()).toMatchObject({ purge: { complete: true, targets: [{ target: recent, outcome: 'erased', entries: 1 }] } })
    expect(device.storage.size).toBe(0)
  })

  it('P2 takes it in with the next proof, and then any tab may end the session', async () => {
    const { first, newer, device } = await refused()
    await device.clock.advance(10_000)
    await newer.session.confirm()
    await turns()
    expect(device.row()?.live?.targets).toEqual([recent])
    newer.session.stop()
    await first.session.signOut()
    expect(device.storage.size).toBe(0)
  })
})
