/** The shop for somebody who is signed in: everything protected lies inside one covered element. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { SessionState } from '@3dimli/session'
import { CartPage } from '../pages/cart.tsx'
import { LibraryPage } from '../pages/library.tsx'
import { MissingPage } from '../pages/missing.tsx'
import { SecurityPage } from '../pages/security.tsx'
import { useShop } from './context.ts'
import { FenceBanner, ReachBanner, ReplacedBanner } from './banners.tsx'
import { isLong, Paused } from '../pages/paused.tsx'
import { Header } from './header.tsx'
import { useLasting } from './lasting.ts'
import { path } from './router.tsx'

const pages: Readonly<Record<string, () => preact.JSX.Element>> = { '/': LibraryPage, '/cart': CartPage, '/security': SecurityPage }

/** States with somebody signed in. */
export type InsideState = Extract<SessionState, { readonly status: 'active' | 'fenced' }>

/** The inside of the shop. */
export function Inside({ state }: { state: InsideState }) {
  const { session, stock, account, shelf, recent } = useShop()
  const covered = useRef<HTMLDivElement>(null)
  const held = useLasting(state.status === 'fenced')

  useLayoutEffect(() => session.cover(covered.current!), [])
  useEffect(() => {
    void account.me.load()
    void stock.library.load()
    void stock.cart.load()
    const look = (): void => {
      if (document.visibilityState === 'hidden') return
      // Whatever cannot be read now is read at the next look.
      for (const reading of [shelf.look(), recent.look()]) reading.catch(() => undefined)
    }
    look()
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [])

  const reason = held && state.status === 'fenced' ? state.reason : undefined
  const Current = pages[path.value] ?? MissingPage
  return (
    <>
      <a class="skip" href="#main">Skip to the content</a>
      <FenceBanner reason={isLong(reason) ? undefined : reason} />
      {isLong(reason) && <Paused key={reason} reason={reason} />}
      <div ref={covered}>
        <div class="shop" inert={held} hidden={isLong(reason)}>
          <Header />
          <ReplacedBanner session={state.session} />
          <ReachBanner />
          <Current key={path.value} />
        </div>
      </div>
    </>
  )
}
