/** A seller's machine for a test: a real provider, a keyring of its own, and the uploader as real processes. */
import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { newFolder } from '../../../../packages/session-desktop/test/folders.ts'
import { startKeyring } from '../../../../packages/session-desktop/test/keyring.ts'
import { newPerson } from '../../../../packages/session-desktop/test/person.ts'
import { startAuthority, type Authority, type AuthorityEvent, type AuthorityOptions } from '@3dimli/example-authority'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

/** One object of `--json`. */
export type Told = { readonly event: string } & Readonly<Record<string, unknown>>

/** One run of the program. */
export interface Ran {
  /** Everything on stdout, and on stderr, so far. */
  readonly out: () => string
  readonly err: () => string
  /** What was told so far, with `--json`. */
  readonly told: () => readonly Told[]
  /** Resolves with the first object that fits; rejects when the program ends without one. */
  when(event: string, fits?: (told: Told) => boolean): Promise<Told>
  /** Resolves with the exit code. */
  readonly over: Promise<number | NodeJS.Signals>
  signal(name: NodeJS.Signals): void
}

/** The machine. */
export interface Stage {
  readonly authority: Authority
  readonly events: readonly AuthorityEvent[]
  readonly data: string
  /** The seller's home folder. */
  readonly home: string
  /** What the marketplace has, as it lies there. */
  assets(): readonly { readonly size: number; readonly sha256: string }[]
  /** Runs a command on this machine. */
  run(...args: string[]): Ran
  /** Runs it with `--json`. */
  tell(...args: string[]): Ran
  /** Signs a seller in by `uploader sign-in --device`. */
  signIn(email?: string): Promise<void>
}

/** Sets it up; `keyring: false` is a machine without one. `observe` is told of everything on the server. */
export async function stage({ keyring = true, observe, ...options }: AuthorityOptions & { readonly keyring?: boolean } = {}): Promise<Stage> {
  const events: AuthorityEvent[] = []
  const dataDir = newFolder()
  const authority = await startAuthority({
    port: 0, dataDir, storefront: 'http://localhost:4999', deviceIntervalSeconds: 1, ...options,
    observe(event) {
      events.push(event)
      observe?.(event)
    },
  })
  onTestFinished(() => authority.close())
  const home = newFolder()
  const plain: NodeJS.ProcessEnv = { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_RUNTIME_DIR: home, DBUS_SESSION_BUS_ADDRESS: `unix:path=${home}/none` }
  const env: NodeJS.ProcessEnv = { ...(keyring ? await startKeyring('pw') : plain), LANG: 'en_GB.UTF-8', NO_COLOR: '1' }
  const data = newFolder()
  const run = (...args: string[]): Ran => start([...args, ...(args.includes('--server') ? [] : ['--server', authority.issuer]), '--data', data], env)
  const tell = (...args: string[]): Ran => run(...args, '--json')
  return {
    authority, events, data, home: env.HOME ?? home, run, tell,
    assets: () => events.flatMap((event) => {
      if (event.type !== 'upload' || event.what !== 'finished') return []
      const bytes = readFileSync(join(dataDir, 'uploads', event.id))
      return [{ size: bytes.length, sha256: hash('sha256', bytes, 'hex') }]
    }),
    async signIn(email = 'sela@example.test') {
      const signing = tell('sign-in', '--device')
      await approve(await signing.when('code'), { email })
      if ((await signing.over) !== 0) throw new Error(`Not signed in: ${signing.err()}`)
    },
  }
}

/** Lets a program in that shows a code, as a person does on another device; or says no. */
export async function approve(code: Told, { email = 'sela@example.test', answer = 'yes' }: { readonly email?: string; readonly answer?: 'yes' | 'no' } = {}): Promise<void> {
  const person = newPerson()
  let page = await person.visit(String(code['verificationUriComplete']))
  if (answer === 'no') return void (await person.submit(page, { abort: 'yes' }))
  if (page.html.includes('name="confirm"')) page = await person.submit(page, { confirm: 'yes' })
  if (page.html.includes('name="password"')) page = await person.submit(page, { email, password: 'demo' })
  if (!page.text.includes('That worked')) throw new Error(`Not let in: ${page.text}`)
}

function start(args: readonly string[], env: NodeJS.ProcessEnv): Ran {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  let code: number | NodeJS.Signals | undefined
  const looks = new Set<() => void>()
  const look = (): void => [...looks].forEach((one) => one())
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    look()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const over = new Promise<number | NodeJS.Signals>((resolve) => child.on('close', (number, signal) => {
    code = number ?? signal ?? 1
    look()
    resolve(code)
  }))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await over
  })
  const told = (): Told[] => out.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Told)
  return {
    out: () => out, err: () => err, told, over,
    signal: (name) => void child.kill(name),
    when: (event, fits = () => true) =>
      new Promise((resolve, reject) => {
        const see = (): void => {
          const found = told().find((one) => one.event === event && fits(one))
          if (!found && code === undefined) return
          looks.delete(see)
          if (found) resolve(found)
          else reject(new Error(`It ended (${code}) without "${event}":\n${out}${err}`))
        }
        looks.add(see)
        see()
      }),
  }
}
