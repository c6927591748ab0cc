/** Messages between processes: they arrive, in order, from this person's processes alone, and what the dead leave is cleared away. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Channel } from '@3dimli/session/platform'
import { everythingIn, newFolder } from '../../test/folders.ts'
import { startChild } from '../../test/processes.ts'
import { processChannel } from './channel.ts'
import { eventually } from '../../test/eventually.ts'

interface End {
  readonly channel: Channel
  readonly heard: unknown[]
  readonly lacks: string[]
}

/** One end, which listens when this resolves. */
async function end(folder: string): Promise<End> {
  const [heard, lacks]: [unknown[], string[]] = [[], []]
  const channel = processChannel({ folder, id: () => randomBytes(16).toString('hex'), lack: (what) => lacks.push(what) })
  const before = notesIn(folder).length
  channel.open((message) => heard.push(message))
  onTestFinished(() => channel.close())
  await eventually(() => expect(notesIn(folder).length + lacks.length).toBeGreaterThan(before))
  return { channel, heard, lacks }
}

const notesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [])
const addressIn = (folder: string, note: string): string => (JSON.parse(readFileSync(join(folder, note), 'utf8')) as { address: string }).address
const heardBy = (one: End, messages: unknown[]) => eventually(() => expect(one.heard).toEqual(messages))

describe('the channel between processes', () => {
  it('carries each message to all others, in the order they were posted, and not to whoever posted it', async () => {
    const folder = newFolder()
    const [first, second, third] = [await end(folder), await end(folder), await end(folder)]
    const messages = Array.from({ length: 20 }, (_, number) => ({ v: 1, number, text: 'häuser | 🏠\n' }))
    for (const message of messages) first.channel.post(message)
    await heardBy(second, messages)
    await heardBy(third, messages)
    expect(first.heard).toEqual([])
  })

  it('P8 is a socket and a note that nobody else may open, also when the folder is too far away for a socket', async () => {
    const near = newFolder()
    const far = join(newFolder(), ...Array.from({ length: 5 }, () => 'a-folder-with-a-long-name'))
    for (const folder of [near, far]) {
      const [first, second] = [await end(folder), await end(folder)]
      first.channel.post('hello')
      await heardBy(second, ['hello'])
      for (const note of notesIn(folder)) {
        const address = addressIn(folder, note)
        const modes = [join(folder, note), address, dirname(address), folder].map((path) => (statSync(path).mode & 0o777).toString(8))
        expect(modes).toEqual(['600', '600', '700', '700'])
      }
    }
    expect(everythingIn(far).filter(({ path }) => !path.endsWith('.json'))).toEqual([])
  })

  it('leaves nothing behind when it is closed, and hears nothing more', async () => {
    const folder = join(newFolder(), ...Array.from({ length: 5 }, () => 'a-folder-with-a-long-name'))
    const [first, second] = [await end(folder), await end(folder)]
    const addresses = notesIn(folder).map((note) => addressIn(folder, note))
    second.channel.close()
    await eventually(() => expect(notesIn(folder)).toHaveLength(1))
    first.channel.post('late')
    first.channel.close()
    await eventually(() => expect(addresses.filter((address) => existsSync(dirname(address)))).toEqual([]))
    expect([second.heard, notesIn(folder)]).toEqual([[], []])
  })

  it('D5 is freed by the next message of what killed processes left', async () => {
    const directory = newFolder()
    const secret = join(newFolder(), 'secret')
    const child = startChild('session', { directory, secret, api: 'http://127.0.0.1:9' })
    child.say('start')
    await child.line('started')
    const folder = join(directory, '3dimli.shared', 'channel')
    await eventually(() => expect(notesIn(folder)).toHaveLength(1))
    const [note = ''] = notesIn(folder)
    await child.kill()
    expect(existsSync(addressIn(folder, note))).toBe(true)
    const { channel } = await end(folder)
    channel.post('anybody?')
    await eventually(() => expect(readdirSync(folder)).toHaveLength(2))
    expect(existsSync(join(folder, note))).toBe(false)
  })

  it('P1 a process that is stopped in the middle delays no message to the others', async () => {
    const folder = newFolder()
    const [first, second] = [await end(folder), await end(folder)]
    // Its system takes what is sent; nobody reads it.
    const stopped = createServer({ pauseOnConnect: true }).listen(join(folder, 'stopped'))
    onTestFinished(() => void stopped.close())
    await once(stopped, 'listening')
    writeFileSync(join(folder, 'stopped.json'), JSON.stringify({ address: join(folder, 'stopped'), owner: '' }))
    const since = performance.now()
    for (const message of ['watching', 'ending', 'ended']) first.channel.post(message)
    await heardBy(second, ['watching', 'ending', 'ended'])
    // As long as two of them would wait for it.
    expect(performance.now() - since).toBeLessThan(2_000)
  })

  it('is joined again by a process that others took for dead', async () => {
    const folder = newFolder()
    const [first, second] = [await end(folder), await end(folder)]
    for (const note of notesIn(folder)) rmSync(join(folder, note))
    first.channel.post('one')
    second.channel.post('two')
    await eventually(() => expect(notesIn(folder)).toHaveLength(2))
    first.channel.post('three')
    await eventually(() => expect(second.heard).toContain('three'))
  })

  it('E8 hands on what is no message as what it is, and nothing that has no end', async () => {
    const folder = newFolder()
    const { heard } = await end(folder)
    const address = addressIn(folder, notesIn(folder)[0]!)
    const say = (text: string) => new Promise((resolve) => connect(address).on('close', resolve).on('error', () => undefined).resume().end(text))
    await say('{"half":')
    await eventually(() => expect(heard).toEqual([undefined]))
    await say('x'.repeat(100_000))
    await say('"after"')
    await eventually(() => expect(heard).toEqual([undefined, 'after']))
  })

  it('P9 passes by notes that it cannot read, and says when it cannot be opened at all', async () => {
    const folder = newFolder()
    const [first, second] = [await end(folder), await end(folder)]
    writeFileSync(join(folder, 'broken.json'), '{"addr')
    mkdirSync(join(folder, 'folder.json'))
    first.channel.post('still')
    await heardBy(second, ['still'])
  })

  it('A9 that cannot be opened is said to be missing, and what is posted is lost without a word', async () => {
    const [folder, lacks]: [string, string[]] = [join(newFolder(), 'file'), []]
    writeFileSync(folder, '')
    const channel = processChannel({ folder, id: () => 'id', lack: (what) => lacks.push(what) })
    channel.open(() => undefined)
    channel.post('anybody?')
    await eventually(() => expect(lacks).toEqual(['processes cannot tell each other anything']))
    channel.close()
  })
})
