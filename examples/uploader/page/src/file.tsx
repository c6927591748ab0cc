/** One file of the queue. */
import { percent, size } from '../../src/say/numbers.ts'
import { failureWords, stateWords } from '../../src/say/file-words.ts'
import type { Lost, UploadView } from '../../src/window/view.ts'
import { Icon } from './icon.tsx'
import type { Line } from './line.ts'

/** One file. */
export function File({ upload, ask }: { upload: UploadView; ask: Line['ask'] }) {
  const { id, name, state, bytesSent, bytesTotal } = upload
  const can = state === 'done' ? undefined : state === 'paused' ? (['resume', 'Go on with', 'go'] as const) : state === 'failed' ? (['resume', 'Try again', 'again'] as const) : (['pause', 'Pause', 'pause'] as const)
  return (
    <li class={`file ${state}`}>
      <p class="mark"><Icon name={state === 'done' ? 'done' : state === 'failed' ? 'alert' : state === 'waiting-for-session' ? 'lock' : 'file'} /></p>
      <div class="about">
        <h3>{name}</h3>
        {state === 'failed'
          ? <p class="why">{failureWords(upload)}</p>
          : <p class="facts number">{state === 'uploading' || state === 'paused' ? `${percent(bytesSent, bytesTotal)}, ${size(bytesSent)} of ${size(bytesTotal)}` : bytesTotal > 0 ? size(bytesTotal) : ''}{state !== 'uploading' && <span class="state"> {stateWords[state]}</span>}</p>}
        {state !== 'done' && state !== 'failed' && <progress aria-label={name} value={bytesSent} max={Math.max(1, bytesTotal)}>{percent(bytesSent, bytesTotal)}</progress>}
      </div>
      {can && (
        <div class="choices">
          <button type="button" class="round" onClick={() => ask({ do: can[0], id })}><Icon name={can[2]} /><span class="unseen">{can[1]} {name}</span></button>
          <button type="button" class="round" onClick={() => ask({ do: 'cancel', id })}><Icon name="cross" /><span class="unseen">Remove {name}</span></button>
        </div>
      )}
    </li>
  )
}

/** An unfinished upload that waits for its file. */
export function LostFile({ lost: { id, name, bytesSent, bytesTotal }, ask }: { lost: Lost; ask: Line['ask'] }) {
  return (
    <li class="file lost">
      <p class="mark"><Icon name="file" /></p>
      <div class="about">
        <h3>{name}</h3>
        <p class="facts number">{bytesSent === undefined ? size(bytesTotal) : `${size(bytesSent)} of ${size(bytesTotal)}`}<span class="state"> waiting for the file</span></p>
        <p class="facts">It was moved or changed since. Choose it again, and it is sent anew.</p>
      </div>
      <div class="choices">
        <button type="button" class="round" onClick={() => ask({ do: 'cancel', id })}><Icon name="cross" /><span class="unseen">Remove {name}</span></button>
      </div>
    </li>
  )
}
