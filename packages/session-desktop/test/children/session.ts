/** A process of the application: a real session on the real platform, told by lines what to do. Its authority is asked over HTTP. */
import { createInterface } from 'node:readline'
import { createSession } from '@3dimli/session'
import { scriptedAuthority } from '@3dimli/session/testing'
import { desktop } from '../../src/index.ts'
import { secretsIn } from '../secrets.ts'

const { directory, secret, api, targets = [] } = JSON.parse(process.argv[2] ?? '') as { directory: string; secret?: string; api: string; targets?: string[] }
const server = scriptedAuthority(() => Date.now())
const asked = (path: string) => fetch(api + path).then((response) => response.json() as Promise<never>)
server.onRefresh = ({ refreshToken, attemptId }) => asked(`/refresh?token=${refreshToken}&attempt=${attemptId}`)
server.onSession = () => asked('/session')
server.onRevoke = (token) => asked(`/revoke?token=${token}`)

const platform = desktop({ name: 'shared', directory, ...(secret !== undefined && { secrets: secretsIn(secret) }) })
const session = createSession({ authority: server.authority, platform, origins: [api] })
for (const path of targets) await session.register({ kind: 'directory', path })
session.subscribe(({ status }) => console.log(`state ${status}`))
session.onEnd(({ cause }, { complete }) => console.log(`end ${cause} ${complete}`))

const tell = (what: string, call: Promise<unknown>): void => {
  call.then((value) => console.log(`${what} ${JSON.stringify(value ?? null)}`), (error: Error & { code?: string }) => console.log(`${what} failed ${error.code ?? error.message}`))
}
const commands: Record<string, (given: string) => void> = {
  start: () => tell('started', session.start().then(() => session.state.status)),
  adopt: (tokens) => tell('adopted', session.adopt(JSON.parse(tokens) as never).then(() => session.state.status)),
  bind: (tokens) => tell('bound', crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']).then((keys) => session.adopt({ ...JSON.parse(tokens) as { accessToken: string; subject: string }, tokenType: 'DPoP', keys }))),
  fetch: () => tell('fetched', session.fetch(`${api}/api`).then((response) => response.text())),
  out: () => tell('out', session.signOut()),
  doctor: () => tell('doctor', Promise.resolve(session.diagnostics())),
  slept: () => platform.slept(),
  woke: () => platform.woke(),
  exit: () => process.exit(0),
  stop: () => {
    session.stop()
    process.stdin.destroy()
  },
}
createInterface({ input: process.stdin }).on('line', (line) => {
  const [command = '', ...given] = line.split(' ')
  commands[command]?.(given.join(' '))
})
console.log('ready')
