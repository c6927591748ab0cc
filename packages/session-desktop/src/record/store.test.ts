/** The record in a real file: what is written comes back, what is damaged is lost and kept aside, and nobody else can read it. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Row } from '@3dimli/session/platform'
import { everythingIn } from '../../test/folders.ts'
import { random, read, row, setting, write } from '../../test/record.ts'
import { recordKeys, type RecordKeys } from './keys.ts'

/** A row with a key everywhere where one may be, and what the content keys were made of. */
async function keyed(keys: RecordKeys): Promise<{ readonly row: Row; readonly secret: Uint8Array<ArrayBuffer> }> {
  const secret = random(32)
  const of = { issuer: 'https://id.test', subject: 'mira' }
  const live = { ...of, startedAt: 0, tokens: { accessToken: 'canary-at', tokenType: 'DPoP', receivedAt: 0 }, keys: await keys.pair(), content: { id: 'c', key: await keys.content(secret) }, targets: [] }
  return {
    secret,
    row: row(0, {
      live: live as Row['live'] & object, outbox: [{ ...of, id: 'o', token: 'canary-rt', keys: await keys.pair(), at: 0 }],
      vault: [{ ...of, content: { id: 'd', key: await keys.content(secret) }, targets: [], until: 1, serverUntil: 1 }],
    }),
  }
}

const bitsOf = async (key: CryptoKey | undefined): Promise<string> =>
  Buffer.from(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: new Uint8Array() }, key!, 256)).toString('hex')

