import { expect, test, vi } from 'vitest'
import { createAudiences, type Snapshot, type Told } from './audience.ts'

/** A session whose looks are answered by hand, in whatever state it is when one begins. */
function make() {
  let version = 1
  const looks: { readonly answer: () => void; readonly fail: () => void }[] = []
  const listeners = new Map<string, () => void>()
  const snapshot = vi.fn(() => {
    const read: Snapshot = { cursor: String(version), object: { version }, last: false, until: Infinity }
    return new Promise<Snapshot>((resolve, reject) => {
      looks.push({ answer: () => resolve(read), fail: () => reject(new Error('disk')) })
    })
  })
  const join = createAudiences({
    snapshot,
    subscribe(sid, listener) {
      listeners.set(sid, listener)
      return () => void listeners.delete(sid)
    },
  })
  function enter(sid = 's1', heard: (now: Told) => void = () => {}) {
    const told: string[] = []
    const seat = join(sid, {
      tell(now) {
        told.push(now.cursor)
        heard(now)
      },
      close: () => void told.push('closed'),
    })
    return { told, seat }
  }
  const change = (sid = 's1') => {
    version += 1
    listeners.get(sid)?.()
  }
  /** The next look, once it has begun. */
  const look = async () => {
    await vi.waitFor(() => expect(looks).not.toEqual([]), { timeout: 60_000, interval: 1 })
    return looks.shift()!
  }
  return { enter, change, look, snapshot, listeners }
}

test('a change is looked up once for all who hear of a session, and makes one text', async () => {
  const { enter, change, look, snapshot } = make()
  const texts: Uint8Array[] = []
  const all = Array.from({ length: 5 }, () => enter('s1', ({ text }) => void texts.push(text)))
  change()
  ;(await look()).answer()
  await vi.waitFor(() => expect(all.map(({ told }) => told)).toEqual(Array.from({ length: 5 }, () => ['2'])))
  expect(snapshot).toHaveBeenCalledTimes(1)
  expect(new Set(texts).size).toBe(1)
  expect(new TextDecoder().decode(texts[0])).toBe('event: session\nid: 2\ndata: {"version":2}\n\n')
})

test('who comes while a look is under way is told only what was read afterwards', async () => {
  const { enter, change, look } = make()
  const early = enter()
  early.seat.look()
  const first = await look()
  change()
  const late = enter()
  late.seat.look()
  first.answer()
  ;(await look()).answer()
  await vi.waitFor(() => expect([early.told, late.told]).toEqual([['1', '2'], ['2']]))
})

test('a look that fails closes those who waited for it, and no one who came later', async () => {
  const { enter, look } = make()
  const early = enter()
  early.seat.look()
  const first = await look()
  const late = enter()
  late.seat.look()
  first.fail()
  ;(await look()).answer()
  await vi.waitFor(() => expect([early.told, late.told]).toEqual([['closed'], ['1']]))
})

test('changes in a row are looked up one at a time, and the last is always told', async () => {
  const { enter, change, look, snapshot } = make()
  const { told } = enter()
  change()
  const first = await look()
  for (let count = 0; count < 3; count++) change()
  expect(snapshot).toHaveBeenCalledTimes(1)
  first.answer()
  ;(await look()).answer()
  await vi.waitFor(() => expect(told).toEqual(['2', '5']))
  expect(snapshot).toHaveBeenCalledTimes(2)
})

test('one who throws keeps nobody else from hearing', async () => {
  const { enter, change, look } = make()
  enter('s1', () => {
    throw new Error('mine')
  })
  const other = enter()
  change()
  ;(await look()).answer()
  await vi.waitFor(() => expect(other.told).toEqual(['2']))
})

test('no one hears of another session, and the store is listened to while somebody is there', async () => {
  const { enter, change, look, listeners } = make()
  const [one, two, stranger] = [enter('s1'), enter('s1'), enter('s2')]
  one.seat.leave()
  expect([...listeners.keys()]).toEqual(['s1', 's2'])
  change('s1')
  ;(await look()).answer()
  await vi.waitFor(() => expect(two.told).toEqual(['2']))
  expect([one.told, stranger.told]).toEqual([[], []])
  two.seat.leave()
  expect([...listeners.keys()]).toEqual(['s2'])
  const again = enter('s1')
  // Called twice, as where a client goes away while its feed is closed.
  two.seat.leave()
  change('s1')
  ;(await look()).answer()
  await vi.waitFor(() => expect(again.told).toEqual(['3']))
})
