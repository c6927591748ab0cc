/** Locks between real processes: a dead owner holds nobody up, a live one is never robbed, and two never hold one lock. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, readdirSync, readFileSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newFolder } from '../../test/folders.ts'
import { deadOwner, ever, locksIn, plant, token } from '../../test/locks.ts'
import { startChild } from '../../test/processes.ts'
import { bury, ownerAt } from './bury.ts'
import { fileLocks } from './file-lock.ts'
import { describeSelf, standingOf, type Owner } from './owner.ts'
import { eventually } from '../../test/eventually.ts'

/** Every step into the lock, and who took it; throws where two were inside together. A killed process never writes again. */
function stepsOf(log: string): { readonly entries: number; readonly takenOver: number } {
  let inside: string | undefined
  let takenOver = 0
  let entries = 0
  const dead = new Set<string>()
  for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
    const [what, pid = ''] = line.split(' ')
    if (dead.has(pid)) throw new Error(`${pid} was inside together with another: ${line}`)
    if (what === 'in') {
      entries += 1
      if (inside !== undefined) {
        dead.add(inside)
        takenOver += 1
      }
      inside = pid
    } else {
      if (inside !== pid) throw new Error(`${pid} left a lock that ${inside} held`)
      inside = undefined
    }
  }
  return { entries, takenOver }
}

describe('J9 a lock between processes', () => {
  it('P3 is held by one at a time, however many processes are killed inside it', async () => {
    const folder = join(newFolder(), 'locks')
    const log = join(newFolder(), 'log')
    const kills = 24
    const start = () => startChild('holder', { folder, log, times: 100_000 })
    const workers = Array.from({ length: 4 }, start)
    for (let kill = 0; kill < kills; kill += 1) {
      const at = randomBytes(1)[0]! % workers.length
      const worker = workers[at]!
      await worker.line('in', worker.lines.length + (randomBytes(1)[0]! % 4))
      await worker.kill()
      workers[at] = start()
    }
    // Nobody is held up by those who died.
    await Promise.all(workers.map((worker) => worker.line('in', worker.lines.length + 2)))
    await Promise.all(workers.map((worker) => worker.kill()))
    const { entries, takenOver } = stepsOf(log)
    expect(takenOver).toBeGreaterThan(0)
    expect(entries).toBeGreaterThan(kills)
  }, 240_000)

  it('P3 is taken from a dead owner by one of many who see at once that it is dead', async () => {
    const folder = newFolder()
    let inside = 0
    let most = 0
    for (let round = 0; round < 20; round += 1) {
      plant(folder, await deadOwner())
      await Promise.all(Array.from({ length: 8 }, async () => {
        const held = await locksIn(folder)('shared', ever())
        inside += 1
        most = Math.max(most, inside)
        expect(await held.isOurs()).toBe(true)
        inside -= 1
        await held.release()
      }))
    }
    expect([most, readdirSync(folder)]).toEqual([1, []])
  }, 240_000)

  it('P3 is not taken away by one who saw a dead owner and was slow', async () => {
    const folder = newFolder()
    const dead = await deadOwner()
    const path = plant(folder, dead)
    const held = await locksIn(folder)('shared', ever())
    const claim = join(folder, '~slow')
    writeFileSync(claim, JSON.stringify(await describeSelf('slow')))
    await bury(path, dead, claim, async () => true)
    expect(await held.isOurs()).toBe(true)
    expect((await ownerAt(path))?.token).not.toBe(dead.token)
  })

  it('is freed also when who was about to free it died, again and again', async () => {
    const folder = newFolder()
    const dead = await deadOwner()
    const path = plant(folder, dead)
    for (const turn of [0, 1, 2]) plant(folder, await deadOwner(), `shared~${dead.token}~${turn}`)
    const held = await locksIn(folder)('shared', ever())
    await held.release()
    expect([existsSync(path), readdirSync(folder)]).toEqual([false, []])
  })

  it('is left to the one who is freeing it, while that one lives', async () => {
    const folder = newFolder()
    const dead = await deadOwner()
    const path = plant(folder, dead)
    plant(folder, await describeSelf(token()), `shared~${dead.token}~0`)
    const stop = new AbortController()
    const taking = locksIn(folder)('shared', stop.signal)
    taking.catch(() => undefined)
    await eventually(() => expect(readdirSync(folder).filter((name) => name.startsWith('~'))).toHaveLength(1))
    stop.abort(new Error('enough'))
    await expect(taking).rejects.toThrow('enough')
    expect((await ownerAt(path))?.token).toBe(dead.token)
  })

  it('A7 A8 of a live process is waited for as long as the signal says, also when that process is stopped', async () => {
    const folder = newFolder()
    const holder = startChild('holder', { folder, times: 1 })
    await holder.line('done')
    const before = readFileSync(join(folder, 'shared'), 'utf8')
    holder.process.kill('SIGSTOP')
    const failure = await locksIn(folder)('shared', AbortSignal.timeout(300)).catch((error: unknown) => error)
    expect((failure as DOMException).name).toBe('TimeoutError')
    expect(readFileSync(join(folder, 'shared'), 'utf8')).toBe(before)
    const next = locksIn(folder)('shared', ever())
    await holder.kill()
    await (await next).release()
    expect(readdirSync(folder)).toEqual([])
  })

  it('whose file somebody removed is not released twice, and is known to be lost', async () => {
    const folder = newFolder()
    const held = await locksIn(folder)('shared', ever())
    unlinkSync(join(folder, 'shared'))
    const next = await locksIn(folder)('shared', ever())
    expect([await held.isOurs(), await next.isOurs()]).toEqual([false, true])
    await held.release()
    expect(await next.isOurs()).toBe(true)
  })
})

