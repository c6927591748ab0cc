/** Work of an expired session: locked for the same person, never opened to another, erased when its time is over. */
import { describe, expect, it } from 'vitest'
import { addTargets, attempt, begin, prove, rotate } from './changes.ts'
import { feature } from './feature.ts'
import { emptyRow, type Row } from './row.ts'
import { after, beginning, contentOf, day, downloads, ending, expiry, grantOf, issuer, recent, start, written } from '../test/rows.ts'
import { generator } from '../test/junk.ts'
import { problems, revoked, sessionAnswer, signedIn, signIn, statuses, turns, type Tab } from '../test/scene.ts'

const expired = (now = start + 1_000): Row => written(ending(after({}), expiry, now))
const dueAt = start + 1_000 + 7 * day

describe('an expired session', () => {
  it('P10 locks what its content key opens, and only that', () => {
    const row = expired()
    expect(row.vault).toEqual([{ issuer, subject: 'mira', content: contentOf('content of mira'), targets: [downloads], until: dueAt, serverUntil: dueAt }])
    expect(row.journals).toEqual([{ epochId: 'epoch of mira', targets: [recent], unreadableAt: start + 1_000 }])
    expect(row.end).toMatchObject({ cause: 'expired', lockedUntil: dueAt })
  })

  it.each([['lock', 1], ['retain', 1], ['wipe', 0]] as const)('a revocation with the disposition `%s` locks %i contents', (disposition, count) => {
    const row = written(ending(after({}), { disposition }))
    expect(row.vault).toHaveLength(count)
    expect(row.end?.lockedUntil).toBe(count === 1 ? dueAt : undefined)
  })

  it('P2 where nothing is to be retained locks nothing, and keeps no key', () => {
    const ended = written(ending(after({}), expiry, start + 1_000, 0))
    expect([ended.vault, ended.journals[0]?.targets.length, ended.end?.lockedUntil]).toEqual([[], 2, undefined])
  })

  it('without a content key locks nothing and erases everything', () => {
    const { live, ...row } = after({})
    const ended = written(ending({ ...row, live: { ...live!, content: { id: 'content of mira' } } }, expiry))
    expect([ended.vault, ended.journals[0]?.targets.length, ended.end?.lockedUntil]).toEqual([[], 2, undefined])
  })
})

describe('the next sign-in', () => {
  it('P10 of the same person opens it again', () => {
    const row = written(beginning(expired(), { epochId: 'second', contentId: 'another', targets: [recent], now: start + day }))
    expect(row.live).toMatchObject({ content: contentOf('content of mira'), targets: [downloads, recent] })
    expect(row.vault).toEqual([])
  })

  it.each<readonly [string, string, string]>([['another person', 'jonas', issuer], ['somebody of the same name elsewhere', 'mira', 'https://other.test']])('P6 of %s leaves it locked, also when that session ends', (_who, subject, elsewhere) => {
    const row = written(beginning(expired(), { subject, grant: { issuer: elsewhere }, epochId: 'second', contentId: 'another' }))
    expect(row.live?.content).toEqual(contentOf('another'))
    const left = written(ending(row))
    expect([row.vault, left.vault]).toEqual([expired().vault, expired().vault])
    const back = written(beginning(left, { epochId: 'third', contentId: 'yet another' }))
    expect(back.live?.content).toEqual(contentOf('content of mira'))
  })

  it('P10 it survives as many expiries as it takes, each with its own time', () => {
    let row = expired()
    for (let turn = 1; turn < 5; turn += 1) {
      const now = start + turn * 6 * day
      row = written(ending(written(beginning(row, { epochId: `turn ${turn}`, grant: { establishedAt: now }, now })), expiry, now))
      expect(row.vault).toMatchObject([{ content: { id: 'content of mira' }, until: now + 7 * day }])
    }
  })
})

