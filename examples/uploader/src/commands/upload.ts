/** `uploader upload FILE…`: sends files and ends when nothing goes on any more. */
import { basename, resolve } from 'node:path'
import type { UploadsState } from '@3dimli/session-desktop/uploads'
import type { Application } from '../application.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { count, size } from '../say/numbers.ts'
import type { Output } from '../say/output.ts'
import { showProgress } from '../say/progress.ts'
import { tellEnd } from '../say/notice.ts'
import { isKnown } from '../known.ts'
import { plain } from '../say/frame.ts'
import { ensureSignedIn, type How } from '../signing-in.ts'
import { nextEnd } from '../next-end.ts'
import type { Run } from './run.ts'

/** Uploads; `how` is given where somebody may sign in on the way. */
export async function uploadCommand({ app, output, signal }: Run, files: readonly string[], how: How | undefined): Promise<ExitCode> {
  await app.session.start()
  const refused = await ensureSignedIn(app, output, how, signal)
  if (refused !== undefined) return refused
  const assets = await app.assets()
  const stop = showProgress(output, app.uploads)
  try {
    const added: string[] = []
    for (const file of new Set(files.map((path) => resolve(path)))) {
      if (await isKnown(file, assets, signal)) tellKnown(output, file)
      else added.push(app.uploads.add(file))
    }
    const settled = await app.uploads.settled()
    signal.throwIfAborted()
    return await conclude(app, output, settled, { added, signal })
  } finally {
    stop()
  }
}

/** Says that a file need not be sent: so the same command goes on after it was stopped. */
export function tellKnown(output: Output, path: string): void {
  output.event('known', { path })
  output.line(`${output.style('green', '=')} ${plain(basename(path))}  is at the marketplace already`)
}

async function conclude(app: Application, output: Output, { uploads, bytesSent }: UploadsState, { added, signal }: { readonly added: readonly string[]; readonly signal: AbortSignal }): Promise<ExitCode> {
  const failed = uploads.filter(({ state }) => state === 'failed')
  const done = uploads.filter(({ state }) => state === 'done')
  output.event('summary', { done: done.length, failed: failed.length, files: uploads.length, bytesSent })
  // The files of a seller whom another replaced are no more in the queue.
  const isOver = uploads.length < added.length || uploads.some(({ state, failure }) => state === 'waiting-for-session' || failure?.code === 'session-ended')
  if (isOver) {
    tellEnd(output, await nextEnd(app, signal))
    return exitCode.signedOut
  }
  if (failed.length === 0) {
    output.line(`${count(done.length, 'file')} uploaded, ${size(bytesSent)}.`)
    return exitCode.done
  }
  output.problem(`${failed.length} of ${count(uploads.length, 'file')} could not be uploaded.`)
  return failed.every(({ failure }) => failure?.code === 'unreachable') ? exitCode.unreachable : exitCode.failed
}
