/** Ports of a page where things are missing: happy-dom has no IndexedDB, and `locks` is null. */
import { expect, it, vi } from 'vitest'
import { pageChannel } from './channel.ts'
import { systemClock } from '../clock.ts'
import { browser } from './index.ts'
import { webLock } from './lock.ts'
import { pageFlags, pageFlows } from './notes.ts'
import { recordStore } from './store.ts'
import { eventually } from '../../test/eventually.ts'

const never = new AbortController().signal

it('A9 without Web Locks work of one name is done one after the other, and the wait can be given up', async () => {
  const lacks: string[] = []
  const lock = webLock((what) => lacks.push(what))
  const order: string[] = []
  const release = Promise.withResolvers<void>()
  const first = lock.hold('a', never, async () => {
    order.push('first')
    await release.promise
  })
  const second = lock.hold('a', never, async () => void order.push('second'))
  const impatient = new AbortController()
  const third = lock.hold('a', impatient.signal, async () => void order.push('third'))
  await lock.hold('b', never, async () => void order.push('other'))
  impatient.abort(new Error('too long'))
  await expect(third).rejects.toThrow('too long')
  release.resolve()
  await Promise.all([first, second])
  expect(order).toEqual(['first', 'other', 'second'])
  expect(lacks[0]).toContain('Web Locks are missing')
})

it('D2 without IndexedDB the record lives in memory, changes are all or nothing, and it says so', async () => {
  const lacks: string[] = []
  const store = recordStore('3dimli.test', systemClock(), (what) => lacks.push(what))
  expect(await store.read()).toBeUndefined()
  await store.change(() => ({ v: 1 }) as never, 'strict')
  await store.change(() => undefined, 'strict')
  expect(await store.read()).toEqual({ v: 1 })
  expect([store.kind, store.persistent(), lacks.length]).toEqual(['memory', false, 1])
})

it('D4 storage that throws when it is touched breaks nothing: flags are not kept, notes are kept in memory', () => {
  const refuse = () => {
    throw new DOMException('refused', 'SecurityError')
  }
  const local = vi.spyOn(globalThis, 'localStorage', 'get').mockImplementation(refuse)
  const session = vi.spyOn(globalThis, 'sessionStorage', 'get').mockImplementation(refuse)
  const lacks: string[] = []
  const flags = pageFlags('3dimli.test', (what) => lacks.push(what))
  expect([flags.raise('x'), flags.raised('x')]).toEqual([false, false])
  const flows = pageFlows('3dimli.test')
  flows.put('n', 'v')
  expect([flows.take('n'), flows.take('n')]).toEqual(['v', undefined])
  expect(lacks).not.toEqual([])
  local.mockRestore()
  session.mockRestore()
})

it('a flag that is raised is seen by the next page, until it is lowered; a note is taken once', () => {
  const lack = () => {}
  pageFlags('3dimli.test', lack).raise('ended')
  expect(pageFlags('3dimli.test', lack).raised('ended')).toBe(true)
  pageFlags('3dimli.test', lack).lower('ended')
  expect(pageFlags('3dimli.test', lack).raised('ended')).toBe(false)
  pageFlows('3dimli.test').put('n', 'v')
  expect([pageFlows('3dimli.test').take('n'), pageFlows('3dimli.test').take('n')]).toEqual(['v', undefined])
})

it('E5 E7 a channel can be opened, closed and opened again; it hears others and not itself', async () => {
  const heard: string[] = []
  const one = pageChannel('3dimli.test', () => {})
  const two = pageChannel('3dimli.test', () => {})
  one.open((message) => heard.push(`one ${String(message)}`))
  two.open((message) => heard.push(`two ${String(message)}`))
  two.close()
  two.post('lost')
  two.open((message) => heard.push(`two ${String(message)}`))
  one.post('hello')
  await eventually(() => expect(heard).toEqual(['two hello']))
  one.close()
  two.close()
})

it('C4 a timer longer than a browser can count does not fire at once', () => {
  vi.useFakeTimers()
  const fired: string[] = []
  const clock = systemClock()
  clock.timer(2 ** 31 + 5_000, () => fired.push('long'))
  clock.timer(Number.POSITIVE_INFINITY, () => fired.push('never'))
  const cancel = clock.timer(1_000, () => fired.push('cancelled'))
  cancel()
  vi.advanceTimersByTime(2 ** 31)
  expect(fired).toEqual([])
  vi.advanceTimersByTime(6_000)
  expect(fired).toContain('long')
  vi.useRealTimers()
})

it('browser() names a wrong option', () => {
  expect(() => browser({} as never)).toThrow(/"name" must be/)
  expect(() => browser({ name: 'a b' })).toThrow(/"name" must be/)
  expect(() => browser({ name: 'a', colour: 'red' } as never)).toThrow(/"colour" is not an option/)
})
