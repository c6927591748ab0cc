/** Security: where this account is signed in, how soon this device would learn of an end, and what this page did so far. */
import { useEffect, useState } from 'preact/hooks'
import type { SignIn } from '../shop/account.ts'
import { useShop } from '../view/context.ts'
import { Icon } from '../view/icon.tsx'
import { Page } from '../view/page.tsx'
import { Problem, useTask } from '../view/problem.tsx'
import { Timeline } from '../view/timeline.tsx'
import { explainDetection } from '../words/detection.ts'
import { explain } from '../words/failures.ts'
import { ago, count, moment } from '../words/numbers.ts'
import { happenings, timelineOf } from '../words/timeline.ts'

const lookMs = 2_000
const longestLog = 12

/** The page. */
export function SecurityPage() {
  return (
    <Page title="Security" lead="Where you are signed in, and how fast this device learns when that ends.">
      <div class="security">
        <SignIns />
        <ThisDevice />
        <Story />
      </div>
    </Page>
  )
}

function SignIns() {
  const { account } = useShop()
  const task = useTask()
  const [told, setTold] = useState('')
  useEffect(() => void account.signIns.load(), [])
  const list = account.signIns.data.value
  const failure = account.signIns.failure.value
  const others = list?.filter(({ current }) => !current) ?? []
  const end = (work: () => Promise<void>, words: string): void => {
    setTold('')
    task.run(async () => {
      await work()
      setTold(words)
    })
  }
  return (
    <section class="panel devices" aria-labelledby="devices">
      <h2 id="devices">Where you are signed in</h2>
      {list === undefined && <p class="facts">{failure === undefined ? 'Getting the list…' : explain(failure)}</p>}
      {list && (
        <ul>
          {list.map((signIn) => (
            <li key={signIn.sid}>
              <span class="sign"><Icon name="device" /></span>
              <div>
                <strong>{signIn.device ?? 'Unknown device'}</strong>
                <small>{detailOf(signIn)}</small>
              </div>
              {signIn.current
                ? <span class="badge">This device</span>
                : <button type="button" class="quiet small" aria-disabled={task.busy} onClick={() => end(() => account.endOne(signIn.sid), 'That device was signed out.')}><span>Sign out<span class="unseen"> {signIn.device ?? 'unknown device'}, signed in {moment(signIn.auth_time * 1000)}</span></span></button>}
            </li>
          ))}
        </ul>
      )}
      <p class="told" role="status">{told}</p>
      <Problem error={task.error} />
      {others.length > 0 && (
        <button type="button" class="quiet" aria-disabled={task.busy} onClick={() => end(() => account.endOthers(), `${count(others.length, 'other device was', 'other devices were')} signed out.`)}><Icon name="leave" />Sign out everywhere else</button>
      )}
    </section>
  )
}

function detailOf({ current, location: place, auth_time: signedIn, last_seen: seen }: SignIn): string {
  const times = current ? [`Signed in ${moment(signedIn * 1000)}`] : [`Signed in ${moment(signedIn * 1000)}`, `last seen ${ago(seen * 1000, Date.now())}`]
  return [place, ...times].filter((part) => part !== null).join(' · ')
}

function ThisDevice() {
  const { session } = useShop()
  const task = useTask()
  const detection = useEvery(() => session.detection)
  const { headline, bound, offline } = explainDetection(detection)
  return (
    <section class="panel this-device" aria-labelledby="this-device">
      <h2 id="this-device">When your session ends elsewhere</h2>
      <p class="headline"><span class={`pulse ${detection.via}`} aria-hidden="true" />{headline}</p>
      <p>{bound}</p>
      <p>{offline}</p>
      <Problem error={task.error} />
      <button type="button" class="quiet" aria-disabled={task.busy} onClick={() => task.run(() => session.signOut())}><Icon name="leave" />Sign out on this device</button>
      <p class="facts">Removes what is kept in this browser. What you bought stays yours.</p>
    </section>
  )
}

/** The last end this page lived through, else what it did so far. */
function Story() {
  const { session, lastEnd } = useShop()
  const trace = useEvery(() => session.diagnostics().trace)
  const lived = lastEnd.value
  return (
    <section class="panel wide" aria-labelledby="story">
      <h2 id="story">{lived ? 'How the session before this one ended' : 'What this page did so far'}</h2>
      {lived ? <Timeline steps={timelineOf(lived.end, lived.report, lived.trace)} caption="From the moment this browser knew" /> : (
        <table class="log">
          <caption class="unseen">What this page did so far, latest first</caption>
          <thead><tr><th scope="col">Time</th><th scope="col">What happened</th></tr></thead>
          <tbody>{happenings(trace, longestLog).map(({ what, at }) => <tr key={`${at} ${what}`}><td class="number">{clock(at)}</td><td>{what}</td></tr>)}</tbody>
        </table>
      )}
    </section>
  )
}

function clock(at: number): string {
  return `${new Date(at).toTimeString().slice(0, 8)}.${String(Math.floor(at % 1000)).padStart(3, '0')}`
}

/** Looks at something that says nothing when it changes. */
function useEvery<T>(look: () => T): T {
  const [, again] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => again((count) => count + 1), lookMs)
    return () => clearInterval(timer)
  }, [])
  return look()
}