describe('a time that is over', () => {
  const gone = (row: Row) => [row.vault.length, row.journals.filter(({ targets }) => JSON.stringify(targets).includes('files.content of mira')).length]

  it.each<readonly [string, number, number | undefined, 'kept' | 'erased']>([
    ['by no clock', dueAt - 1, dueAt - 1, 'kept'],
    ['by this device alone', dueAt + 365 * day, dueAt - 1, 'kept'],
    ['by the server alone', dueAt - 1, dueAt + day, 'kept'],
    ['by both', dueAt, dueAt, 'erased'],
  ])('C1 %s: a sign-in of somebody else leaves it %s', (_by, now, establishedAt, what) => {
    const row = written(beginning(expired(), { subject: 'jonas', grant: { establishedAt: establishedAt! }, now }))
    expect(gone(row)).toEqual(what === 'kept' ? [1, 0] : [0, 1])
    expect(JSON.stringify(row).includes('key of content of mira')).toBe(what === 'kept')
  })

  it.each([
    ['was days behind when the session began and expired', -9 * day, -9 * day],
    ['was set back by days before the session expired', 0, -9 * day],
    ['was days ahead when the session began and expired', 9 * day, 9 * day],
  ])('P10 C1 a clock that %s, and is right again, takes nothing from the next sign-in', (_what, atSignIn, atEnd) => {
    const begun = written(beginning(emptyRow('nobody', start), { grant: { establishedAt: start }, now: start + atSignIn, targets: [downloads] }))
    const locked = written(ending(begun, expiry, start + day + atEnd))
    const back = written(beginning(locked, { epochId: 'second', contentId: 'another', grant: { establishedAt: start + 6 * day }, now: start + 6 * day }))
    expect(back.live?.content).toEqual(contentOf('content of mira'))
  })

  it('C1 a sign-in whose server does not say when it was erases nothing: local time alone never does', () => {
    const { establishedAt: _, ...grant } = grantOf('jonas')
    const row = written(begin(expired(), { grant, epochId: 'second', content: contentOf('another'), giveUpId: 'none', targets: [], now: dueAt + 365 * day }))
    expect(gone(row)).toEqual([1, 0])
  })

  it('the same person comes too late: it is erased, and the session begins with nothing', () => {
    const row = written(beginning(expired(), { epochId: 'second', contentId: 'another', grant: { establishedAt: dueAt }, now: dueAt }))
    expect(row.live?.content).toEqual(contentOf('another'))
    expect(gone(row)).toEqual([0, 1])
  })

  it.each<readonly [string, number | undefined, number, 'kept' | 'erased']>([
    ['that is past it', dueAt, dueAt, 'erased'],
    ['that is not', dueAt - 1, dueAt + day, 'kept'],
    ['on a device that is not', dueAt, dueAt - 1, 'kept'],
    ['that it does not tell', undefined, dueAt + 365 * day, 'kept'],
  ])('C1 a proof with the server\'s time %s', (_what, serverAt, now, what) => {
    const locked = written(beginning(expired(), { subject: 'jonas' }))
    const proof = serverAt === undefined ? {} : { serverAt }
    expect(gone(written(prove(locked, { epochId: 'epoch of jonas', proof, now })))).toEqual(what === 'kept' ? [1, 0] : [0, 1])
  })
})

describe('any order of changes', () => {
  const contents = (row: Row): string[] => [...(row.live ? [row.live.content.id] : []), ...row.vault.map((entry) => entry.content.id)]

  it('P2 P6 P10 nothing is left without a journal, no key lies elsewhere, epochs only grow', () => {
    const junk = generator(7)
    for (let device = 0; device < 60; device += 1) {
      let row = emptyRow('nobody', start)
      let now = start
      for (let turn = 0; turn < 25; turn += 1) {
        now += junk.below(3) * day
        const id = `${device}.${turn}`
        const epochId = junk.chance(0.9) ? row.epoch.id : 'another'
        const change = junk.pick([
          () => beginning(row, { subject: junk.pick(['mira', 'jonas', 'ada']), epochId: id, contentId: id, now, ...(junk.chance(0.8) && { grant: { establishedAt: now } }) }),
          () => ending(row, { epochId, disposition: junk.pick(['wipe', 'lock', 'retain']) }, now),
          () => rotate(row, { epochId, generation: junk.below(2), tokens: { accessToken: id, tokenType: 'Bearer', receivedAt: now }, askedAt: now, now, giveUp: undefined }),
          () => attempt(row, { epochId, attempt: { id, generation: row.generation, at: now }, now }),
          () => prove(row, { epochId, proof: junk.chance(0.5) ? { serverAt: now } : {}, now }),
          () => addTargets(row, { epochId, targets: [{ kind: 'opfs', path: id }] }),
        ])()
        if (!change.row) continue
        const lost = contents(row).filter((content) => !contents(change.row as Row).includes(content))
        for (const content of lost) expect(JSON.stringify(change.row.journals)).toContain(`files.${content}`)
        expect(new Set(contents(change.row)).size).toBe(contents(change.row).length)
        // A journal never names what is still in use.
        for (const content of contents(change.row)) expect(JSON.stringify(change.row.journals)).not.toContain(`"files.${content}"`)
        expect(change.row.epoch.n).toBeGreaterThanOrEqual(row.epoch.n)
        if (change.row.epoch.id === row.epoch.id) expect([0, 1]).toContain(change.row.generation - row.generation)
        row = change.row
      }
    }
  })
})

