// Signing out while something else answers for the provider: done here at once, and told to the provider when it can be.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { slackMs } from './course.ts'
import { inPage, until } from './driver.ts'
import { signOuts } from './faults/sign-outs.ts'
import { lateFrom } from './late.ts'
import { tally } from './tally.ts'
import { createHostileWorld, type HostileWorld } from './world.ts'

/** How long the SDK waits for the answer to a revocation. */
const answerMs = 5_000

// Most of their time is spent waiting.
vi.setConfig({ maxConcurrency: 8 })

let world: HostileWorld
beforeAll(async () => void (world = await createHostileWorld({ devices: signOuts.length })))
afterAll(() => world?.close())
const survived = tally('sign-outs', signOuts)

describe.concurrent('a sign-out on a bad network', () => {
  for (const { name, tags, make, hangs = false } of signOuts) {
    test(`P2 ${tags} a sign-out into ${name} is whole here at once, and reaches the provider afterwards`, async (context) => {
      const device = await world.device()
      await device.keep()
      const fault = device.suffer(make({ issuer: world.authority.issuer, sid: device.sid }))
      device.cut()
      const late = await lateFrom(device.tab)
      const { remote, complete, ms } = await inPage(device.tab, async () => {
        const begun = performance.now()
        const { remote, purge } = await shop.session.signOut()
        return { remote, complete: purge?.complete, ms: performance.now() - begun }
      })
      expect({ remote, complete }).toEqual({ remote: 'queued', complete: true })
      expect(ms).toBeLessThan((hangs ? answerMs : 0) + slackMs + (await late()))
      expect(await device.status()).toBe('signed-out')
      expect((await device.storage()).record).toEqual({ live: false, journals: 0, outbox: 1, vault: 0, hasContentKey: false })
      expect(fault.hits).toContain('/token/revocation')

      fault.lift()
      await device.open()
      await until(async () => (await world.authority.sessions()).find(({ sid }) => sid === device.sid)?.end, { what: 'the provider to know of the sign-out' })
      await until(async () => (await device.storage()).record?.outbox === 0, { what: 'the token to be forgotten' })
      expect(await device.status()).toBe('signed-out')
      survived(context, name)
      await device.close()
    })
  }
})
