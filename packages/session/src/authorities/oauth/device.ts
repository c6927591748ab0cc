/** A sign-in on any other device, by a code that is shown here (RFC 8628); loaded only when it is asked for. */
import {
  None, allowInsecureRequests, customFetch, deviceAuthorizationRequest, deviceCodeGrantRequest, generateRandomState, processDeviceAuthorizationResponse,
  processDeviceCodeResponse, type DeviceAuthorizationResponse,
} from 'oauth4webapi'
import { SessionError } from '../../errors.ts'
import type { Answer, Grant, SignInOptions } from '../../authority.ts'
import { deadline, pause } from '../../time.ts'
import { failed, readGrant, type Means } from './grant.ts'
import { isSecureAddress } from './options.ts'
import type { Server } from './server.ts'
import { wanted } from './sign-in.ts'
import { isLoopback, readOrFail, sendForm } from './token-endpoint.ts'

const answerMs = 10_000
/** RFC 8628 section 3.5: where the server names no interval, and what `slow_down` adds to it. */
const defaultIntervalMs = 5_000
/** A server that is out of reach is asked less and less often, but not more rarely than this. */
const rarestMs = 60_000
/** The answers of RFC 8628 section 3.5; several servers give them under another status than 400. */
const polling: ReadonlySet<string> = new Set(['authorization_pending', 'slow_down', 'access_denied', 'expired_token'])

type Wish = SignInOptions & Required<Pick<SignInOptions, 'signal' | 'device'>>

/** Has the code shown, and asks the server until the person has decided. */
export async function signInByDevice(means: Means, server: Server, wish: Wish, again: boolean): Promise<Grant> {
  const { io } = means
  const code = await begin(means, server, wish, again)
  const lifetimeMs = code.expires_in * 1000
  const since = io.clock.monotonic()
  wish.device({
    userCode: code.user_code,
    verificationUri: code.verification_uri,
    ...(code.verification_uri_complete !== undefined && isAddress(code.verification_uri_complete) && { verificationUriComplete: code.verification_uri_complete }),
    expiresAt: io.clock.now() + lifetimeMs,
  })

  const keys = server.dpop ? await io.keys.pair() : undefined
  let intervalMs = code.interval === undefined ? defaultIntervalMs : code.interval * 1000
  for (let failures = 0, atLeastMs = 0; ;) {
    await pause(io.clock, Math.max(atLeastMs, Math.min(intervalMs * 2 ** failures, Math.max(intervalMs, rarestMs))), wish.signal)
    wish.signal.throwIfAborted()
    if (io.clock.monotonic() - since >= lifetimeMs) throw failed('expired_token')
    const { response, answer } = await ask(means, server, code.device_code, keys, wish.signal)
    wish.signal.throwIfAborted()
    if (response && bodyOf(answer)['access_token'] !== undefined) {
      return readGrant(means, response, { keys, name: generateRandomState(), check: (judge, checked) => processDeviceCodeResponse(server.metadata, judge, checked) })
    }
    const word = wordOf(answer)
    failures = word === undefined ? failures + 1 : 0
    atLeastMs = 'retryAfterMs' in answer ? (answer.retryAfterMs ?? 0) : 0
    if (word === 'slow_down') intervalMs += defaultIntervalMs
    else if (word !== undefined && word !== 'authorization_pending') throw failed(word)
  }
}

/** Asks for a code. */
async function begin({ options, io, proofs, client }: Means, server: Server, wish: Wish, again: boolean): Promise<DeviceAuthorizationResponse> {
  const { device_authorization_endpoint: address } = server.metadata
  if (address === undefined || !isAddress(address)) throw new SessionError('misconfigured', { error: 'no_device_authorization_endpoint' })
  const { signal, done } = deadline(io.clock, answerMs, wish.signal)
  try {
    const response = await sendForm(io, proofs, {
      signal,
      request: (send) =>
        deviceAuthorizationRequest(server.metadata, client, None(), { ...wanted(options, again), ...options.params, ...wish.params }, {
          [customFetch]: send, [allowInsecureRequests]: isLoopback(server),
        }),
    }).catch(() => undefined)
    wish.signal.throwIfAborted()
    if (!response) throw new SessionError('unreachable', {})
    if (response.status !== 200) {
      const word = wordOf(await readOrFail('token', response))
      throw word === undefined ? new SessionError('unreachable', {}) : failed(word)
    }
    const code = await processDeviceAuthorizationResponse(server.metadata, client, response).catch(() => undefined)
    if (!code || !isAddress(code.verification_uri)) throw failed('invalid_response')
    return code
  } finally {
    done()
  }
}

/** Asks once. */
async function ask({ io, proofs, client }: Means, server: Server, deviceCode: string, keys: CryptoKeyPair | undefined, given: AbortSignal): Promise<{ response?: Response; answer: Answer }> {
  const { signal, done } = deadline(io.clock, answerMs, given)
  try {
    const response = await sendForm(io, proofs, {
      ...(keys && { keys }),
      signal,
      request: (send) =>
        deviceCodeGrantRequest(server.metadata, client, None(), deviceCode, { [customFetch]: send, [allowInsecureRequests]: isLoopback(server) }),
    })
    return { response, answer: await readOrFail('token', response.clone()) }
  } catch {
    return { answer: { from: 'token', failed: 'network' } }
  } finally {
    done()
  }
}

/** The error a server names. Who stands before it, such as a proxy or a portal, names others and under any status. */
function wordOf(answer: Answer): string | undefined {
  const { error } = bodyOf(answer)
  if (typeof error !== 'string' || !('status' in answer)) return undefined
  return polling.has(error) || answer.status === 400 || answer.status === 401 ? error : undefined
}

function bodyOf(answer: Answer): Readonly<Record<string, unknown>> {
  return 'body' in answer && typeof answer.body === 'object' && answer.body !== null ? (answer.body as Record<string, unknown>) : {}
}

function isAddress(value: string): boolean {
  return URL.canParse(value) && isSecureAddress(new URL(value))
}
