// The page of the browser tests: the SDK as an application uses it, and nothing to look at but what is covered.
import { createSession, type LeaseOptions } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { browser } from '@3dimli/session/browser'
import { createCheckout } from '@3dimli/session/checkout'
import { createDownloads } from '@3dimli/session/downloads'

const wishes = new URLSearchParams(sessionStorage.getItem('wishes') ?? location.search)
if (['events', 'pollMs', 'origin', 'defaultLease', 'downloadsLease', 'checkoutLease'].some((wish) => wishes.has(wish))) sessionStorage.setItem('wishes', wishes.toString())
const eventsEndpoint = wishes.get('events')
const pollMs = wishes.get('pollMs')
const lease: LeaseOptions = Object.fromEntries(['default', 'downloads', 'checkout'].flatMap((kind) => (wishes.has(`${kind}Lease`) ? [[kind, wishes.get(`${kind}Lease`)]] : [])))
const more = wishes.getAll('origin')
const { issuer } = (await (await fetch('/config.json')).json()) as { issuer: string }

const session = createSession({
  authority: oauth({ issuer, clientId: 'storefront', redirectUri: `${location.origin}/`, scope: 'openid offline_access library checkout profile', ...(eventsEndpoint && { eventsEndpoint }) }),
  platform: browser({ name: 'shop' }),
  origins: [issuer, ...more],
  ...(pollMs && { pollMs: Number(pollMs) }),
  lease,
})
const downloads = createDownloads(session)
const checkout = createCheckout<unknown, unknown>(session, {
  submit: async (draft, { fetch, idempotencyKey }) => {
    const answer = await fetch(`${issuer}/api/orders`, {
      method: 'POST', body: JSON.stringify(draft), headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    })
    if (!answer.ok) throw new Error(`order refused: ${answer.status}`)
    return answer.json()
  },
  find: async ({ fetch, idempotencyKey }) => ((await (await fetch(`${issuer}/api/orders?idempotency_key=${idempotencyKey}`)).json()) as unknown[])[0],
})
const ends: unknown[] = []
const states: { status: string; reason?: string; at: number }[] = []
session.onEnd((end, report) => ends.push({ end, report }))
session.subscribe((state) => states.push({ status: state.status, ...(state.status === 'fenced' && { reason: state.reason }), at: Date.now() }))
await session.register({ kind: 'indexeddb', database: 'recently-viewed' })
await session.register({ kind: 'web-storage', area: 'local', prefix: 'shop.recent.' })
await session.register({ kind: 'web-storage', area: 'session', key: 'shop.filter' })
await session.register({ kind: 'opfs', path: 'previews' })

const shop = { session, downloads, checkout, ends, states, issuer, started: session.start() }
declare global {
  var shop: Shop
}
export type Shop = typeof shop
globalThis.shop = shop
await shop.started
const secret = document.createElement('main')
secret.textContent = 'mira owns a chair'
// Pure red, so that a picture tells whether it was shown.
secret.style.setProperty('background', '#ff0000')
secret.style.setProperty('height', '300px')
document.body.append(secret)
session.cover(secret)
