/** What is said above every page: that the session is being checked, that the marketplace does not answer, that somebody else signed in. */
import type { SessionInfo } from '@3dimli/session'
import { useState } from 'preact/hooks'
import { useShop } from './context.ts'
import { Icon } from './icon.tsx'

/** Says that protected content waits. The fences that may stay for long have a page of their own. */
export function FenceBanner({ reason }: { reason: 'waking' | 'suspect' | undefined }) {
  return (
    <div role="status">
      {reason && (
        <div class="banner fence">
          <Icon name="lock" />
          <p><strong>Checking your session…</strong></p>
        </div>
      )}
    </div>
  )
}

/** Says that the marketplace does not answer. */
export function ReachBanner() {
  const { reachable, queries } = useShop()
  return (
    <div role="status">
      {!reachable.value && (
        <div class="banner reach">
          <Icon name="cloud" />
          <p><strong>3DIMLI cannot be reached.</strong> What you kept on this device still opens. We try again by ourselves.</p>
          <button type="button" class="quiet small" onClick={() => queries.retry()}>Try now</button>
        </div>
      )}
    </div>
  )
}

/** Says that this page has another owner than before. */
export function ReplacedBanner({ session }: { session: SessionInfo }) {
  const { lastEnd, account } = useShop()
  const [dismissed, setDismissed] = useState(false)
  const before = lastEnd.value?.end
  const other = before?.cause === 'replaced' && before.subject !== session.subject
  return (
    <div role="status">
      {other && !dismissed && (
        <div class="banner">
          <Icon name="security" />
          <p><strong>Another account signed in in this browser.</strong> You now see the shop of {account.me.data.value?.name ?? 'that account'}.</p>
          <button type="button" class="quiet small" onClick={() => setDismissed(true)}>All right</button>
        </div>
      )}
    </div>
  )
}
