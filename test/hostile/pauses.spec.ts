// 429 and 503 with Retry-After, and wrong Date headers: the pause holds in every tab, then there is one refresh, and nothing ends.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { recovered, refreshedOnce, slackMs, unharmed } from './course.ts'
import type { Device, Outcome } from './device.ts'
import { inPage, until } from './driver.ts'
import { clocks, pauses, redate, refuse } from './faults/pauses.ts'
import { lateFrom } from './late.ts'
import { tally } from './tally.ts'
import { createHostileWorld, type HostileWorld } from './world.ts'

const resources = [
  { name: '429 of an API', status: 429, headers: () => ({ 'retry-after': '4' }) },
  { name: '503 of an API', status: 503, headers: () => ({ 'retry-after': '4' }) },
] as const
const questions = [
  { name: '429 of the session endpoint', path: '/session', status: 429, headers: () => ({ 'retry-after': '4' }) },
  { name: '503 of the session endpoint', path: '/session', status: 503, headers: () => ({ 'retry-after': '4' }) },
  { name: '429 of the feed', path: '/session/events', status: 429, headers: () => ({ 'retry-after': '4' }) },
] as const

// Most of their time is spent waiting.
vi.setConfig({ maxConcurrency: 8 })

let world: HostileWorld
const all = [...pauses, ...clocks, ...resources, ...questions]
beforeAll(async () => void (world = await createHostileWorld({ devices: all.length })))
afterAll(() => world?.close())
const survived = tally('pauses and clocks', all)

/** When requests of a device to one path arrived since `since`. */
const arrivals = (device: Device, path: string, since: number): number[] =>
  world.proxy.seen.filter((seen) => seen.from === device.origin && seen.path === path && seen.at >= since).map(({ at }) => at)

describe.concurrent('pauses of the token endpoint', () => {
  for (const fault of pauses) {
    test(`P3 P4 ${fault.tags} ${fault.name} on a refresh holds in three tabs, and then one refresh is made`, async (context) => {
      const device = await world.device()
      await device.keep()
      const tabs = [device.tab, await device.open(), await device.open()]
      await device.spend()
      const before = device.refreshes().length
      const since = Date.now()
      const refusal = device.suffer(refuse(fault), { on: /^\/token$/, times: 1 })
      const seen = new Set<number | string>()
      const calls: Outcome[] = []
      const late = await lateFrom(device.tab)
      await until(async () => {
        const outcomes = await Promise.all(tabs.map((tab) => device.ping({ tab })))
        calls.push(...outcomes)
        await unharmed(device)
        return outcomes.every(({ result }) => result === 200)
      }, { what: 'the pause to be over', lookMs: 30_000 })
      const lateMs = await late()
      for (const { result, retryAfterMs, ms } of calls) {
        seen.add(result)
        expect(ms).toBeLessThan(slackMs + lateMs)
        if (retryAfterMs !== undefined) expect(retryAfterMs).toBeLessThanOrEqual(fault.pauseMs === undefined ? 1_500 : 4_000)
      }
      expect(refusal.hits).toEqual(['/token'])
      expect(seen).toEqual(new Set(['unreachable', 200]))
      const [refused, ...later] = arrivals(device, '/token', since)
      expect(later[0]! - refused!).toBeGreaterThanOrEqual(fault.pauseMs ?? 500)
      expect(later).toHaveLength(1)
      expect(device.refreshes().slice(before)).toEqual(['rotated'])
      await recovered(device)
      await refreshedOnce(device, false)
      survived(context, fault.name)
      await device.close()
    })
  }
})

describe.concurrent('pauses elsewhere', () => {
  for (const fault of resources) {
    test(`P4 A14 ${fault.name} is the caller's to keep to: it is sent once, and the session is not touched`, async (context) => {
      const device = await world.device()
      await device.keep()
      const before = device.refreshes().length
      const refusal = device.suffer(refuse(fault), { on: /^\/api\/ping$/ })
      expect(await device.ping()).toMatchObject({ result: fault.status })
      expect(refusal.hits).toEqual(['/api/ping'])
      await unharmed(device)
      refusal.lift()
      await recovered(device)
      // The tokens have nothing to do with it.
      expect(device.refreshes().slice(before)).toEqual([])
      await refreshedOnce(device, false)
      survived(context, fault.name)
      await device.close()
    })
  }

  for (const fault of questions) {
    test(`P4 A14 ${fault.name} is left alone for as long as it asked, by every tab`, async (context) => {
      const device = await world.device()
      await device.keep()
      const second = await device.open()
      // A neighbour that is closed brings another tab to the front, which then asks; these were looked at a moment ago and do not.
      for (const tab of [device.tab, second]) {
        await inPage(tab, async () => {
          dispatchEvent(new Event('focus'))
          await shop.session.confirm()
        })
      }
      // Asked by the clock: the feed is not there.
      const closed = device.suffer(({ response }) => response.socket?.resetAndDestroy(), { on: /^\/session\/events$/ })
      const since = Date.now()
      const refusal = device.suffer(refuse(fault), { on: new RegExp(`^${fault.path}$`), times: 1 })
      device.cut()
      await until(() => arrivals(device, fault.path, since).length > 1, { what: 'the question to be asked again' })
      const [refused, again] = arrivals(device, fault.path, since)
      expect(refusal.hits).toHaveLength(1)
      expect(again! - refused!).toBeGreaterThanOrEqual(4_000)
      closed.lift()
      expect(await device.status(second)).toBe('active')
      await recovered(device)
      survived(context, fault.name)
      await device.close()
    })
  }
})

describe.concurrent('clocks', () => {
  for (const fault of clocks) {
    test(`P3 P4 C1 ${fault.name} changes nothing: tokens live as long as they live, and each generation is refreshed once`, async (context) => {
      const device = await world.device()
      const wrong = device.suffer(redate(fault))
      await device.keep()
      const before = device.refreshes().length
      for (let round = 1; round <= 2; round += 1) {
        await device.spend()
        expect(await device.ping()).toMatchObject({ result: 200 })
        // The token is fresh now: no further call renews it.
        const outcomes = await Promise.all([device.ping(), device.ping(), device.confirm()])
        expect(outcomes.map(({ result }) => result)).toEqual([200, 200, 'alive'])
      }
      expect(device.refreshes().slice(before)).toEqual(['rotated', 'rotated'])
      expect(wrong.hits.length).toBeGreaterThan(5)
      await recovered(device)
      await refreshedOnce(device, false)
      await world.authority.end(device.sid, { reason: 'policy' })
      await until(async () => (await device.status()) === 'signed-out', { what: 'the end to be known' })
      survived(context, fault.name)
      await device.close()
    })
  }
})
