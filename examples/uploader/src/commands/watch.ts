/** `uploader watch DIR`: a service without a window, which uploads what appears in a folder and waits while nobody is signed in. */
import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { plain } from '../say/frame.ts'
import { tellEnd } from '../say/notice.ts'
import { showProgress } from '../say/progress.ts'
import { greet, signIn, whereToSignIn, type How } from '../signing-in.ts'
import { isFolder, watchFolder } from '../watch/folder.ts'
import { createOffers } from '../watch/offers.ts'
import { keepTrying } from '../watch/keep-trying.ts'
import { personIn } from '../whose.ts'
import type { Run } from './run.ts'
import { tellKnown } from './upload.ts'

/** Watches until the signal, or until another seller signs in. */
export async function watchCommand(run: Run, given: string, how: How | undefined): Promise<ExitCode> {
  const { app, output, signal } = run
  const named = resolve(given)
  if (!(await isFolder(named))) {
    output.problem(`${plain(named)} is no folder that can be looked into.`)
    return exitCode.wrongUse
  }
  // A link to the folder is the seller's own; one below it is not followed.
  const folder = await realpath(named)
  await app.session.start()
  signal.throwIfAborted()
  const offers = createOffers(app, signal, { known: (path) => tellKnown(output, path), links: 'refuse' })
  const over = Promise.withResolvers<ExitCode>()
  // Whatever watches would keep the process alive.
  signal.addEventListener('abort', () => over.reject(signal.reason), { once: true })
  // What lies in the folder is the first seller's.
  let first = personIn(app.session)
  const offer = (path: string): void => offers.offer(path, first)

  const wait = (): void => output.line(`Waiting until somebody signs in. ${whereToSignIn(app)}`)
  const invite = (): void => {
    output.event('waiting', { for: 'sign-in' })
    if (!how) return wait()
    signIn(app, output, how, signal).then((refused) => {
      if (refused === undefined || signal.aborted) return
      // Elsewhere nobody could sign in for this process.
      if (app.session.diagnostics().persistent) wait()
      else over.resolve(refused)
    }, over.reject)
  }
  const follow = (): void => {
    const now = personIn(app.session)
    if (now === undefined) return
    if (first !== undefined && now !== first) {
      output.problem('Somebody else signed in. What lies in this folder is not sent in another name: start again to do that.')
      return over.resolve(exitCode.signedOut)
    }
    first = now
    offers.goOn()
  }

  const stops = [
    showProgress(output, app.uploads),
    app.session.subscribe(follow),
    app.onEnded((ended) => {
      tellEnd(output, ended)
      // What cannot go on is begun anew, once the same seller is back.
      for (const { path, state } of app.uploads.state.uploads) if (state === 'failed') offer(path)
      invite()
    }),
    keepTrying(app.uploads),
  ]
  const close = watchFolder(folder, {
    complete: offer,
    gone: offers.withdraw,
    failed: () => void isFolder(folder).then((there) => there || over.resolve(exitCode.failed)),
  })
  output.event('watching', { folder })
  output.line(`Watching ${plain(folder)}. Ctrl-C ends it.`)
  if (first === undefined) invite()
  else void greet(app, output).catch(() => undefined)
  try {
    return await over.promise
  } finally {
    for (const stop of stops) stop()
    await close()
  }
}
