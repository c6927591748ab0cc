/** The window: who is signed in, and either the queue or the way in. */
import type { View } from '../../src/window/view.ts'
import { Entrance } from './entrance.tsx'
import { Icon } from './icon.tsx'
import type { Line } from './line.ts'
import { Queue } from './queue.tsx'

/** The window. */
export function Window({ line }: { line: Line }) {
  const view = line.view.value
  if (line.isOver.value) return <Over />
  if (!view || view.session.status === 'opening') return <main class="opening" aria-busy="true">Opening…</main>
  const isIn = view.session.status === 'signed-in' || view.session.status === 'held'
  return (
    <>
      <Header view={view} onSignOut={isIn ? () => line.ask({ do: 'sign-out' }) : undefined} />
      <Banner view={view} />
      {isIn ? <Queue view={view} line={line} /> : <Entrance view={view} line={line} />}
    </>
  )
}

function Header({ view: { session }, onSignOut }: { view: View; onSignOut?: (() => unknown) | undefined }) {
  const { seller } = session
  return (
    <header class="bar">
      <p class="brand"><img src="./mark.svg" alt="" width="32" height="32" /><span>3DIMLI <span class="which">Uploader</span></span></p>
      {onSignOut && (
        <div class="person">
          {seller && <><span class="initials" aria-hidden="true">{initials(seller)}</span><span class="unseen">Signed in as </span><span class="name">{seller}</span></>}
          <button type="button" class="quiet small" onClick={onSignOut}>Sign out</button>
        </div>
      )}
    </header>
  )
}

function Banner({ view: { session, persistent } }: { view: View }) {
  return (
    <div role="status">
      {session.status === 'held' && (
        <p class="banner"><Icon name="lock" /><span>{session.isSuspended ? <><strong>Your account is paused.</strong> Nothing is sent until that is lifted, and nothing is lost.</> : <strong>Checking your session…</strong>}</span></p>
      )}
      {session.status === 'ending' && <p class="banner"><Icon name="lock" /><strong>The session is over. What was kept here is being erased…</strong></p>}
      {session.status === 'signed-in' && !persistent && (
        <p class="banner"><Icon name="alert" /><span>This machine has no keychain, so the session lasts only as long as this window.</span></p>
      )}
    </div>
  )
}

function Over() {
  return (
    <main class="page slim">
      <h1>The uploader has ended</h1>
      <p class="lead">Nothing is sent any more, and what has arrived is kept. Close this window, and start the uploader again to go on.</p>
    </main>
  )
}

function initials(name: string): string {
  const words = name.split(' ').filter((word) => word !== '')
  return [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => word?.[0] ?? '').join('')
}
