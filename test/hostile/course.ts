// The course that every fault of the provider takes: what must hold while it lasts, once it is over, and when an end fell into it.
import { expect } from 'vitest'
import type { Device } from './device.ts'
import { inPage, until } from './driver.ts'
import type { NamedFault } from './faults/fault.ts'
import { lateFrom } from './late.ts'
import type { HostileWorld } from './world.ts'

/** How long the SDK waits for one answer of the authority. */
export const answerMs = 10_000
/** Timers of hidden tabs fire once a second, and two cores carry everything. What a page itself lost by that is added (late.ts). */
export const slackMs = 2_500
const apiPatienceMs = 2_000
const known: ReadonlySet<number | string> = new Set(['unreachable', 'fenced', 'not-fresh'])

/** Whatever is wrong outside, the session is there, with all it kept. */
export async function unharmed(device: Device): Promise<void> {
  expect(['active', 'fenced']).toContain(await device.status())
  expect(await inPage(device.tab, () => shop.ends)).toEqual([])
  expect((await device.storage()).record).toEqual({ live: true, journals: 0, outbox: 0, vault: 0, hasContentKey: true })
}

/** Everything works again: nothing is stuck, nothing was lost. */
export async function recovered(device: Device): Promise<void> {
  await until(async () => {
    const called = await device.ping()
    if (called.result !== 200) throw new Error(JSON.stringify(called))
    return true
  }, { what: 'calls to work again', lookMs: 30_000 })
  await until(async () => (await device.confirm()).result === 'alive', { what: 'the session to be confirmed', lookMs: 30_000 })
  expect(await device.status()).toBe('active')
  expect(await device.kept()).toEqual({ download: expect.any(Number), draft: { street: 'Canary Lane 7' } })
  await unharmed(device)
}

/** One refresh for each generation, whatever was lost on the way; repeated answers are no refresh. */
export async function refreshedOnce(device: Device, repeats: boolean): Promise<void> {
  const outcomes = device.refreshes()
  expect(outcomes.filter((outcome) => outcome === 'rotated')).toHaveLength(await device.generation())
  expect(outcomes.filter((outcome) => outcome !== 'rotated' && !(repeats && outcome === 'replayed'))).toEqual([])
}

export async function survives(world: HostileWorld, { make, api, hangs = false, acted = false }: NamedFault): Promise<number> {
  const device = await world.device()
  await device.keep()
  const fault = make({ issuer: world.authority.issuer, sid: device.sid })
  const boundMs = (hangs ? answerMs : 0) + slackMs

  // The API, the session endpoint and the feed meet it, while tokens can be had.
  const first = device.suffer(fault, { on: /^\/(?!token$)/ })
  device.cut()
  // Only who is never answered is given up by the caller's own signal; every other answer may take as long as a busy machine needs.
  const patienceMs = api === 'TimeoutError' ? apiPatienceMs : 60_000
  const lateFirst = await lateFrom(device.tab)
  const [called, confirmed] = await Promise.all([device.ping({ patienceMs }), device.confirm()])
  const firstMs = await lateFirst()
  expect(called).toMatchObject({ result: api })
  expect(called.ms).toBeLessThan(apiPatienceMs + slackMs + firstMs)
  expect(confirmed).toMatchObject({ result: 'unknown' })
  expect(confirmed.ms).toBeLessThan(boundMs + firstMs)
  await until(() => ['/api/ping', '/session', '/session/events'].every((path) => first.hits.includes(path)), { what: 'the fault to be met everywhere' })
  await unharmed(device)
  // Only a 401 is a reason to renew a token that is not spent, and none to do it on and on.
  expect(device.refreshes().length).toBeLessThanOrEqual(api === 401 ? 2 : 0)
  first.lift()

  // The token endpoint meets it, while the session is known to live.
  const second = device.suffer(fault, { on: /^\/token$/ })
  const refused = await until(async () => {
    // Again where a refresh that was under way came in between.
    await device.spend()
    const late = await lateFrom(device.tab)
    const called = await device.ping()
    return second.hits.length > 0 && called.result !== 200 && { ...called, lateMs: await late() }
  }, { what: 'the token endpoint to be asked in vain', lookMs: 30_000 })
  expect(known).toContain(refused.result)
  expect(refused.ms).toBeLessThan(boundMs + refused.lateMs)
  await unharmed(device)
  second.lift()
  if (hangs) device.cut()
  await recovered(device)
  await refreshedOnce(device, acted)

  // An end that falls into it is known when it is over.
  const third = device.suffer(fault)
  device.cut()
  await world.authority.end(device.sid, { reason: 'password-changed' })
  await until(() => third.hits.includes('/session'), { what: 'the server to be asked in vain' })
  await unharmed(device)
  const { withinMs } = await until(async () => {
    const detection = await inPage(device.tab, () => shop.session.detection)
    return detection.via === 'poll' && detection
  }, { what: 'the page to know that it asks' })
  expect(withinMs).toBe(1_000)
  const lateLast = await lateFrom(device.tab)
  third.lift()
  const lifted = Date.now()
  await until(async () => (await device.status()) === 'signed-out', { what: 'the end to be known' })
  const learned = await inPage(device.tab, () => shop.session.diagnostics().trace.find(({ what }) => what === 'learned')!.at)
  expect(learned - lifted).toBeLessThan(withinMs + boundMs + (await lateLast()))
  expect(await inPage(device.tab, () => shop.ends)).toMatchObject([{ end: { cause: 'revoked', reason: 'password-changed' }, report: { complete: true } }])
  await device.close()
  return learned - lifted
}
