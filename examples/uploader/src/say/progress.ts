/** Tells of the uploads while they go on: bars in a terminal, a line for each step elsewhere, an object for each change to a script. */
import type { Upload, Uploads, UploadsState } from '@3dimli/session-desktop/uploads'
import { frame, plain } from './frame.ts'
import { size } from './numbers.ts'
import type { Output } from './output.ts'
import { createSpeed } from './speed.ts'
import { failureWords } from './file-words.ts'

/** Begins to tell; returns the end of it, after which nothing is drawn any more. */
export function showProgress(output: Output, uploads: Uploads): () => void {
  const told = new Map<string, Upload>()
  const speed = createSpeed()

  const show = (state: UploadsState): void => {
    for (const upload of state.uploads) {
      const before = told.get(upload.id)
      if (before && isSame(before, upload)) continue
      told.set(upload.id, upload)
      const { id, path, name, state: at, bytesSent, bytesTotal, failure } = upload
      output.event('upload', { id, path, name, state: at, bytesSent, bytesTotal, ...(failure && { failure }) })
      if (before?.state !== at) step(output, upload)
    }
    if (output.isLive) output.draw(frame(state, { columns: output.columns, bytesPerSecond: speed(state.bytesSent, performance.now()) }))
  }
  const stop = uploads.subscribe(show)
  return () => {
    stop()
    show(uploads.state)
    output.draw()
  }
}

const isSame = (a: Upload, b: Upload): boolean => a.state === b.state && a.bytesSent === b.bytesSent && a.bytesTotal === b.bytesTotal

function step(output: Output, upload: Upload): void {
  const name = plain(upload.name)
  if (upload.state === 'done') output.line(`${output.style('green', '✓')} ${name}  ${size(upload.bytesTotal)}`)
  else if (upload.state === 'failed') output.problem(`${output.style('red', '✗')} ${name}  ${failureWords(upload)}`)
  else if (upload.state === 'uploading' && !output.isLive) output.line(`  ${name}  ${size(upload.bytesTotal)}${upload.bytesSent > 0 ? `, goes on at ${size(upload.bytesSent)}` : ''}`)
}
