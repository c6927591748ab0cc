// Captive portals, proxies and gateways answer for the provider: nothing ends, nothing is lost, and a real end is known afterwards.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { recovered, slackMs, survives, unharmed } from './course.ts'
import { until } from './driver.ts'
import { intermediaries, openings } from './faults/intermediaries.ts'
import { lateFrom } from './late.ts'
import { tally } from './tally.ts'
import { createHostileWorld, type HostileWorld } from './world.ts'

// Most of their time is spent waiting.
vi.setConfig({ maxConcurrency: 8 })

let world: HostileWorld
beforeAll(async () => void (world = await createHostileWorld({ devices: intermediaries.length + openings.length })))
afterAll(() => world?.close())
const survived = tally('intermediaries', [...intermediaries, ...openings.map(({ name }) => ({ name: `${name}, while a page is opened` }))])

describe.concurrent('answers in the place of the provider', () => {
  for (const fault of intermediaries) {
    test(`P3 P4 P7 ${fault.tags} ${fault.name} ends nothing, and an end during it is known afterwards`, async (context) => {
      await survives(world, fault)
      survived(context, fault.name)
    })
  }
})

describe.concurrent('pages opened while something answers for the metadata', () => {
  for (const { name, make } of openings) {
    test(`P4 B2 a page opened while ${name} answers for the metadata has its session, and asks the provider when it can`, async (context) => {
      const device = await world.device()
      await device.keep()
      const fault = device.suffer(make({ issuer: world.authority.issuer, sid: device.sid }), { on: /^\/\.well-known\// })
      const second = await device.open()
      expect(await device.status(second)).toBe('active')
      const late = await lateFrom(second)
      const confirmed = await device.confirm(second)
      expect(confirmed.result).toBe('unknown')
      expect(confirmed.ms).toBeLessThan(slackMs + (await late()))
      expect(fault.hits.length).toBeGreaterThan(0)
      await unharmed(device)
      fault.lift()
      await until(async () => (await device.confirm(second)).result === 'alive', { what: 'the second tab to reach the provider' })
      await device.spend()
      expect(await device.ping({ tab: second })).toMatchObject({ result: 200 })
      await recovered(device)
      expect(device.refreshes()).toEqual(['rotated'])
      survived(context, `${name}, while a page is opened`)
      await device.close()
    })
  }
})
