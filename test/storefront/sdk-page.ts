// A page that uses every part of the SDK there is for browsers, and nothing else.
import { createSession } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { browser } from '@3dimli/session/browser'
import { createCheckout } from '@3dimli/session/checkout'
import { createDownloads } from '@3dimli/session/downloads'
import { createHttp } from '@3dimli/session/http'
import { explainEnd } from '@3dimli/session/notice'

const { issuer } = (await (await fetch('/config.json')).json()) as { issuer: string }
const session = createSession({
  authority: oauth({ issuer, clientId: 'storefront', redirectUri: `${location.origin}/`, scope: 'openid offline_access library checkout profile' }),
  platform: browser({ name: 'alone' }),
  origins: [issuer],
})
const downloads = createDownloads(session)
const checkout = createCheckout<{ items: string[] }, unknown>(session, {
  submit: async (draft, { fetch, idempotencyKey }) => {
    const answer = await fetch(`${issuer}/api/orders`, {
      method: 'POST', body: JSON.stringify(draft), headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    })
    if (!answer.ok) throw new Error(`not taken: ${answer.status}`)
    return answer.json()
  },
  find: async ({ fetch, idempotencyKey }) => ((await (await fetch(`${issuer}/api/orders?idempotency_key=${idempotencyKey}`)).json()) as unknown[])[0],
})
const http = createHttp(session, { prefix: issuer })
await session.register({ kind: 'indexeddb', database: 'recently-viewed' })
await session.register({ kind: 'web-storage', area: 'local', prefix: 'shop.recent.' })
await session.register({ kind: 'opfs', path: 'previews' })
await session.register({ kind: 'cache-storage', cache: 'previews' })
const main = document.createElement('main')
document.body.append(main)
session.onEnd((end, report) => {
  main.textContent = explainEnd(end, { audience: 'buyer', report }).title
})

async function useEverything() {
  session.cover(main)
  // As where the browser puts a page aside and takes it up again.
  document.dispatchEvent(new Event('freeze'))
  const covered = main.inert
  document.dispatchEvent(new Event('resume'))
  const [asset] = await http.get('api/library').json<{ id: string; file: string; sha256: string }[]>()
  await downloads.save(asset!.id, `${issuer}${asset!.file}`, { sha256: asset!.sha256 })
  const opened = await downloads.open(asset!.id)
  await (await opened!.response()).arrayBuffer()
  const url = await opened!.url()
  const draft = { items: ['gear-vase'] }
  await checkout.write(draft)
  const kept = (await downloads.list()).length
  const read = await checkout.read()
  await session.assertFresh({ withinMs: 0 })
  const order = await checkout.submit(draft)
  await checkout.recover()
  const headers = await session.authorize({ method: 'GET', url: `${issuer}/api/library` })
  await session.confirm()
  const { status } = session.state
  return { kept, draft: read, order: order === undefined ? 'lost' : 'taken', authorized: 'authorization' in headers, status, isBlob: url.startsWith('blob:'), covered: covered && !main.inert }
}

const sid = (): string => (session.state.status === 'active' ? (session.state.session.sid ?? '') : '')
interface SdkPage {
  finished: boolean
  /** Why the sign-in that this page was to finish was refused. */
  refusal: string | undefined
  readonly session: typeof session
  readonly useEverything: typeof useEverything
  readonly sid: typeof sid
}
const sdkPage: SdkPage = { finished: false, refusal: undefined, session, useEverything, sid }
declare global {
  var sdkPage: SdkPage | undefined
}
export type { SdkPage }
globalThis.sdkPage = sdkPage
sdkPage.refusal = (await session.start()).signInError?.code
sdkPage.finished = true
