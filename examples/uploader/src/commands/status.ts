/** `uploader status`: who is signed in, what the server says of it, what is not finished, and what this machine keeps. */
import type { Confirmation } from '@3dimli/session'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { plain } from '../say/frame.ts'
import { count, duration, moment, size } from '../say/numbers.ts'
import type { Run } from './run.ts'

const confirmed: Readonly<Record<Confirmation, string>> = {
  alive: 'the server confirmed it just now', suspended: 'the account is suspended; nothing is sent until that is lifted',
  unknown: 'the server cannot be asked at the moment', ended: 'it has just ended',
}
const ways = { feed: 'told by the server', poll: 'by asking', list: 'by a list that others hold', refresh: 'when the access token is renewed', none: 'only when the session lease is over' }

/** Tells it. */
export async function statusCommand({ settings, app, output }: Run): Promise<ExitCode> {
  const { session } = app
  await session.start()
  const standing = session.state.status === 'signed-out' ? undefined : await session.confirm()
  const { state, detection } = session
  const { store, persistent, degraded, waitingToRevoke, openJournals } = session.diagnostics()
  const who = 'session' in state ? state.session : undefined
  const seller = who && (await app.seller())
  const unfinished = state.status === 'active' ? await app.uploads.unfinished() : []

  output.event('status', {
    server: settings.server, status: state.status, ...(who && { subject: who.subject, seller, since: who.startedAt, confirmation: standing, detection }),
    ...(state.status === 'signed-out' && state.end && { end: { cause: state.end.cause, reason: state.end.reason, at: state.end.at } }),
    unfinished, store, persistent, degraded, waitingToRevoke, openJournals,
  })
  const row = (name: string, text: string): void => output.line(`${output.style('dim', name.padEnd(11))} ${text}`)
  row('Server', settings.server)
  if (who) {
    row('Signed in', `${plain(seller ?? who.subject)}, since ${moment(who.startedAt)}`)
    row('Session', standing === undefined ? '' : confirmed[standing])
    row('An end is', `known within ${duration(detection.withinMs)} (${ways[detection.via]}); without any answer nothing is sent after ${duration(detection.lease.default.withinMs)}`)
  } else row('Signed in', state.status === 'signed-out' && state.end ? `nobody, since ${moment(state.end.at)}` : 'nobody')
  if (unfinished.length > 0) row('Unfinished', `${count(unfinished.length, 'upload')} of ${plain(seller ?? '')}`)
  for (const { name, bytesSent, bytesTotal, isThere } of unfinished) {
    const sent = bytesSent === undefined ? `${size(bytesTotal)}; being sent, or the server did not say how far it is` : `${size(bytesSent)} of ${size(bytesTotal)}`
    row('', `${plain(name)}  ${sent}${isThere ? '' : '; the file was moved or changed'}`)
  }
  row('Kept in', persistent ? 'an encrypted file, its key in the keychain of this system' : 'memory only: it is over when the program ends')
  for (const lack of degraded) row('Missing', lack)
  if (openJournals > 0) row('Purge', 'not finished yet; each start tries again')
  if (waitingToRevoke > 0) row('Server', 'must still be told of a sign-out')
  return who ? exitCode.done : exitCode.signedOut
}
