/** A sign-in of one process, as the others see it, and as long as it keeps its own alive. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../../test/folders.ts'
import { newPerson } from '../../test/person.ts'
import { startChild } from '../../test/processes.ts'
import { provider } from '../../test/signing.ts'

describe('processes', () => {
  it('P1 E1 one signs in, and the others are signed in by themselves; one signs out, and all are signed out', async () => {
    const authority = await provider()
    const input = { directory: newFolder(), secret: join(newFolder(), 'secret'), issuer: authority.issuer }
    const [first, second] = [startChild('signing', input), startChild('signing', input)]
    await Promise.all([first.line('state signed-out'), second.line('state signed-out')])
    first.say('sign-in')
    await newPerson().signIn((await first.line('open ')).slice(5))
    await first.line('signed-in')
    await second.line('state active')
    second.say('ping')
    expect(await second.line('ping ')).toContain('acc_sela')
    second.say('out')
    await first.line('end signed-out')
    expect(first.errors() + second.errors()).toBe('')
  }, 240_000)

  it('J12 waits for the person, whatever else it has to do, and ends by itself after it', async () => {
    const authority = await provider()
    const child = startChild('signing', { directory: newFolder(), secret: join(newFolder(), 'secret'), issuer: authority.issuer, alone: 'browser' })
    const url = (await child.line('open ')).slice(5)
    const seen = await newPerson().signIn(url)
    expect(seen.text).toContain('You are signed in')
    expect([await child.over, child.lines.at(-1), child.errors()]).toEqual([0, 'signed-in active', ''])
  }, 240_000)

  it('J12 ends by itself after a time-out, although it would still tell who comes late', async () => {
    const authority = await provider()
    const child = startChild('signing', { directory: newFolder(), secret: join(newFolder(), 'secret'), issuer: authority.issuer, alone: 'timeout' })
    expect([await child.over, child.lines.at(-1), child.errors()]).toEqual([0, 'failed timeout', ''])
  }, 240_000)
})
