/** A seller's program: a real session at a real provider, and uploads, told by lines what to do. */
import { createInterface } from 'node:readline'
import { createSession } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import type { Row } from '@3dimli/session/platform'
import { desktop } from '../../src/index.ts'
import { createUploads, type AddOptions } from '../../src/uploads/index.ts'
import { secretsIn } from '../secrets.ts'

interface Input {
  readonly directory: string
  readonly secret: string
  readonly issuer: string
  readonly api: string
  readonly redirectUri: string
  readonly clientId?: string
  readonly uploads?: object
}
interface Adopted {
  readonly accessToken: string
  readonly subject: string
  readonly keys: { readonly privateKey: JsonWebKey; readonly publicKey: JsonWebKey }
}

const { directory, secret, issuer, api, redirectUri, clientId = 'storefront', uploads: options } = JSON.parse(process.argv[2] ?? '') as Input
const platform = desktop({ name: 'uploader', directory, secrets: secretsIn(secret), open: (url) => console.log(`open ${url.href}`) })
const session = createSession({ authority: oauth({ issuer, clientId, redirectUri, scope: 'openid offline_access profile uploads:write' }), platform, origins: [api] })
const uploads = createUploads(session, { endpoint: `${api}/api/uploads`, platform, retryDelays: [50, 100, 200, 400, 800, 1_600, 3_200], ...options })
session.subscribe(({ status }) => console.log(`state ${status}`))
session.onEnd(({ cause }, report) => console.log(`end ${JSON.stringify({ cause, complete: report.complete, targets: report.targets })}`))
const show = (): void => console.log(`uploads ${JSON.stringify(uploads.state.uploads)}`)
uploads.subscribe(show)

const read = (key: JsonWebKey, usage: KeyUsage): Promise<CryptoKey> => crypto.subtle.importKey('jwk', key, { name: 'ECDSA', namedCurve: 'P-256' }, true, [usage])
const commands: Record<string, (given: never) => unknown> = {
  start: () => session.start(),
  standing: () => session.state.status,
  /** How many refreshes the record holds, those for a token that can only upload included. */
  async refreshes() {
    const { generation, mints = 0 } = (await platform.open().store.read()) as Row
    return generation + mints
  },
  sid: () => ('session' in session.state ? session.state.session.sid : undefined),
  signIn: () => session.signIn(),
  authorize: () => session.authorize({ method: 'POST', url: `${api}/api/uploads` }).then(() => 'given'),
  async adopt({ keys, ...tokens }: Adopted) {
    await session.adopt({ ...tokens, keys: { privateKey: await read(keys.privateKey, 'sign'), publicKey: await read(keys.publicKey, 'verify') } })
  },
  add: (files: (string | [string, AddOptions])[]) => files.map((file) => (typeof file === 'string' ? uploads.add(file) : uploads.add(...file))),
  settled: () => uploads.settled(),
  pause: (id?: string) => uploads.pause(id ?? undefined),
  resume: (id?: string) => uploads.resume(id ?? undefined),
  cancel: (id: string) => uploads.cancel(id),
  look: show,
  unfinished: () => uploads.unfinished(),
  out: () => session.signOut(),
  trace: () => session.diagnostics().trace,
  memory: () => process.memoryUsage.rss(),
  close() {
    uploads.close()
    session.stop()
    process.stdin.destroy()
  },
}
createInterface({ input: process.stdin }).on('line', (line) => {
  const at = line.indexOf(' ')
  const command = line.slice(0, at)
  Promise.resolve(commands[command]?.(JSON.parse(line.slice(at + 1)) as never)).then(
    (value) => console.log(`${command} ${JSON.stringify(value ?? null)}`),
    (error: Error & { code?: string }) => console.log(`${command} ${JSON.stringify({ error: error.code ?? error.message })}`),
  )
})
console.log('ready')
