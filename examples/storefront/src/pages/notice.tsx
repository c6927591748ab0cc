/** The notice after an end: what happened, what was removed from this device, what stays theirs, what to do. */
import { useEffect, useRef } from 'preact/hooks'
import type { SessionEnd } from '@3dimli/session'
import { explainEnd } from '@3dimli/session/notice'
import { useShop } from '../view/context.ts'
import { Icon } from '../view/icon.tsx'
import { Heading } from '../view/page.tsx'
import { Problem, useTask } from '../view/problem.tsx'
import { Timeline } from '../view/timeline.tsx'
import { removals } from '../words/removals.ts'
import { day } from '../words/numbers.ts'
import { timelineOf } from '../words/timeline.ts'

const support = { label: 'Write to us', url: 'mailto:support@3dimli.example' }

/** The notice. */
export function Notice({ end, signInError }: { end: SessionEnd; signInError?: unknown }) {
  const { session, lastEnd } = useShop()
  const task = useTask()
  const lived = lastEnd.value?.end.epochId === end.epochId ? lastEnd.value : undefined
  const report = [lived?.report, session.diagnostics().lastPurge].find((one) => one?.epochId === end.epochId)
  const { title, happened, said, when, removed, kept, next, alarming } = explainEnd(end, { audience: 'buyer', report, support, languages: navigator.languages })
  const locked = end.lockedUntil !== undefined
  const top = useRef<HTMLElement>(null)
  useEffect(() => top.current?.scrollIntoView(), [])

  return (
    <main id="main" class="out" ref={top}>
      <p class="brand"><img src="/mark.svg" alt="" width="36" height="36" /><span>3DIMLI</span></p>
      <div class="notice">
        <div class="column">
          <section class="story" aria-labelledby="what-happened">
            <p class={alarming ? 'sign alarming' : 'sign'}><Icon name={alarming ? 'alert' : 'lock'} /></p>
            <div id="what-happened"><Heading title={title} focus /></div>
            <p class="lead">{happened}</p>
            {said && <figure class="words"><figcaption>From 3DIMLI</figcaption><blockquote lang={said.language}>{said.text}</blockquote></figure>}
            {when && <p class="when">{when}</p>}
            <div class="actions">
              <button type="button" class="primary large" aria-disabled={task.busy} onClick={() => task.run(() => session.signIn())}>Sign in</button>
              <a href={support.url}>{support.label}</a>
            </div>
            <Problem error={task.error ?? signInError} />
          </section>

          <section class="panel" aria-labelledby="next">
            <h2 id="next">What to do</h2>
            <ul class="advice">{next.map((sentence) => <li key={sentence}>{sentence}</li>)}</ul>
          </section>
        </div>

        <div class="column">
          <section class="panel" aria-labelledby="removed">
            <h2 id="removed">{locked ? 'Locked on this device' : report?.complete ? 'Removed from this device' : 'On this device'}</h2>
            <p class="told">{removed.join(' ')}</p>
            <ul class="removals">
              {removals(end, report, day).map(({ what, outcome, done }) => (
                <li key={what}><Icon name={done ? 'kept' : 'lock'} /><span>{what}</span><small>{outcome}</small></li>
              ))}
            </ul>
          </section>

          <section class="panel" aria-labelledby="yours">
            <h2 id="yours">What you bought stays yours</h2>
            <ul class="advice">{kept.map((sentence) => <li key={sentence}>{sentence}</li>)}</ul>
          </section>
        </div>

        {lived && (
          <section class="panel wide" aria-labelledby="how">
            <h2 id="how">How this page did it</h2>
            <Timeline steps={timelineOf(end, lived.report, lived.trace)} caption="From the moment this browser knew" />
          </section>
        )}
      </div>
    </main>
  )
}
