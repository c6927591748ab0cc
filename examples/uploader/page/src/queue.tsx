/** The queue: where files are dropped, how far all of them are, and each of them. */
import { useMemo } from 'preact/hooks'
import { count, duration, percent, size } from '../../src/say/numbers.ts'
import { createSpeed } from '../../src/say/speed.ts'
import type { View } from '../../src/window/view.ts'
import { Drop } from './drop.tsx'
import { File, LostFile } from './file.tsx'
import { Icon } from './icon.tsx'
import type { Line } from './line.ts'

/** The queue. */
export function Queue({ view, line }: { view: View; line: Line }) {
  const { uploads, lost, known, unsent } = view
  return (
    <main class="page">
      <h1 class="unseen">Uploads</h1>
      <Drop line={line} isEmpty={uploads.length + lost.length === 0} />
      {uploads.length > 0 && <Sum view={view} />}
      {uploads.length + lost.length > 0 && (
        <ul class="files" aria-label="Files">
          {lost.map((one) => <LostFile key={one.id} lost={one} ask={line.ask} />)}
          {uploads.toReversed().map((upload) => <File key={upload.id} upload={upload} ask={line.ask} />)}
        </ul>
      )}
      <div role="status">
        {known.length > 0 && <p class="known"><Icon name="done" /><span>{known.length > 3 ? count(known.length, 'file') : known.join(', ')}: at the marketplace already, not sent again.</span></p>}
        {unsent && <p class="unsent"><Icon name="alert" /><span>What somebody else dropped here was not sent. Drop it again to send it in your name.</span></p>}
      </div>
    </main>
  )
}

function Sum({ view: { uploads, bytesSent, bytesTotal } }: { view: View }) {
  const speed = useMemo(createSpeed, [])
  const done = uploads.filter(({ state }) => state === 'done').length
  const isBusy = uploads.some(({ state }) => state === 'uploading')
  const perSecond = isBusy ? speed(bytesSent, performance.now()) : 0
  return (
    <section class="sum" aria-label="All files">
      <h2>{done === uploads.length ? `${done === 1 ? '1 file' : `All ${done} files`} uploaded` : `${done} of ${count(uploads.length, 'file')} uploaded`}</h2>
      <p class="facts number">{size(bytesSent)} of {size(bytesTotal)}{perSecond > 0 && `, ${size(perSecond)}/s, ${duration(((bytesTotal - bytesSent) / perSecond) * 1000)} left`}</p>
      <progress aria-label="All files" value={bytesSent} max={Math.max(1, bytesTotal)}>{percent(bytesSent, bytesTotal)}</progress>
    </section>
  )
}
