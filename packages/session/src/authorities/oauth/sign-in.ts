/** Authorization code with PKCE (RFC 6749, RFC 7636, RFC 9207): what is asked for and what is made of the answer; loaded only when somebody signs in. */
import {
  None, allowInsecureRequests, authorizationCodeGrantRequest, calculatePKCECodeChallenge, customFetch, expectNoNonce, generateRandomCodeVerifier,
  generateRandomNonce, generateRandomState, processAuthorizationCodeResponse, validateAuthResponse,
} from 'oauth4webapi'
import { SessionError } from '../../errors.ts'
import type { AuthorityPorts, Grant, SignInOptions } from '../../authority.ts'
import { unlessAborted } from '../../time.ts'
import { failed, readGrant, type Means } from './grant.ts'
import { isSecureAddress, type OAuthOptions } from './options.ts'
import type { Server } from './server.ts'
import { isLoopback, sendForm } from './token-endpoint.ts'

/** What must be remembered between asking the server and its answer; never leaves this context. */
export interface Flow {
  readonly state: string
  readonly verifier: string
  readonly nonce?: string
  readonly returnTo?: string
}

const noteName = 'sign-in'
/** A person may go back to an older form of the provider; what is older still was left for good. */
const keptFlows = 5

const answerParameters = ['code', 'state', 'iss', 'session_state', 'error', 'error_description', 'error_uri'] as const

/** What is asked for, and how the person is asked; with `again`, for the password even where the server knows the person. */
export function wanted(options: OAuthOptions, again: boolean): { readonly scope: string; readonly prompt?: string } {
  const scope = options.scope ?? 'openid'
  // OpenID Connect Core, section 11: a refresh token beyond the server's own session needs the person's consent.
  const prompt = [...(again ? ['login'] : []), ...(scope.split(' ').includes('offline_access') ? ['consent'] : [])].join(' ')
  return { scope, ...(prompt !== '' && { prompt }) }
}

/** Writes the authorization request, and what its answer will be held against. */
export async function authorize(
  options: OAuthOptions,
  server: Server,
  wish: SignInOptions,
  input: { readonly again: boolean; readonly state: string; readonly redirectUri: string },
): Promise<{ readonly url: URL; readonly flow: Flow }> {
  const { authorization_endpoint: address } = server.metadata
  if (address === undefined || !URL.canParse(address) || !isSecureAddress(new URL(address))) throw new SessionError('misconfigured', { error: 'no_authorization_endpoint' })
  const { scope, prompt } = wanted(options, input.again)
  const verifier = generateRandomCodeVerifier()
  const nonce = scope.split(' ').includes('openid') ? generateRandomNonce() : undefined
  const url = new URL(address)
  const parameters: Record<string, string> = {
    response_type: 'code', client_id: options.clientId, redirect_uri: input.redirectUri, scope, state: input.state,
    code_challenge: await calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    ...(nonce !== undefined && { nonce }), ...(prompt !== undefined && { prompt }), ...options.params, ...wish.params,
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return { url, flow: { state: input.state, verifier, ...(nonce !== undefined && { nonce }) } }
}

/** Redeems what the server sent the person back with; rejects with {@link SessionError} `sign-in-failed` or `unreachable`, or with the reason of the signal. */
export async function redeem(
  means: Means,
  find: () => Promise<Server>,
  flow: Flow,
  input: { readonly answer: URLSearchParams; readonly redirectUri: string; readonly signal: AbortSignal },
): Promise<Grant> {
  const { io, proofs, client } = means
  const error = input.answer.get('error')
  if (error !== null) throw failed(error)
  const server = await unlessAborted(find(), input.signal)
  const keys = server.dpop ? await io.keys.pair() : undefined
  try {
    const parameters = validateAuthResponse(server.metadata, client, input.answer, flow.state)
    const response = await sendForm(io, proofs, {
      ...(keys && { keys }),
      signal: input.signal,
      request: (send) =>
        authorizationCodeGrantRequest(server.metadata, client, None(), parameters, input.redirectUri, flow.verifier, {
          [customFetch]: send, [allowInsecureRequests]: isLoopback(server),
        }),
    })
    return await readGrant(means, response, {
      keys, name: flow.state,
      check: (judge, checked) => processAuthorizationCodeResponse(server.metadata, judge, checked, { expectedNonce: flow.nonce ?? expectNoNonce }),
    })
  } catch {
    // The library's errors carry the response, tokens included; none of it may travel on.
    throw failed('invalid_response')
  }
}

/** Leaves the page for the server. */
export async function leave({ options, io }: Means, server: Server, wish: SignInOptions, again: boolean): Promise<void> {
  const { url, flow } = await authorize(options, server, wish, { again, state: generateRandomState(), redirectUri: options.redirectUri })
  const here = io.address.current()
  const returnTo = wish.returnTo ?? (here && here.pathname + here.search + here.hash)
  wish.signal?.throwIfAborted()
  keep(io, [...takeFlows(io), { ...flow, ...(returnTo !== undefined && { returnTo }) }].slice(-keptFlows))
  await io.address.go(url)
}

/** Finishes a sign-in whose `state` this tab knows; the address is cleaned first, so that a reload sends nothing twice. */
export async function comeBack(means: Means, find: () => Promise<Server>, signal: AbortSignal): Promise<{ grant: Grant; returnTo?: string } | undefined> {
  const { options, io } = means
  const here = io.address.current()
  const state = here?.searchParams.get('state')
  if (!here || !state || !(here.searchParams.has('code') || here.searchParams.has('error'))) return undefined
  const flows = takeFlows(io)
  const flow = flows.find((candidate) => candidate.state === state)
  keep(io, flows.filter((candidate) => candidate !== flow))
  if (!flow) return undefined
  const answer = new URLSearchParams(here.search)
  const clean = new URL(here)
  for (const name of answerParameters) clean.searchParams.delete(name)
  io.address.replace(clean)
  const grant = await redeem(means, find, flow, { answer, redirectUri: options.redirectUri, signal })
  return { grant, ...pathHere(flow.returnTo, here) }
}

/** Only a path of this origin is handed out: `//elsewhere` and `javascript:` are addresses too. */
function pathHere(returnTo: string | undefined, here: URL): { returnTo?: string } {
  if (returnTo === undefined || !URL.canParse(returnTo, here)) return {}
  const back = new URL(returnTo, here)
  return back.origin === here.origin ? { returnTo: back.pathname.replace(/^\/+/, '/') + back.search + back.hash } : {}
}

/** The sign-ins this tab left for and did not come back from; what cannot be read is none. */
function takeFlows(io: AuthorityPorts): readonly Flow[] {
  try {
    const kept: unknown = JSON.parse(io.flows.take(noteName) ?? '[]')
    return Array.isArray(kept) ? (kept as Flow[]) : []
  } catch {
    return []
  }
}

function keep(io: AuthorityPorts, flows: readonly Flow[]): void {
  if (flows.length > 0) io.flows.put(noteName, JSON.stringify(flows))
}
