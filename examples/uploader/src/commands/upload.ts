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
import { isAnother, personIn } from '../whose.ts'
import type { Run } from './run.ts'

/** Uploads; `how` is given where somebody may sign in on the way. */
export async function uploadCommand({ app, output, signal }: Run, files: readonly string[], how: How | undefined): Promise<ExitCode> {
  await app.session.start()
  const refused = await ensureSignedIn(app, output, how, signal)
  if (refused !== undefined) return refused
  const seller = personIn(app.session)
  // What another process finishes from here on may be missing in the list.
  const since = Date.now()
  const assets = await app.assets()
  const stop = showProgress(output, app.uploads)
  try {
    const added: string[] = []
    let isCut = false
    for (const file of new Set(files.map((path) => resolve(path)))) {
      const isThere = await isKnown(file, assets, signal)
      // The files are those of whoever was signed in when they were named.
      isCut = personIn(app.session) !== seller
      if (isCut) break
      if (isThere) tellKnown(output, file)
      else added.push(app.uploads.add(file, { since }))
    }
    const settled = await app.uploads.settled()
    signal.throwIfAborted()
    return await conclude(app, output, settled, { added, seller, isCut, signal })
  } finally {
    stop()
  }
}

/** Says that a file need not be sent: so the same command goes on after it was stopped. */
export function tellKnown(output: Output, path: string): void {
  output.event('known', { path })
  output.line(`${output.style('green', '=')} ${plain(basename(path))}  is at the marketplace already`)
}

interface Course {
  readonly added: readonly string[]
  readonly seller: string | undefined
  /** Whether the seller was gone before all files were added. */
  readonly isCut: boolean
  readonly signal: AbortSignal
}

async function conclude(app: Application, output: Output, { uploads, bytesSent }: UploadsState, { added, seller, isCut, signal }: Course): Promise<ExitCode> {
  const failed = uploads.filter(({ state }) => state === 'failed')
  const done = uploads.filter(({ state }) => state === 'done')
  output.event('summary', { done: done.length, failed: failed.length, files: uploads.length, bytesSent })
  // The files of a seller whom another replaced are no more in the queue.
  const isOver = isCut || uploads.length < added.length || uploads.some(({ state, failure }) => state === 'waiting-for-session' || failure?.code === 'session-ended')
  if (isOver) {
    tellEnd(output, await nextEnd(app, signal))
    if (isAnother(app.session, seller)) output.problem('Somebody else is signed in now. What was not sent yet is not sent in another name: start again to do that.')
    return exitCode.signedOut
  }
  if (failed.length === 0) {
    output.line(`${count(done.length, 'file')} uploaded, ${size(bytesSent)}.`)
    return exitCode.done
  }
  output.problem(`${failed.length} of ${count(uploads.length, 'file')} could not be uploaded.`)
  return failed.every(({ failure }) => failure?.code === 'unreachable') ? exitCode.unreachable : exitCode.failed
}
