/** A process of an application that signs in at a real provider: by lines that say what to do, or `alone`, with nothing else that keeps it alive. */
import { createInterface } from 'node:readline'
import { createSession, isSessionError } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { desktop } from '../../src/index.ts'
import { secretsIn } from '../secrets.ts'

const { directory, secret, issuer, alone } = JSON.parse(process.argv[2] ?? '') as { directory: string; secret: string; issuer: string; alone?: 'browser' | 'device' | 'timeout' }
const made = desktop({ name: 'shared', directory, secrets: secretsIn(secret), open: (url) => console.log(`open ${url.href}`) })
/** A clock on which a person is slow: what takes minutes is over in a moment. */
const hasty = () => {
  const ports = made.open()
  return { ...ports, clock: { ...ports.clock, timer: (ms: number, run: () => void) => ports.clock.timer(ms === 300_000 ? 50 : ms, run) } }
}
const session = createSession({
  authority: oauth({ issuer, clientId: 'uploader', redirectUri: 'http://127.0.0.1/', scope: 'openid offline_access profile uploads:write' }),
  platform: alone === 'timeout' ? { ...made, open: hasty } : made, origins: [issuer],
})
session.onEnd(({ cause }) => console.log(`end ${cause}`))
const device = ({ verificationUriComplete }: { verificationUriComplete?: string }): void => console.log(`device ${verificationUriComplete}`)

if (alone) {
  await session.start()
  await session.signIn(alone === 'device' ? { device } : {}).then(
    () => console.log(`signed-in ${session.state.status}`),
    (error: unknown) => console.log(`failed ${isSessionError(error, 'sign-in-failed') ? error.details.error : String(error)}`),
  )
  if (alone !== 'timeout') session.stop()
} else {
  session.subscribe(({ status }) => console.log(`state ${status}`))
  await session.start()
  createInterface({ input: process.stdin }).on('line', (line) => {
    if (line === 'sign-in') void session.signIn().then(() => console.log('signed-in'), (error: unknown) => console.log(`failed ${String(error)}`))
    if (line === 'ping') void session.fetch(`${issuer}/api/ping`).then(async (answer) => console.log(`ping ${await answer.text()}`))
    if (line === 'out') void session.signOut()
  })
}
