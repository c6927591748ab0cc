/** Signing in from a command: in the person's browser, or with a code on another device. */
import { isSessionError } from '@3dimli/session'
import type { Application } from './application.ts'
import { exitCode, type ExitCode } from './exit-code.ts'
import { isUnreachable } from './failures.ts'
import { plain } from './say/frame.ts'
import { timeOfDay } from './say/numbers.ts'
import type { Output } from './say/output.ts'
import { explain, wantsCode } from './say/words.ts'

/** How a person wants to sign in. */
export interface How {
  /** With a code, on any other device. */
  readonly device: boolean
}

/** Has somebody sign in; resolves with why that was not done, or with nothing. */
export async function signIn(app: Application, output: Output, { device }: How, signal: AbortSignal): Promise<ExitCode | undefined> {
  if (!device) output.line('Sign in in your browser. This waits for five minutes.')
  try {
    await app.session.signIn({
      signal,
      ...(device && {
        device: ({ userCode, verificationUri, verificationUriComplete, expiresAt }) => {
          output.event('code', { userCode, verificationUri, verificationUriComplete, expiresAt })
          output.line(`To sign in, open  ${output.style('bold', plain(verificationUri))}`)
          output.line(`with the code     ${output.style('bold', plain(userCode))}`)
          output.line(`It works until ${timeOfDay(expiresAt)}.`)
        },
      }),
    })
  } catch (error) {
    if (signal.aborted) throw error
    output.event('problem', { code: isSessionError(error) ? error.code : 'unknown', ...(isSessionError(error, 'sign-in-failed') && { error: error.details.error }) })
    output.problem(explain(error))
    if (!device && wantsCode(error)) output.problem('Sign in with a code on any other device instead: --device')
    return isUnreachable(error) ? exitCode.unreachable : exitCode.signedOut
  }
  await greet(app, output)
  return undefined
}

/** Says who is signed in. */
export async function greet(app: Application, output: Output): Promise<void> {
  const name = await app.seller()
  output.event('signed-in', { seller: name })
  output.line(`Signed in as ${plain(name)}.`)
}

/** Makes sure that somebody is signed in, by signing in where that was asked for; resolves with why nobody is, or with nothing. */
export async function ensureSignedIn(app: Application, output: Output, how: How | undefined, signal: AbortSignal): Promise<ExitCode | undefined> {
  const { status } = app.session.state
  if (status === 'active' || status === 'fenced') return undefined
  if (how) return signIn(app, output, how, signal)
  output.problem(`Nobody is signed in. ${whereToSignIn(app)}`)
  return exitCode.signedOut
}

/** Says how to sign in on this machine. */
export function whereToSignIn({ session }: Application): string {
  return session.diagnostics().persistent
    ? 'Sign in first: uploader sign-in'
    : 'This machine keeps no session between two commands, so sign in with this one: add --sign-in, or --device for a code.'
}