describe('content of a new session', () => {
  it('P2 is opened after a journal was tried that another context left in the record', async () => {
    const { first, device } = await signedIn()
    const left = { kind: 'indexeddb', database: 'left' } as const
    device.storage.set(JSON.stringify(left), new Set(['chair']))
    device.overwrite({ ...device.row(), journals: [{ epochId: 'earlier', targets: [left], unreadableAt: start }] })
    const access = first.session[feature]
    await device.clock.advance(200)
    await access.content(await access.capture())
    expect([device.storage.has(JSON.stringify(left)), device.row()?.journals]).toEqual([false, []])
  })
})

describe('on a device', () => {
  const files = { kind: 'cache-storage', cache: 'files.{content}' } as const
  const open = async (tab: Tab) => {
    const access = tab.session[feature]
    return access.content(await access.capture())
  }
  /** Signed in, with a file kept, and then expired by the server's word. */
  async function locked() {
    const made = await signedIn({ tabs: 2 })
    const { first, device, server, sid } = made
    await first.session[feature].protect([files])
    const content = await open(first)
    const place = JSON.stringify({ ...files, cache: `files.${content.id}` })
    device.storage.set(place, new Set(['chair']))
    server.onSession = sessionAnswer({ active: false, type: `${problems}/session-expired`, sid })
    expect(await first.session.confirm()).toBe('ended')
    await statuses(made.tabs, 'signed-out')
    server.onSession = sessionAnswer({ active: true })
    return { ...made, first, content, place, kept: () => device.storage.has(place) }
  }

  it('P10 what expired comes back to the same person, in every tab', async () => {
    const made = await locked()
    expect([made.first.ends, made.kept()]).toEqual([['expired'], true])
    await signIn(made, made.first, 'mira')
    await statuses(made.tabs, 'active')
    expect([await open(made.first), await open(made.second)]).toEqual([made.content, made.content])
    expect(made.kept()).toBe(true)
  })

  it('P10 P6 it stays where it is while somebody else is signed in, who cannot open it, and comes back after', async () => {
    const made = await locked()
    await signIn(made, made.first, 'jonas')
    expect((await open(made.first)).id).not.toBe(made.content.id)
    expect((await open(made.first)).key).not.toBe(made.content.key)
    await made.first.session.signOut()
    expect(made.kept()).toBe(true)
    await signIn(made, made.first, 'mira')
    expect(await open(made.first)).toEqual(made.content)
  })

  it('P2 after its time the next sign-in erases it, whoever signs in', async () => {
    const made = await locked()
    made.device.clock.stepWall(8 * day)
    await signIn(made, made.first, 'jonas')
    await turns()
    expect([made.kept(), made.device.row()?.vault, made.device.row()?.journals]).toEqual([false, [], []])
  })

  it('C1 P10 a clock that is eight days ahead locks no longer, but erases nothing by itself', async () => {
    const made = await locked()
    made.device.clock.stepWall(8 * day)
    made.first.session.stop()
    await made.first.session.start()
    await turns()
    expect([made.kept(), made.device.row()?.vault.length]).toEqual([true, 1])
  })

  it('P2 a revocation leaves nothing to come back to', async () => {
    const made = await signedIn()
    const { first, device, server, sid } = made
    await first.session[feature].protect([files])
    const content = await open(first)
    const place = JSON.stringify({ ...files, cache: `files.${content.id}` })
    device.storage.set(place, new Set(['chair']))
    server.onSession = sessionAnswer(revoked(sid))
    await first.session.confirm()
    await signIn(made, first, 'mira')
    expect([device.storage.has(place), (await open(first)).id === content.id]).toEqual([false, false])
  })
})
