/** The app: which of its faces is shown follows from the session's state alone. */
import type { SessionEnd, Started } from '@3dimli/session'
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Shop } from '../shop/shop.ts'
import { ShopContext } from './context.ts'
import { Notice } from '../pages/notice.tsx'
import { Welcome } from '../pages/welcome.tsx'
import { Inside } from './inside.tsx'
import { useLasting } from './lasting.ts'

/** The app. `starting` settles once the session is known. */
export function App({ shop, starting }: { shop: Shop; starting: Promise<Started> }) {
  const [signInError, setSignInError] = useState<unknown>()
  const [started, setStarted] = useState(false)
  useEffect(() => {
    void starting.then((found) => {
      setSignInError(() => found.signInError)
      setStarted(true)
    })
  }, [starting])
  const state = shop.state.value
  return (
    <ShopContext.Provider value={shop}>
      {state.status === 'active' || state.status === 'fenced' ? <Inside key={state.session.epochId} state={state} />
        : state.status === 'purging' ? <Patiently key="purging">Your session has ended. Removing what was kept here…</Patiently>
        : state.status === 'signed-out' && (started || state.end) ? <Outside shop={shop} end={state.end} signInError={signInError} />
        : <Patiently key="restoring">Opening the shop…</Patiently>}
    </ShopContext.Provider>
  )
}

function Outside({ shop, end, signInError }: { shop: Shop; end: SessionEnd | undefined; signInError: unknown }) {
  // Whoever signed out and comes back later wants the door, not the story of how it closed.
  const told = end && (shop.lastEnd.value?.end.epochId === end.epochId || (end.cause !== 'signed-out' && end.cause !== 'replaced'))
  return end && told ? <Notice end={end} signInError={signInError} /> : <Welcome signInError={signInError} />
}

/** Says what is being done, once it takes long enough to be asked about. Until then nothing is drawn, so that nothing stands in its way. */
function Patiently({ children }: { children: ComponentChildren }) {
  const lasting = useLasting(true)
  return <p class="opening" role="status">{lasting && children}</p>
}
