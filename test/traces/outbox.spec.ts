// A refresh token that was given up stays on the device only while the server could not be told, in the record's outbox and nowhere else.
import { afterEach, expect, test } from 'vitest'
import { until } from '../driver/index.ts'
import { search } from './canaries.ts'
import { createPlace, run, type Place } from './place.ts'

let place: Place
afterEach(() => place.close())

test('P2 P5 the refresh token is in the outbox while the server cannot be reached, and gone when it was told', async () => {
  place = await createPlace()
  const bare = await place.bare()
  const tab = await place.open()
  const sid = await place.signIn(tab)
  const other = await place.open()
  const tabs = [tab, other]
  const tokens = Object.fromEntries([...place.tokens].map(([kind, parts]) => [`${kind} token`, [...parts]]))
  const found = async () => search([...(await run(bare, () => dump.origin())), ...(await Promise.all(tabs.map((one) => run(one, () => dump.tab())))).flat()], tokens)

  for (const one of tabs) await one.offline(true)
  expect(await run(tab, async () => (await traced.session.signOut()).remote)).toBe('queued')
  const endedAt = Date.now()
  await until(() => run(other, () => traced.session.state.status === 'signed-out'), { what: 'the other tab to be signed out' })
  const record = 'indexeddb 3dimli.traces/record "session"'
  expect(await found()).toEqual([`refresh token in ${record}.outbox.0.token`])
  expect((await place.authority.sessions()).find((row) => row.sid === sid)?.end).toBeUndefined()

  for (const one of tabs) await one.offline(false)
  await tab.page.reload()
  await until(async () => (await found()).length === 0, { what: 'the token to be gone' })
  expect((await run(bare, () => dump.origin())).filter(({ text }) => text.startsWith('CryptoKey '))).toEqual([])
  expect((await place.authority.sessions()).find((row) => row.sid === sid)).toMatchObject({ end: { initiatingEntity: 'user' } })
  expect(search(await place.letOut(endedAt), tokens)).toEqual([])
})
