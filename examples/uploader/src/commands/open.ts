/** `uploader open`: the same queue in a window, which a page of this very process shows. */
import { exitCode, type ExitCode } from '../exit-code.ts'
import { showProgress } from '../say/progress.ts'
import { tellEnd } from '../say/notice.ts'
import { showWindow } from '../window/browser.ts'
import { createFinder } from '../window/find.ts'
import { createModel } from '../window/model.ts'
import { serveWindow } from '../window/server.ts'
import type { Run } from './run.ts'

/** How the window is shown. */
export interface Shown {
  /** The browser to use. */
  readonly browser?: string
  /** Prints the address and starts no browser. */
  readonly address?: boolean
}

/** Opens it and stays until it is closed. */
export async function openCommand({ app, output, signal }: Run, { browser, address: printed }: Shown): Promise<ExitCode> {
  await app.session.start()
  const model = createModel(app, createFinder(), signal)
  const server = await serveWindow(model, () => output.problem('Somebody tried the address of the window once more, and was refused. If the window is not yours, press Ctrl-C.'))
  signal.addEventListener('abort', () => void server.close(), { once: true })
  const stops = [showProgress(output, app.uploads), app.onEnded((ended) => tellEnd(output, ended))]
  try {
    const isShown = !printed && (await showWindow(server.address, browser).then(() => true, () => server.isOpen()))
    if (isShown) output.line('The window is open. It and this program end together.')
    else {
      output.event('window', { address: server.address.href })
      output.line(`Open this address in a browser; it works once: ${server.address.href}`)
    }
    await server.left
  } finally {
    for (const stop of stops) stop()
    if (!signal.aborted) await server.close()
  }
  const isLeft = app.uploads.state.uploads.some(({ state }) => state !== 'done' && state !== 'failed')
  output.line(isLeft ? 'The window was closed. What has arrived of unfinished files is kept: the next window goes on there.' : 'The window was closed.')
  return exitCode.done
}
