/** `uploader sign-in`: one sign-in for every command and window of this person on this machine. */
import { exitCode, type ExitCode } from '../exit-code.ts'
import { greet, signIn, type How } from '../signing-in.ts'
import type { Run } from './run.ts'

/** Signs in; does nothing where somebody is. */
export async function signInCommand({ app, output, signal }: Run, how: How): Promise<ExitCode> {
  await app.session.start()
  const { persistent, degraded } = app.session.diagnostics()
  if (!persistent) {
    output.event('problem', { code: 'not-kept', degraded })
    output.problem(`This machine cannot keep a session: ${degraded.join('; ')}. Nothing is ever kept in the clear.`)
    output.problem('Sign in with the command that uploads instead: uploader upload --sign-in FILE…, watch --sign-in DIR, or open')
    return exitCode.notKept
  }
  if (app.session.state.status === 'signed-out') return (await signIn(app, output, how, signal)) ?? exitCode.done
  await greet(app, output)
  return exitCode.done
}
