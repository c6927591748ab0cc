/** Processes that are killed at random moments of a start, a sign-in, a refresh, an upload, an end and its purge: what they leave is whole, sealed, and never more alive than the server says. */
import { setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { generator } from '../../session/test/junk.ts'
import { everythingIn, newFolder } from '../test/folders.ts'
import { makeFile, openMarket, type Device, type Market, type Program } from '../test/market.ts'
import { newPerson } from '../test/person.ts'

const kills = 200
const seed = 20_261_121
const longestMs = 150

/** What may be in no file: the shape of a token, the names of its members, a file's name, and what a token was when it came. */
const plain = ['eyJ', 'accessToken', 'refreshToken', 'canary']

type Deed = 'start' | 'sign-in' | 'refresh' | 'upload' | 'end' | 'sign-out'
interface Life {
  readonly device: Device
  /** Who signs in in a browser, at the provider; undefined where the tokens are brought by `adopt()`. */
  readonly email: string | undefined
  /** Whether it must be there, must not, or nobody can tell. */
  there: 'yes' | 'no' | 'unknown'
  /** Every word of a sign-in, and every token, that was seen anywhere. */
  readonly secrets: Set<string>
}

const more = ({ email }: Life): object => ({ uploads: { chunkBytes: 64 * 1024 }, ...(email !== undefined && { clientId: 'uploader', redirectUri: 'http://127.0.0.1/' }) })

/** A person signs in for the program that waits for it; it may be gone before they are done. */
async function signIn(url: URL, { email, secrets }: Life): Promise<void> {
  const seen = (address: URL): true => {
    for (const name of ['state', 'code']) if (address.searchParams.has(name)) secrets.add(address.searchParams.get(name)!)
    return true
  }
  seen(url)
  await newPerson(seen).signIn(url, email).catch(() => undefined)
}

/** Everything on the device is sealed, and the record can be read. */
function inspect(market: Market, { device, secrets }: Life, after: string): void {
  for (const token of market.refreshTokens()) secrets.add(token)
  for (const { path, bytes } of everythingIn(device.directory)) {
    expect(path, after).not.toMatch(/unreadable|canary/)
    for (const text of [...plain, ...secrets]) expect(bytes.includes(text), `"${text.slice(0, 12)}" in ${path} ${after}`).toBe(false)
  }
}

/** Starts a process and compares what it believes with what the server knows. */
async function begin(life: Life, after: string): Promise<Program> {
  const program = await life.device.program(more(life))
  const standing = await program.ask('standing')
  if (life.there === 'no' && standing === 'active') {
    // The server ended it, and no process lived to hear that: this one hears it at once, and never takes it back.
    await program.line('end ')
    await expect.poll(() => program.ask('standing'), { message: after, timeout: 60_000 }).toBe('signed-out')
  } else if (life.there === 'no') expect(standing, after).toBe('signed-out')
  else if (life.there === 'yes') expect(standing, after).toBe('active')
  else life.there = standing === 'active' ? 'yes' : 'no'
  return program
}

async function live(market: Market, life: Life, count: number, seeded: number, path: string): Promise<Record<string, number>> {
  const { below, pick } = generator(seeded)
  const killed: Record<string, number> = {}
  for (let kill = 0; kill < count; kill += 1) {
    const deed: Deed = below(5) === 0 ? 'start' : life.there === 'no' ? 'sign-in' : pick<Deed>(['refresh', 'refresh', 'upload', 'upload', 'upload', 'end', 'sign-out'])
    const after = `after kill ${kill} of seed ${seeded}, during ${deed}`
    const kind = deed === 'sign-in' && life.email !== undefined ? 'sign-in in a browser' : deed
    killed[kind] = (killed[kind] ?? 0) + 1
    if (deed === 'start') {
      const program = life.device.spawn(more(life))
      program.say('start null')
      await pause(below(4 * longestMs))
      await program.kill()
      inspect(market, life, after)
      continue
    }
    const program = await begin(life, after)
    // What was unknown before is known now, and may make the deed senseless.
    if (life.there === 'no' && deed !== 'sign-in') {
      await program.kill()
      continue
    }
    if (deed === 'sign-in' && life.email !== undefined) {
      life.there = 'unknown'
      program.say('signIn null')
      const signedIn = program.line('open ').then((line) => signIn(new URL(line.slice(5)), life))
      // Before the person sees anything; while they sign in, the answer comes and the code is redeemed; when all that is over.
      const stage = below(3)
      if (stage > 0) await program.line('open ')
      if (stage > 1) await signedIn
      else signedIn.catch(() => undefined)
      if (stage === 1) await pause(below(4 * longestMs))
    } else if (deed === 'sign-in') {
      const tokens = await market.signIn()
      life.there = 'unknown'
      life.secrets.add((tokens as typeof tokens & { accessToken: string }).accessToken)
      program.say(`adopt ${JSON.stringify(tokens)}`)
    } else if (deed === 'refresh') program.say('authorize null')
    else if (deed === 'upload') program.say(`add ${JSON.stringify([path])}`)
    else if (deed === 'end') {
      await market.authority.end((await program.ask('sid')) as string, { reason: 'password-changed' })
      life.there = 'no'
    } else {
      program.say('out null')
      life.there = 'unknown'
    }
    await pause(below(longestMs))
    await program.kill()
    if (program.lines.some((line) => line.startsWith('out '))) life.there = 'no'
    if (program.lines.some((line) => line === 'adopt null' || line === 'signIn null')) life.there = 'yes'
    inspect(market, life, after)
  }
  return killed
}

it(`P2 P5 P8 J8 ${kills} kills at random moments leave a whole record, no word in the clear, and no session that had ended`, async () => {
  const market = await openMarket({ accessTokenSeconds: 2 })
  const path = join(newFolder(), 'canary.glb')
  await makeFile(path, 512 * 1024, 'canary')
  const people = [undefined, undefined, 'sela@example.test', 'jonas@example.test']
  const lives = people.map((email): Life => ({ device: market.device(), email, there: 'no', secrets: new Set() }))
  const all = await Promise.all(lives.map((life, lane) => live(market, life, kills / lives.length, seed + lane, path)))
  for (const life of lives) {
    const program = await begin(life, 'at the end')
    if (life.there === 'yes') await market.authority.end((await program.ask('sid')) as string, { reason: 'password-changed' })
    await expect.poll(() => program.ask('standing'), { timeout: 60_000 }).toBe('signed-out')
    await expect.poll(() => everythingIn(life.device.directory).filter(({ path: found, isFolder }) => /content.uploads/.test(found) && !isFolder), { timeout: 60_000 }).toEqual([])
    await program.ask('close')
    await program.over
    inspect(market, life, 'at the end')
  }
  const sums = new Map<string, number>()
  for (const [kind, times] of all.flatMap((one) => Object.entries(one))) sums.set(kind, (sums.get(kind) ?? 0) + times)
  console.log(`killed during: ${[...sums].map((sum) => sum.join(' ')).join(', ')}`)
}, 600_000)
