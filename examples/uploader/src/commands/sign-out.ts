/** `uploader sign-out`: ends the session in every process of this person, here first, then at the server. */
import { exitCode, type ExitCode } from '../exit-code.ts'
import type { Run } from './run.ts'

/** Signs out. */
export async function signOutCommand({ app, output }: Run): Promise<ExitCode> {
  await app.session.start()
  if (app.session.state.status === 'signed-out') {
    output.event('signed-out', { was: false })
    output.line('Nobody was signed in.')
    return exitCode.done
  }
  const { purge, remote } = await app.session.signOut()
  const complete = purge?.complete ?? true
  output.event('signed-out', { was: true, complete, remote })
  output.line('Signed out in every window and process of the uploader.')
  output.line(complete ? 'What it kept here was erased and looked for again. Your own files were not touched.' : 'Not everything it kept here could be erased yet; it stays closed, and the next start tries again.')
  if (remote === 'queued') output.line('The server could not be told yet. It is told at the next start.')
  return exitCode.done
}