describe('J9 an owner', () => {
  it('whose process id is another process now is dead, and so is a process that nobody reaped', async ({ skip }) => {
    skip(process.platform !== 'linux', 'the ages of processes are read from /proc of Linux')
    const self = await describeSelf(token())
    expect(await standingOf(self)).toBe('alive')
    expect(await standingOf({ ...self, start: '1' })).toBe('dead')
    // The child dies only when its parent is a program that never asks for its children.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'])
    onTestFinished(() => void parent.kill('SIGKILL'))
    const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (chunk) => resolve(Number(chunk))))
    await eventually(() => expect(readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n'))
    process.kill(pid, 'SIGKILL')
    await eventually(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z '))
    const start = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[19]!
    expect(await standingOf({ ...self, pid, start })).toBe('dead')
  })

  it.each([['of another host', { token: 'theirs', pid: 1, start: '1', world: 'elsewhere', machine: 'elsewhere' } satisfies Owner], ['that a power cut left empty', '']])('%s is waited for while it touches its lock, and not for ever when it does not', async (_, owner) => {
    const folder = newFolder()
    const path = plant(folder, owner)
    let passed = 0
    let touches = true
    // Time passes as fast as somebody waits for it.
    const timer = (ms: number, run: () => void): (() => void) => {
      const soon = setImmediate(() => {
        passed += ms
        if (touches) utimesSync(path, passed, passed)
        run()
      })
      return () => clearImmediate(soon)
    }
    let taken = false
    const taking = fileLocks({ folder, clock: { now: () => passed, monotonic: () => passed, timer }, token })('shared', ever()).then((held) => {
      taken = true
      return held
    })
    const past = async (time: number): Promise<void> => {
      while (!taken && passed < time) await new Promise((resolve) => setImmediate(resolve))
    }
    await past(120_000)
    touches = false
    // The machine sleeps: who sleeps beside the owner has not watched it.
    passed += 3_600_000
    await past(passed + 20_000)
    expect(taken).toBe(false)
    await past(Number.POSITIVE_INFINITY)
    await (await taking).release()
  })
})

it('a lock is a link, so that it is never there without its owner', async () => {
  const folder = newFolder()
  const held = await locksIn(folder)('3dimli.x:refresh', ever())
  const names = readdirSync(folder)
  expect(names).toEqual(['3dimli.x%3Arefresh'])
  expect((await ownerAt(join(folder, names[0]!)))?.pid).toBe(process.pid)
  expect(() => linkSync(join(folder, names[0]!), join(folder, names[0]!))).toThrow('EEXIST')
  await held.release()
})
