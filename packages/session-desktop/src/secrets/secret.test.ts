/** The secret of the record: made once, asked for once, and done without where nothing keeps it. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { queueLock } from '@3dimli/session/platform'
import { manualClock } from '@3dimli/session/testing'
import { recordSecret, type Secrets } from './secret.ts'

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

function setting(secrets: Partial<Secrets>): { readonly ask: () => Promise<Uint8Array | undefined>; readonly clock: ReturnType<typeof manualClock>; readonly lacks: string[] } {
  const clock = manualClock()
  const lacks: string[] = []
  const given: Secrets = { read: async () => undefined, write: async () => {}, ...secrets }
  return { clock, lacks, ask: recordSecret({ secrets: given, lock: queueLock(), clock, random, lack: (what) => lacks.push(what) }) }
}

describe('the secret of the record', () => {
  it('J5 is asked for once, however often it is needed', async () => {
    let reads = 0
    const kept = random(32)
    const { ask } = setting({ read: async () => {
      reads += 1
      return kept
    } })
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([kept, kept, kept])
    expect([await ask(), reads]).toEqual([kept, 1])
  })

  it('is 32 random bytes, and what is read again after they were written', async () => {
    let kept: Uint8Array | undefined
    const { ask, lacks } = setting({ read: async () => kept, write: async (bytes) => {
      kept = Uint8Array.from(bytes)
    } })
    expect(await ask()).toEqual(kept)
    expect([kept?.length, lacks]).toEqual([32, []])
  })

  it('of another process, made at the same moment, wins over the own one', async () => {
    const theirs = random(32)
    let kept: Uint8Array | undefined
    const { ask } = setting({ read: async () => kept, write: async () => {
      kept = theirs
    } })
    expect(await ask()).toEqual(theirs)
  })

  it.each([
    ['that is never answered', { read: () => new Promise<never>(() => {}) }, 'the keychain does not answer: the session lives only in this process'],
    ['that is refused', { read: () => Promise.reject(new Error('secret words')) }, 'the keychain cannot be used: the session lives only in this process'],
    ['that throws at once', { read: () => {
      throw new Error('secret words')
    } }, 'the keychain cannot be used: the session lives only in this process'],
    ['in whose place something else lies, which is left there', { read: async () => random(31), write: () => Promise.reject(new Error('written over')) }, 'the keychain cannot be used: the session lives only in this process'],
    ['that cannot be written', { write: () => Promise.reject(new Error('read only')) }, 'the keychain cannot be used: the session lives only in this process'],
    ['that is forgotten as soon as it is written', {}, 'the keychain forgets what is written to it: the session lives only in this process'],
  ] as [string, Partial<Secrets>, string][])('P8 P9 J1 J2 J4 %s is done without, and the words for it hold nothing else', async (_, secrets, words) => {
    const { ask, clock, lacks } = setting(secrets)
    const asking = ask()
    await clock.advance(30_000)
    expect([await asking, lacks]).toEqual([undefined, [words]])
    expect([await ask(), lacks.length]).toEqual([undefined, 1])
  })
})
