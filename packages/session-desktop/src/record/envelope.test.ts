/** What a sealed record gives away and withstands, byte for byte. */
import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { open, seal } from './envelope.ts'

const secret = randomBytes(32)
const scope = '3dimli.x'
const text = JSON.stringify({ token: 'canary-1', häuser: '🏠' })
const sealed = () => seal(text, secret, scope, randomBytes)

describe('P8 a sealed record', () => {
  it('opens with its secret and under its name alone', () => {
    const bytes = sealed()
    expect(open(bytes, secret, scope)).toEqual({ kind: 'open', text })
    expect(open(bytes, randomBytes(32), scope)).toEqual({ kind: 'foreign' })
    expect(open(bytes, secret, '3dimli.y')).toEqual({ kind: 'foreign' })
  })

  it('J3 J8 that was cut anywhere is corrupt', () => {
    const bytes = sealed()
    const kinds = Array.from({ length: bytes.length }, (_, length) => open(bytes.subarray(0, length), secret, scope).kind)
    expect(new Set(kinds)).toEqual(new Set(['corrupt']))
  })

  it('J3 J8 with any bit changed opens no more, and is never taken for one of a newer version', () => {
    const bytes = sealed()
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = Buffer.from(bytes)
        changed[at]! ^= 1 << bit
        expect(['corrupt', 'foreign'], `bit ${bit} of byte ${at}`).toContain(open(changed, secret, scope).kind)
      }
    }
  })

  it('is another one each time, and has nothing of the text in the clear', () => {
    const bytes = [sealed(), sealed()]
    expect(bytes[0]).not.toEqual(bytes[1])
    for (const one of bytes) expect(one.includes('canary')).toBe(false)
  })

  it('D8 of a newer version says so, and nothing more', () => {
    // Written by a version that does not exist yet: the first twelve bytes are what all versions have in common.
    const header = Buffer.from('3DIMLI\n\u0002')
    const check = createHash('sha256').update(header).digest().subarray(0, 4)
    const checked = Buffer.concat([header, check, randomBytes(80)])
    expect(open(checked, secret, scope)).toEqual({ kind: 'newer', version: 2 })
  })
})
