/** What is printed: sizes, names and frames that fit a terminal, whatever a file is called. */
import { describe, expect, it } from 'vitest'
import type { Upload, UploadsState } from '@3dimli/session-desktop/uploads'
import { frame, plain } from './frame.ts'
import { duration, percent, size } from './numbers.ts'
import { createSpeed } from './speed.ts'

const upload = (members: Partial<Upload> = {}): Upload => ({ id: '1', path: '/models/chair.blend', name: 'chair.blend', state: 'uploading', bytesSent: 50, bytesTotal: 100, ...members })
const queue = (uploads: readonly Upload[]): UploadsState => ({
  uploads, bytesSent: uploads.reduce((sum, one) => sum + one.bytesSent, 0), bytesTotal: uploads.reduce((sum, one) => sum + one.bytesTotal, 0),
})

describe('numbers', () => {
  it('are written as people read them, in the unit they are rounded to', () => {
    expect([0, 999, 1_000, 999_499, 999_500, 1_500_000, 99_400_000, 123_456_789, 999_500_000, 2_000_000_000, 5e12].map(size)).toEqual([
      '0 B', '999 B', '1 KB', '999 KB', '1.0 MB', '1.5 MB', '99.4 MB', '123 MB', '1.0 GB', '2.0 GB', '5000 GB',
    ])
    expect([percent(0, 0), percent(999, 1000), percent(1000, 1000)]).toEqual(['0 %', '99 %', '100 %'])
    expect([500, 61_000, 3_600_000].map(duration)).toEqual(['1 s', '2 min', '1 h 0 min'])
  })

  it('tell a speed once there is enough to tell it by, and begin anew when bytes were lost', () => {
    const speed = createSpeed()
    expect([speed(0, 0), speed(100, 100), speed(1_000, 1_000), speed(9_000, 9_000), speed(10_000, 10_000)]).toEqual([0, 0, 1_000, 0, 1_000])
    expect(speed(5_000, 10_500)).toBe(0)
  })
})

describe('a frame', () => {
  it('shows what is being sent, counts the rest, and is empty when nothing is left', () => {
    const uploads = [upload({ state: 'done', bytesSent: 100 }), upload(), ...Array.from({ length: 12 }, () => upload({ state: 'waiting', bytesSent: 0 }))]
    const lines = frame(queue(uploads), { columns: 100, bytesPerSecond: 10 }).split('\n')
    expect(lines).toEqual([
      '  chair.blend  ██████████░░░░░░░░░░   50 %  50 B of 100 B',
      '  and 12 more files',
      '  1 of 14 files, 150 B of 1 KB, 10 B/s, 3 min left',
    ])
    expect(frame(queue([upload({ state: 'done' }), upload({ state: 'failed' })]), { columns: 100, bytesPerSecond: 0 })).toBe('')
  })

  it('fits the terminal, and no name of a file can command it', () => {
    const name = `${'very long '.repeat(20)}\u001B[2J\u0007\u202E\nname.glb`
    for (const columns of [20, 40, 80, 200]) {
      const drawn = frame(queue([upload({ name }), upload({ name, state: 'hashing' })]), { columns, bytesPerSecond: 1 })
      for (const line of drawn.split('\n')) expect(line.length).toBeLessThan(Math.max(21, columns))
      expect(drawn.replaceAll('\n', '')).not.toMatch(/\p{C}/u)
    }
    expect(plain('a\u001B[31mb\nc')).toBe('ab?c')
  })
})
