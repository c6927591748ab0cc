/** What processes and whole machines leave behind when they go down: nobody waits for it, and it is cleaned up. */
import { existsSync, promises, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { newFolder } from '../../test/folders.ts'
import { deadOwner, ever, locksIn, plant, token } from '../../test/locks.ts'
import { ownerAt } from './bury.ts'
import { describeSelf } from './owner.ts'

describe('J9 a lock', () => {
  it('cleans up after processes that were killed while they waited', async () => {
    const folder = newFolder()
    plant(folder, await deadOwner(), '~claim-of-the-dead')
    plant(folder, await describeSelf(token()), '~claim-of-the-living')
    plant(folder, await deadOwner(), 'other~gone~0')
    await (await locksIn(folder)('shared', ever())).release()
    expect(readdirSync(folder)).toEqual(['~claim-of-the-living'])
  })

  it('D5 leaves nothing behind when the disk is full, and cleans up after those who did', async () => {
    const folder = newFolder()
    plant(folder, '', '~being-written')
    for (const [name, text] of [['~empty', ''], ['~cut', '{"token":"']] as const) utimesSync(plant(folder, text, name), 1, 1)
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    vi.spyOn(promises, 'writeFile').mockImplementationOnce(async (path) => {
      writeFileSync(path as string, '')
      throw full
    })
    syncBuiltinESMExports()
    onTestFinished(() => {
      vi.restoreAllMocks()
      syncBuiltinESMExports()
    })
    await expect(locksIn(folder)('shared', ever())).rejects.toBe(full)
    expect(readdirSync(folder)).toEqual(['~being-written'])
  })
})

describe('J9 a lock that was held when the machine went down', () => {
  const before = { token: 'of-before', pid: process.pid, start: '1', world: 'the boot before' }
  const whileOff = (): number => Date.now() / 1000 - Math.max(uptime(), 30) - 60
  const here = async (): Promise<string> => (await describeSelf('')).machine

  it.each([['with its owner', async () => ({ ...before, machine: await here() })], ['empty', async () => '']])('P4 is taken at once after the start, by a process of a short life too, if it was left %s', async (_, owner) => {
    const folder = newFolder()
    const path = plant(folder, await owner())
    plant(folder, { ...before, machine: await here() }, '~claim-of-before')
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), whileOff(), whileOff())
    const held = await locksIn(folder)('shared', AbortSignal.timeout(2_000))
    expect([await held.isOurs(), readdirSync(folder)]).toEqual([true, ['shared']])
    await held.release()
    expect(existsSync(path)).toBe(false)
  })

  it.each([['of another machine', 'elsewhere', whileOff], ['that was touched since', undefined, () => Date.now() / 1000]] as const)('P3 is not taken at once from one %s', async (_, machine, touched) => {
    const folder = newFolder()
    const path = plant(folder, { ...before, machine: machine ?? (await here()) })
    utimesSync(path, touched(), touched())
    await expect(locksIn(folder)('shared', AbortSignal.timeout(300))).rejects.toMatchObject({ name: 'TimeoutError' })
    expect((await ownerAt(path))?.token).toBe(before.token)
  })
})
