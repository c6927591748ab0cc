// An X server without a screen (Xvfb), what it shows, and the keys of a person in front of it.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import { tied } from './processes.ts'
import { until } from './until.ts'

export interface Display {
  readonly name: string
  press(keys: readonly string[]): void
  /** What is shown, once it has the colour (red, green, blue) in it. */
  picture(colour: readonly [number, number, number]): Promise<Uint8Array>
}

export async function startDisplay(): Promise<Display> {
  const folder = mkdtempSync(join(tmpdir(), 'display-'))
  const server: ChildProcess = spawn(...tied('Xvfb', ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp', '-fbdir', folder]), { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const name = await new Promise<string>((resolve, reject) => {
    server.once('error', reject).once('exit', (code) => reject(new Error(`Xvfb ended (exit ${code})`)))
    server.stdio[3]?.once('data', (number: Buffer) => resolve(`:${String(number).trim()}`))
  })
  server.unref()
  const env = { ...process.env, DISPLAY: name }
  const xdotool = (...args: string[]) => spawnSync('xdotool', args, { env, encoding: 'utf8', timeout: 60_000 }).stdout.trim()
  return {
    name,
    press(keys) {
      // Nobody manages windows here, so none has the keyboard by itself.
      xdotool('search', '--onlyvisible', '--class', 'MiniBrowser', 'windowfocus', '--sync')
      xdotool('key', '--clearmodifiers', ...keys)
    },
    async picture([red, green, blue]) {
      const wanted = Buffer.from([blue, green, red])
      const dump = await until(() => [readFileSync(join(folder, 'Xvfb_screen0'))].find((seen) => seen.includes(wanted)), { what: 'the tab to be drawn' })
      return png(dump)
    },
  }
}

/** The X server's memory (an XWD dump of four bytes a pixel) as a PNG. */
function png(dump: Buffer): Uint8Array {
  const word = (index: number) => dump.readUInt32BE(index * 4)
  const [headerSize, width, height, bytesPerLine, colours] = [word(0), word(4), word(5), word(12), word(19)]
  const from = headerSize + colours * 12
  const rows = Buffer.alloc((width * 3 + 1) * height)
  for (let y = 0, to = 0; y < height; y += 1) {
    rows[to++] = 0
    for (let x = 0; x < width; x += 1, to += 3) {
      const at = from + y * bytesPerLine + x * 4
      rows[to] = dump[at + 2]!
      rows[to + 1] = dump[at + 1]!
      rows[to + 2] = dump[at]!
    }
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2], 8)
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}