describe('the record on disk', () => {
  it('P10 comes back in another process with keys that work and that nobody can export, and goes on from there', async () => {
    const { open } = setting()
    const keys = recordKeys()
    const written = await keyed(keys)
    await write(open(keys), written.row)
    const second = open()
    await second.change((stored) => ({ ...(stored as Row), generation: 7 }), 'relaxed')
    const found = await read(open())
    expect(found).toMatchObject({ generation: 7, live: { subject: 'mira', tokens: { accessToken: 'canary-at' } }, outbox: [{ token: 'canary-rt' }] })
    const expected = await bitsOf(await crypto.subtle.importKey('raw', written.secret, 'HKDF', false, ['deriveBits']))
    expect([await bitsOf(found?.live?.content.key), await bitsOf(found?.vault[0]?.content.key)]).toEqual([expected, expected])
    for (const pairs of [[written.row.live, found?.live], [written.row.outbox[0], found?.outbox[0]]]) {
      const [made, kept] = pairs.map((entry) => entry!.keys!)
      const data = random(10)
      const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
      expect(await crypto.subtle.verify(algorithm, made!.publicKey, await crypto.subtle.sign(algorithm, kept!.privateKey, data), data)).toBe(true)
      expect([made!.privateKey.extractable, kept!.privateKey.extractable, kept!.publicKey.extractable]).toEqual([false, false, true])
    }
    expect([found?.live?.content.key?.extractable, found?.vault[0]?.content.key?.extractable]).toEqual([false, false])
  })

  it('whatever a server or an application put into a row comes back as it was', async () => {
    const { open } = setting()
    const [first, second] = [open(), open()]
    await fc.assert(fc.asyncProperty(fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('keys', 'row', 'path', '__proto__', 'key')), fc.jsonValue()), async (said) => {
      const next = { ...row(1), end: { said } } as unknown as Row
      const wanted = JSON.parse(JSON.stringify(next)) as unknown
      await write(first, next)
      expect(await second.read()).toEqual(wanted)
    }), { numRuns: 50, seed: 20_261_121 })
  })

  it('P8 lies in folders and files of this person alone, and has no token in the clear', async () => {
    const umask = process.umask(0)
    try {
      const { folder, open } = setting()
      const keys = recordKeys()
      await write(open(keys), (await keyed(keys)).row)
      const found = everythingIn(folder)
      expect(found.map(({ path, mode, isFolder }) => `${path} ${isFolder ? 'folder' : 'file'} ${mode}`).sort()).toEqual(['locks folder 700', 'record file 600'])
      for (const { bytes } of found) for (const form of ['utf8', 'utf16le', 'base64', 'hex'] as const) expect(bytes.includes(Buffer.from('canary').toString(form))).toBe(false)
    } finally {
      process.umask(umask)
    }
  })

  it('P5 J3 J8 cut at any length is lost: never a crash, and never the session that was there before', async () => {
    const { path, open } = setting()
    await write(open(), row(1, { attempt: { id: 'older', generation: 1, at: 0 } }))
    await write(open(), row(2))
    const whole = readFileSync(path)
    const store = open()
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(path, whole.subarray(0, length))
      expect(await store.read(), `${length} bytes`).toBeUndefined()
    }
    writeFileSync(path, whole)
    expect((await read(store))?.generation).toBe(2)
  })

  it('J3 that cannot be read is told apart from none, and kept aside, once, when another takes its place', async () => {
    const made = setting()
    expect(await made.open().read()).toBeUndefined()
    expect(made.lacks).toEqual([])
    await write(made.open(), row(1))
    const whole = readFileSync(made.path)
    writeFileSync(made.path, whole.subarray(0, -1))
    const store = made.open()
    expect(await store.read()).toBeUndefined()
    await store.change(() => undefined, 'strict')
    expect([made.lacks.includes('the record on disk was damaged'), readFileSync(made.path).length]).toEqual([true, whole.length - 1])
    await write(store, row(5))
    expect(readFileSync(`${made.path}.unreadable`)).toEqual(whole.subarray(0, -1))
    made.secret = random(32)
    const other = made.open()
    const sealed = readFileSync(made.path)
    expect(await other.read()).toBeUndefined()
    expect(made.lacks).toContain('the keychain holds another key than the one this record was written with')
    await write(other, row(6))
    expect(readFileSync(`${made.path}.unreadable`)).toEqual(sealed)
    expect((await read(made.open()))?.generation).toBe(6)
    expect(readdirSync(made.folder).sort()).toEqual(['locks', 'record', 'record.unreadable'])
  })

  it('J8 what a killed writer did not finish is no record, and is removed by the next one', async () => {
    const made = setting()
    await write(made.open(), row(1))
    writeFileSync(`${made.path}.1234.tmp`, readFileSync(made.path).subarray(0, 50))
    const store = made.open()
    expect((await read(store))?.generation).toBe(1)
    await write(store, row(2))
    expect(readdirSync(made.folder).sort()).toEqual(['locks', 'record'])
  })

  it('a decision that throws, or wants nothing, leaves the file as it is and the lock free', async () => {
    const made = setting()
    await write(made.open(), row(1))
    const before = readFileSync(made.path)
    const store = made.open()
    await expect(store.change(() => {
      throw new Error('no')
    }, 'strict')).rejects.toThrow('no')
    await store.change(() => undefined, 'strict')
    expect(readFileSync(made.path)).toEqual(before)
    expect(readdirSync(join(made.folder, 'locks'))).toEqual([])
  })

  it('P8 a key that was made elsewhere is refused, since it could not be written', async () => {
    const made = setting()
    const foreign = await recordKeys().pair()
    const next = { ...row(1), outbox: [{ id: 'o', token: 't', keys: foreign, issuer: 'i', subject: 's', at: 0 }] }
    await expect(write(made.open(), next)).rejects.toThrow(TypeError)
    expect(readdirSync(made.folder)).toEqual(['locks'])
  })
})

describe('J1 without a secret the record', () => {
  it('P8 lives in this process, says so, and writes nothing at all', async () => {
    const made = setting()
    made.secret = undefined
    const store = made.open()
    await write(store, row(3))
    expect([(await read(store))?.generation, store.kind, store.persistent()]).toEqual([3, 'memory', false])
    expect(await made.open().read()).toBeUndefined()
    expect(everythingIn(join(made.folder, '..'))).toEqual([])
  })

  it('leaves a file of before untouched', async () => {
    const made = setting()
    await write(made.open(), row(1))
    const before = readFileSync(made.path)
    const { secret } = made
    made.secret = undefined
    await write(made.open(), row(2))
    expect(readFileSync(made.path)).toEqual(before)
    made.secret = secret
    expect((await read(made.open()))?.generation).toBe(1)
  })
})

it('a folder that cannot be made keeps the record in memory, and says so', async () => {
  const made = setting()
  writeFileSync(made.folder, 'a file stands in the way')
  const store = made.open()
  await write(store, row(4))
  expect([(await read(store))?.generation, store.kind]).toEqual([4, 'memory'])
  expect(made.lacks).toEqual(['the data folder cannot be used: the session lives only in this process'])
})
