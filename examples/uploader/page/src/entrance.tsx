/** The way in: why the last session ended, where there was one, and signing in. */
import type { View } from '../../src/window/view.ts'
import { timeOfDay } from '../../src/say/numbers.ts'
import { Icon } from './icon.tsx'
import type { Line } from './line.ts'

type Notice = NonNullable<View['notice']>

/** The way in. */
export function Entrance({ view, line }: { view: View; line: Line }) {
  const { notice, session } = view
  if (session.status === 'ending') return <main class="page slim"><h1>One moment</h1></main>
  return (
    <main class="page slim entrance">
      {notice ? <Story notice={notice} /> : (
        <header class="page-head">
          <h1>Upload your models</h1>
          <p class="lead">Large files go on where they stopped, and nothing leaves this machine any more once your session ends.</p>
        </header>
      )}
      <SignIn view={view} line={line} />
      {notice && <Lists notice={notice} />}
    </main>
  )
}

function Story({ notice: { title, happened, said, when, alarming } }: { notice: Notice }) {
  return (
    <header class="page-head">
      <p class={alarming ? 'seal alarming' : 'seal'}><Icon name={alarming ? 'alert' : 'lock'} /></p>
      <h1>{title}</h1>
      <p class="lead">{happened}</p>
      {said && <figure class="words"><figcaption>From 3DIMLI</figcaption><blockquote lang={said.language}>{said.text}</blockquote></figure>}
      {when !== undefined && <p class="facts when">{when}</p>}
    </header>
  )
}

function Lists({ notice: { removed, kept, next } }: { notice: Notice }) {
  return (
    <div class="lists">
      {([['What to do', next], ['Removed from this device', removed], ['Yours', kept]] as const).map(([name, lines]) => (
        <section key={name} class="panel">
          <h2>{name}</h2>
          <ul>{lines.map((sentence) => <li key={sentence}>{sentence}</li>)}</ul>
        </section>
      ))}
    </div>
  )
}

function SignIn({ view: { signingIn, problem }, line }: { view: View; line: Line }) {
  return (
    <section class="panel sign-in" aria-label="Sign in">
      <div role="status">
        {problem !== undefined && !signingIn && <p class="problem"><Icon name="alert" /><span>{problem}</span></p>}
        {signingIn?.code && (
          <>
            <p>Open <strong class="address">{signingIn.code.verificationUri}</strong> on any device and type in</p>
            <p class="code">{signingIn.code.userCode}</p>
            <p class="facts">It works until {timeOfDay(signingIn.code.expiresAt)}. This window goes on by itself.</p>
          </>
        )}
        {signingIn && !signingIn.code && <p>Sign in in your browser. This window goes on by itself.</p>}
      </div>
      <div class="actions">
        {signingIn ? <button type="button" class="quiet" onClick={() => line.ask({ do: 'give-up' })}>Cancel</button> : (
          <>
            <button type="button" class="primary large" onClick={() => line.ask({ do: 'sign-in', device: false })}>Sign in in your browser</button>
            <button type="button" class="quiet" onClick={() => line.ask({ do: 'sign-in', device: true })}>With a code on another device</button>
          </>
        )}
      </div>
    </section>
  )
}
