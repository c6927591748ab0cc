// A worker, or a service worker, that imports and creates everything while it is refused everything, and then says what it touched.
import { admit } from './refuse.ts'
import { countDatabases } from './databases.ts'
import { createSession } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { browser } from '@3dimli/session/browser'
import { createCheckout } from '@3dimli/session/checkout'
import { createDownloads } from '@3dimli/session/downloads'
import { createHttp } from '@3dimli/session/http'
import '@3dimli/session/testing'

const session = createSession({
  authority: oauth({ issuer: 'https://id.example.com', clientId: 'x', redirectUri: 'https://shop.example.com/' }), platform: browser({ name: 'worker' }), origins: ['https://api.example.com'],
})
createDownloads(session)
createCheckout(session, { submit: async () => ({}), find: async () => undefined })
createHttp(session)
session.register({ kind: 'indexeddb', database: 'x' }).catch(() => undefined)
session.subscribe(() => undefined)()
const created = `${session.state.status} ${session.diagnostics().store}`
const touched = admit()

addEventListener('message', (event) => {
  const answer = (event as ExtendableMessage).source ?? globalThis
  const run = async (): Promise<unknown> => {
    if (event.data !== 'start') return { created, touched }
    const opened = countDatabases()
    await session.start()
    // What was never held cannot be given back.
    while ((await navigator.locks.query()).held?.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    const { status } = session.state
    const { store, degraded } = session.diagnostics()
    session.stop()
    return { status, store, degraded: [...degraded], open: opened.size }
  }
  run().then((said) => answer.postMessage(said), (error: unknown) => answer.postMessage(String(error)))
})

interface ExtendableMessage extends MessageEvent {
  readonly source: MessageEventSource | null
}
