// The application of these tests: it keeps downloads, a draft and data of its own in each kind of storage.
import { createSession } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { browser } from '@3dimli/session/browser'
import { createCheckout } from '@3dimli/session/checkout'
import { createDownloads } from '@3dimli/session/downloads'
import './dump.ts'

const { issuer } = (await (await fetch('/config.json')).json()) as { issuer: string }
const session = createSession({
  authority: oauth({ issuer, clientId: 'storefront', redirectUri: `${location.origin}/`, scope: 'openid offline_access library checkout profile' }),
  platform: browser({ name: 'traces' }),
  origins: [issuer, location.origin],
})
const downloads = createDownloads(session)
const checkout = createCheckout<unknown, unknown>(session, {
  submit: async (draft, { fetch: send, idempotencyKey }) => (await send('/orders', { method: 'POST', body: JSON.stringify(draft), headers: { 'idempotency-key': idempotencyKey } })).json(),
  find: async () => undefined,
})
const told: unknown[] = []
session.onEnd((end, report) => told.push({ end, report }))
session.subscribe((state) => told.push(state))
for (const target of [
  { kind: 'indexeddb', database: 'recently-viewed' },
  { kind: 'indexeddb', database: 'mixed', store: 'rows', prefix: 'own.' },
  { kind: 'cache-storage', cache: 'previews' },
  { kind: 'web-storage', area: 'local', prefix: 'own.' },
  { kind: 'web-storage', area: 'local', key: 'address' },
  { kind: 'web-storage', area: 'session', prefix: 'own.' },
  { kind: 'opfs', path: 'previews' },
] as const) await session.register(target)

const traced = { session, downloads, checkout, told, issuer, started: session.start() }
export type Traced = typeof traced
declare global {
  var traced: Traced
}
globalThis.traced = traced
