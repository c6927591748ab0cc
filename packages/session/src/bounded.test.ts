/** What the record holds after a long life: no more than after a short one. */
import { describe, expect, it } from 'vitest'
import { api, outcome, signedIn, signIn, turns } from '../test/scene.ts'

describe('sixty sign-ins of thirty people on a device that cannot reach its server', () => {
  it('D5 leave a record that has stopped growing: nothing is kept of a session but the newest given-up tokens', async () => {
    const made = await signedIn({ lifetimeSeconds: 5 })
    const { first, server, device } = made
    server.onRevoke = async () => ({ from: 'revocation', failed: 'network' })
    const sizes: number[] = []
    for (let turn = 0; turn < 60; turn += 1) {
      await first.session.signOut()
      await signIn(made, first, `person ${turn % 30}`.padEnd(12), 5)
      device.clock.stepWall(6_000)
      expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
      await turns(2)
      sizes.push(JSON.stringify(device.row()).length)
    }
    const row = device.row()
    expect([row?.outbox.length, row?.journals, row?.vault]).toEqual([20, [], []])
    // Numbers grow by a digit now and then.
    expect(Math.abs((sizes[59] ?? 0) - (sizes[39] ?? 0))).toBeLessThan(200)
    expect(device.flags.size).toBe(0)
  })
})
