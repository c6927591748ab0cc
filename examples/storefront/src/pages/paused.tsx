/** What stands in for the shop while a fence may stay for long; the shop behind it stays as it was. */
import type { FenceReason } from '@3dimli/session'
import { useShop } from '../view/context.ts'
import { Icon } from '../view/icon.tsx'
import { Heading } from '../view/page.tsx'
import { Problem, useTask } from '../view/problem.tsx'

/** The fences that may stay, and what is said of each. */
const words = {
  suspended: { title: 'Your account is paused', lead: 'Nothing is lost. Your library, your cart and what you kept on this device are here again as soon as this is settled.' },
  lease: {
    title: 'Waiting for 3DIMLI to confirm your session',
    lead: 'This device was without a connection for long, or its clock was changed. Nothing is lost: everything is here again as soon as 3DIMLI answers.',
  },
  storage: { title: 'This browser’s storage does not answer', lead: 'Nothing is lost. Everything goes on by itself as soon as it does; if it does not, close this browser and open it again.' },
} as const

/** A reason that gets a page of its own. */
export type LongReason = keyof typeof words

/** Tells whether a fence may stay for long. */
export function isLong(reason: FenceReason | undefined): reason is LongReason {
  return reason !== undefined && Object.hasOwn(words, reason)
}

/** The page. */
export function Paused({ reason }: { reason: LongReason }) {
  const { session } = useShop()
  const task = useTask()
  const { title, lead } = words[reason]
  return (
    <main id="main" class="out narrow">
      <p class="brand"><img src="/mark.svg" alt="" width="36" height="36" /><span>3DIMLI</span></p>
      <p class="sign"><Icon name="lock" /></p>
      <Heading title={title} focus />
      <p class="lead">{lead}</p>
      {reason !== 'storage' && (
        <div class="actions">
          <button type="button" class="primary" aria-disabled={task.busy} onClick={() => task.run(() => session.confirm())}>Check again</button>
          <button type="button" class="quiet" aria-disabled={task.busy} onClick={() => task.run(() => session.signOut())}>Sign out</button>
          <a href="mailto:support@3dimli.example">Write to us</a>
        </div>
      )}
      <Problem error={task.error} />
    </main>
  )
}
